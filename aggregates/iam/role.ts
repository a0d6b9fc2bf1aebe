import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import { suggest } from '#commands/codec/suggest';
import { organisationIn } from '#commands/iam/name';
import { createRole, deleteRole, RoleCreated, RolePermits, updateRole, type RoleCommand } from '#commands/iam/role';
import { ownerIn } from '#commands/tenant';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { bindingsByRole } from '#aggregates/iam/binding-state';
import { builtinRoles } from '#aggregates/iam/builtin-roles';
import { ceilingOf, escalation } from '#aggregates/iam/ceiling';
import { contents, organisationAbsent, organisationKind } from '#aggregates/iam/organisation';
import { ownedByOrganisation } from '#aggregates/iam/owners';
import { permitsOf } from '#aggregates/iam/permits';
import { same } from '#aggregates/same';
import type { Words } from '#aggregates/iam/words';

type Permitted = TypeOf<typeof RolePermits>;

export interface Role extends Permitted {
  /** Absent: it is the cluster's. */
  readonly organisation?: string;
}

export const roleKind = kind<Role>('role');

export type RoleEvent =
  | { readonly kind: 'role.created'; readonly body: TypeOf<typeof RoleCreated> }
  | { readonly kind: 'role.updated'; readonly body: Permitted }
  | { readonly kind: 'role.deleted'; readonly body: Readonly<Record<string, never>> };

const rejections = {
  ...escalation,
  ...organisationAbsent,
  'role.absent': {
    category: 'absent',
    summary: 'There is no such role.',
    fix: 'Create the role first, or name one that is built in.',
  },
  'role.builtin': {
    category: 'conflict',
    summary: 'A role of this name is built in.',
    fix: 'Choose another name.',
  },
  'role.exists': {
    category: 'conflict',
    summary: 'A role of this name exists with other permissions.',
    fix: 'Choose another name, or update the role.',
  },
  'role.inUse': {
    category: 'conflict',
    summary: 'The role is bound.',
    fix: 'Delete the bindings that name it first.',
  },
  'role.permissionUnknown': {
    category: 'invalid',
    summary: 'There is no such permission.',
    fix: 'List what there is with `ultracloud iam permissions`.',
  },
} as const;

export const roleOf = (words: Words): Aggregate<Role, RoleCommand, RoleEvent, keyof typeof rejections> => ({
  kind: roleKind,
  summary: 'A set of permissions with a name.',
  commands: [createRole, updateRole, deleteRole],
  events: { 'role.created': RoleCreated, 'role.updated': RolePermits, 'role.deleted': object({}) },
  rejections,
  indexes: { [contents.roles]: (state) => (state.organisation === undefined ? [] : [state.organisation]) },
  owners: ownedByOrganisation,

  decide(state, command, facts, moment) {
    if (command.kind === 'role.delete') {
      if (state === undefined) return reject('role.absent');
      const bindings = facts.count(bindingsByRole, command.id);
      return bindings > 0 ? reject('role.inUse', { bindings }) : accept({ kind: 'role.deleted', body: {} });
    }
    const body = { ...command.body, permissions: [...new Set(command.body.permissions)].sort() };
    if (command.kind === 'role.create') {
      if (Object.hasOwn(builtinRoles, command.id)) return reject('role.builtin');
      if (state !== undefined) return same(withoutOwner(state), body) ? accept() : reject('role.exists');
    } else if (state === undefined) return reject('role.absent');
    const unknown = body.permissions.find((pattern) => !isKnown(pattern, words.permissions()));
    if (unknown !== undefined) return permissionUnknown(unknown, words.permissions());
    const owners = ownedByOrganisation(command.id);
    const held = ceilingOf(facts, words, moment).permitted(permitsOf(body.permissions), { owners });
    if (isLeft(held)) return held;
    if (command.kind === 'role.update') {
      return state !== undefined && same(withoutOwner(state), body) ? accept() : accept({ kind: 'role.updated', body });
    }
    if (ownerIn(command.id) === undefined) return accept({ kind: 'role.created', body });
    const organisation = organisationIn(command.id);
    if (facts.get(organisationKind, organisation) === undefined) return reject('organisation.absent', { organisation });
    return accept({ kind: 'role.created', body: { organisation, ...body } });
  },

  evolve(state, event) {
    switch (event.kind) {
      case 'role.created':
        return event.body;
      case 'role.updated': {
        if (state === undefined) return impossible(event);
        return state.organisation === undefined ? event.body : { organisation: state.organisation, ...event.body };
      }
      case 'role.deleted':
        return undefined;
    }
  },
});

const withoutOwner = ({ organisation: _owner, ...permitted }: Role): Permitted => permitted;

/** Whether a pattern permits anything that there is. */
const isKnown = (pattern: string, permissions: readonly string[]): boolean => {
  if (pattern === '*') return true;
  if (pattern.endsWith('.*')) return permissions.some((permission) => permission.startsWith(pattern.slice(0, -1)));
  if (pattern.startsWith('*.')) return permissions.some((permission) => permission.endsWith(pattern.slice(1)));
  return permissions.includes(pattern);
};

const permissionUnknown = (permission: string, permissions: readonly string[]) => {
  const meant = suggest(permission, permissions);
  return reject('role.permissionUnknown', { permission, ...(meant === undefined ? {} : { meant }) });
};
