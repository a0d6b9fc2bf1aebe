import { list, object, optional } from '#commands/codec/object';
import { integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Description, OrganisationId, PermissionPattern, RoleId } from '#commands/iam/name';
import { view } from '#commands/view';

const Permissions = list(PermissionPattern, {
  summary: 'What it permits; `iam permissions` lists what there is.',
  minItems: 1,
  maxItems: 200,
});

const about = { permissions: Permissions, description: optional(Description) };

export const createRole = command('role', 'create', {
  summary: 'Create a role: a set of permissions with a name. Nobody can give it more than they are allowed.',
  id: RoleId,
  body: about,
  examples: [
    { title: 'Who may restart.', id: 'acme/deployer', body: { permissions: ['key.read', 'key.put'] } },
    { title: 'For all organisations.', id: 'reader', body: { permissions: ['*.read'] } },
  ],
});

export const updateRole = command('role', 'update', {
  summary: 'Replace the permissions of a role, wherever it is bound, from this position on.',
  id: RoleId,
  body: about,
  examples: [{ title: 'Less.', id: 'acme/deployer', body: { permissions: ['key.read'] } }],
});

export const deleteRole = command('role', 'delete', {
  summary: 'Delete a role that is bound nowhere.',
  id: RoleId,
  body: {},
});

export type RoleCommand = CommandOf<typeof createRole | typeof updateRole | typeof deleteRole>;

export const RolePermits = object(about);
export const RoleCreated = object({ organisation: optional(OrganisationId), ...about });

export const roles = view('role', {
  summary: 'Roles that were made here; `iam roles` lists those that are built in too.',
  id: RoleId,
  row: object({
    id: RoleId,
    ...about,
    bindings: integer('bindings', { summary: 'Bindings that name it.', unit: 'count' }),
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'ROLE', path: 'id' },
    { title: 'PERMISSIONS', path: 'permissions' },
    { title: 'BINDINGS', path: 'bindings' },
    { title: 'DESCRIPTION', path: 'description', wide: true },
  ],
});
