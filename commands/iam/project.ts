import { map, object, optional } from '#commands/codec/object';
import { integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { DisplayName, OrganisationId } from '#commands/iam/name';
import { ProjectId } from '#commands/tenant';
import { view } from '#commands/view';

/** Words that bindings may ask for, such as `environment=production`. */
export const Labels = map(text('label', { summary: 'The value of a label.', maxLength: 63, example: 'production' }), {
  summary: 'Labels, which the conditions of bindings can ask for.',
  maxEntries: 32,
  key: text('label name', {
    summary: 'The name of a label.',
    pattern: '[a-z0-9](?:[a-z0-9./-]{0,61}[a-z0-9])?',
    minLength: 1,
    maxLength: 63,
    example: 'environment',
  }),
});

const about = { displayName: optional(DisplayName), labels: optional(Labels) };

export const createProject = command('project', 'create', {
  summary: 'Create a project in an organisation. Whatever tenants have belongs to one project.',
  id: ProjectId,
  body: { organisation: OrganisationId, ...about },
  examples: [
    { title: 'A project.', id: 'shop', body: { organisation: 'acme', labels: { environment: 'production' } } },
  ],
});

export const updateProject = command('project', 'update', {
  summary: 'Change the name or the labels of a project; what is left out stays.',
  id: ProjectId,
  body: about,
  examples: [{ title: 'Other labels.', id: 'shop', body: { labels: { environment: 'test' } } }],
});

export const deleteProject = command('project', 'delete', {
  summary: 'Delete a project in which nothing is left.',
  id: ProjectId,
  body: {},
});

export const ProjectUpdated = object(about);

export type ProjectCommand = CommandOf<typeof createProject | typeof updateProject | typeof deleteProject>;

export const projects = view('project', {
  summary: 'Projects, each of one organisation.',
  id: ProjectId,
  row: object({
    id: ProjectId,
    organisation: OrganisationId,
    ...about,
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'PROJECT', path: 'id' },
    { title: 'ORGANISATION', path: 'organisation' },
    { title: 'NAME', path: 'displayName' },
  ],
});
