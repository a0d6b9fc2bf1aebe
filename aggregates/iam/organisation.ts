import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  createOrganisation,
  deleteOrganisation,
  OrganisationNamed,
  updateOrganisation,
  type OrganisationCommand,
} from '#commands/iam/organisation';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';

export interface Organisation {
  readonly displayName?: string;
}

export const organisationKind = kind<Organisation>('organisation');

type Named = TypeOf<typeof OrganisationNamed>;

export type OrganisationEvent =
  | { readonly kind: 'organisation.created'; readonly body: Named }
  | { readonly kind: 'organisation.updated'; readonly body: Named }
  | { readonly kind: 'organisation.deleted'; readonly body: Readonly<Record<string, never>> };

/** Indexes that list what belongs to an organisation, by its id. */
export const contents = {
  projects: 'project.by-organisation',
  users: 'user.by-organisation',
  groups: 'group.by-organisation',
  roles: 'role.by-organisation',
} as const;

export const organisationAbsent = {
  'organisation.absent': {
    category: 'absent',
    summary: 'There is no such organisation.',
    fix: 'Create the organisation first, or correct its id.',
  },
} as const;

const rejections = {
  ...organisationAbsent,
  'organisation.exists': {
    category: 'conflict',
    summary: 'An organisation of this id exists.',
    fix: 'Choose another id, or update the one that exists.',
  },
  'organisation.inUse': {
    category: 'conflict',
    summary: 'Something still belongs to the organisation.',
    fix: 'Delete what the detail counts first.',
  },
} as const;

export const organisation: Aggregate<Organisation, OrganisationCommand, OrganisationEvent, keyof typeof rejections> = {
  kind: organisationKind,
  summary: 'Projects and people under one owner.',
  commands: [createOrganisation, updateOrganisation, deleteOrganisation],
  events: {
    'organisation.created': OrganisationNamed,
    'organisation.updated': OrganisationNamed,
    'organisation.deleted': object({}),
  },
  rejections,

  decide(state, command, facts) {
    switch (command.kind) {
      case 'organisation.create':
        if (state === undefined) return accept({ kind: 'organisation.created', body: command.body });
        return state.displayName === command.body.displayName ? accept() : reject('organisation.exists');
      case 'organisation.update':
        if (state === undefined) return reject('organisation.absent');
        return state.displayName === command.body.displayName
          ? accept()
          : accept({ kind: 'organisation.updated', body: command.body });
      case 'organisation.delete': {
        if (state === undefined) return reject('organisation.absent');
        const used = usedBy(facts, command.id);
        return used === undefined
          ? accept({ kind: 'organisation.deleted', body: {} })
          : reject('organisation.inUse', used);
      }
    }
  },

  evolve(state, event) {
    switch (event.kind) {
      case 'organisation.created':
        return event.body;
      case 'organisation.updated':
        return state === undefined ? impossible(event) : event.body;
      case 'organisation.deleted':
        return undefined;
    }
  },
};

const usedBy = (facts: Facts, id: string): Readonly<Record<string, number>> | undefined => {
  const counts = Object.entries(contents)
    .map(([what, index]) => [what, facts.count(index, id)] as const)
    .filter(([, count]) => count > 0);
  return counts.length === 0 ? undefined : Object.fromEntries(counts);
};
