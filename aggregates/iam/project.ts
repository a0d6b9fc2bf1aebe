import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  createProject,
  deleteProject,
  ProjectUpdated,
  updateProject,
  type ProjectCommand,
} from '#commands/iam/project';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { contents, organisationAbsent, organisationKind } from '#aggregates/iam/organisation';
import { same } from '#aggregates/same';
import { projectAbsent, projectInUse } from '#aggregates/owners';

type Updated = TypeOf<typeof ProjectUpdated>;

export interface Project extends Updated {
  readonly organisation: string;
}

export const projectKind = kind<Project>('project');

export type ProjectEvent =
  | { readonly kind: 'project.created'; readonly body: TypeOf<typeof createProject.body> }
  | { readonly kind: 'project.updated'; readonly body: Updated }
  | { readonly kind: 'project.deleted'; readonly body: Readonly<Record<string, never>> };

/** Indexes that list what belongs to a project, by its id. */
export const projectContents = { serviceAccounts: 'service-account.by-project' } as const;

const rejections = {
  ...projectAbsent,
  ...organisationAbsent,
  'project.exists': {
    category: 'conflict',
    summary: 'A project of this id exists, perhaps in another organisation.',
    fix: 'Choose another id; ids of projects are unique in the cluster.',
  },
  ...projectInUse,
} as const;

export const project: Aggregate<Project, ProjectCommand, ProjectEvent, keyof typeof rejections> = {
  kind: projectKind,
  summary: 'What one tenant has in one place.',
  commands: [createProject, updateProject, deleteProject],
  events: {
    'project.created': createProject.body,
    'project.updated': ProjectUpdated,
    'project.deleted': object({}),
  },
  rejections,
  indexes: { [contents.projects]: (state) => [state.organisation] },

  owners(id, facts, body) {
    const created = (body as { readonly organisation?: string } | undefined)?.organisation;
    const organisation = facts.get(projectKind, id)?.state.organisation ?? created;
    return organisation === undefined ? [] : [`organisation/${organisation}`];
  },

  decide(state, command, facts) {
    switch (command.kind) {
      case 'project.create': {
        const { organisation } = command.body;
        if (state !== undefined) return same(state, command.body) ? accept() : reject('project.exists');
        if (facts.get(organisationKind, organisation) === undefined)
          return reject('organisation.absent', { organisation });
        return accept({ kind: 'project.created', body: command.body });
      }
      case 'project.update':
        if (state === undefined) return reject('project.absent');
        return same({ ...state, ...command.body }, state)
          ? accept()
          : accept({ kind: 'project.updated', body: command.body });
      case 'project.delete': {
        if (state === undefined) return reject('project.absent');
        const serviceAccounts = facts.count(projectContents.serviceAccounts, command.id);
        if (serviceAccounts > 0) return reject('project.inUse', { serviceAccounts });
        return accept({ kind: 'project.deleted', body: {} });
      }
    }
  },

  evolve(state, event) {
    switch (event.kind) {
      case 'project.created':
        return event.body;
      case 'project.updated':
        return state === undefined ? impossible(event) : { ...state, ...event.body };
      case 'project.deleted':
        return undefined;
    }
  },
};
