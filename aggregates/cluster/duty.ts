import { acquireDuty, type DutyCommand } from '#commands/cluster/cluster';
import type { Aggregate } from '#aggregates/aggregate';
import { accept } from '#aggregates/decision';
import { dutyKind, type Duty } from '#aggregates/duty';

export type DutyEvent = { readonly kind: 'duty.acquired'; readonly body: { readonly holder: string } };

export const duty: Aggregate<Duty, DutyCommand, DutyEvent, never> = {
  kind: dutyKind,
  summary: 'Work that one process does for all, fenced by the position of its election.',
  commands: [acquireDuty],
  events: { 'duty.acquired': acquireDuty.body },
  rejections: {},
  // The same holder asking again is a new tenure: its memory may be gone, so its old tokens must not count.
  decide: (_state, command) => accept({ kind: 'duty.acquired', body: command.body }),
  evolve: (_state, event) => event.body,
};
