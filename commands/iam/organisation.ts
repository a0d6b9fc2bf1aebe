import { object, optional } from '#commands/codec/object';
import { integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { DisplayName, OrganisationId } from '#commands/iam/name';
import { view } from '#commands/view';

const named = { displayName: optional(DisplayName) };

export const createOrganisation = command('organisation', 'create', {
  summary: 'Create an organisation: projects and people under one owner.',
  id: OrganisationId,
  body: named,
  examples: [{ title: 'An organisation.', id: 'acme', body: { displayName: 'Acme' } }],
});

export const updateOrganisation = command('organisation', 'update', {
  summary: 'Change what an organisation is called.',
  id: OrganisationId,
  body: named,
  examples: [{ title: 'Another name.', id: 'acme', body: { displayName: 'Acme Corporation' } }],
});

export const deleteOrganisation = command('organisation', 'delete', {
  summary: 'Delete an organisation in which nothing is left.',
  id: OrganisationId,
  body: {},
});

export const OrganisationNamed = object(named);

export type OrganisationCommand = CommandOf<
  typeof createOrganisation | typeof updateOrganisation | typeof deleteOrganisation
>;

export const organisations = view('organisation', {
  summary: 'Organisations with what is in them.',
  id: OrganisationId,
  row: object({
    id: OrganisationId,
    ...named,
    projects: integer('projects', { summary: 'Projects in it.', unit: 'count' }),
    users: integer('users', { summary: 'Users of it.', unit: 'count' }),
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'ORGANISATION', path: 'id' },
    { title: 'NAME', path: 'displayName' },
    { title: 'PROJECTS', path: 'projects' },
    { title: 'USERS', path: 'users' },
  ],
});
