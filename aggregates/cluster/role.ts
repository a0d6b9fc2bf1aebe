import { acquireRole, type RoleCommand } from '#commands/cluster/cluster';
import type { Aggregate } from '#aggregates/aggregate';
import { accept } from '#aggregates/decision';
import { roleKind, type Role } from '#aggregates/role';

export type RoleEvent = { readonly kind: 'role.acquired'; readonly body: { readonly holder: string } };

export const role: Aggregate<Role, RoleCommand, RoleEvent, never> = {
  kind: roleKind,
  summary: 'Work that one process does for all, fenced by the position of its election.',
  commands: [acquireRole],
  events: { 'role.acquired': acquireRole.body },
  rejections: {},
  // The same holder asking again is a new tenure: its memory may be gone, so its old tokens must not count.
  decide: (_state, command) => accept({ kind: 'role.acquired', body: command.body }),
  evolve: (_state, event) => event.body,
};
