import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  createServiceAccount,
  deleteServiceAccount,
  disableServiceAccount,
  enableServiceAccount,
  ServiceAccountCreated,
  type ServiceAccountCommand,
} from '#commands/iam/service-account';
import { projectIn } from '#commands/tenant';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { projectContents, projectKind } from '#aggregates/iam/project';
import { ownedByProject, projectAbsent } from '#aggregates/owners';

type Empty = Readonly<Record<string, never>>;

export interface ServiceAccount {
  readonly project: string;
  readonly description?: string;
  readonly disabled: boolean;
}

export const serviceAccountKind = kind<ServiceAccount>('service-account');

export type ServiceAccountEvent =
  | { readonly kind: 'service-account.created'; readonly body: TypeOf<typeof ServiceAccountCreated> }
  | { readonly kind: 'service-account.disabled'; readonly body: Empty }
  | { readonly kind: 'service-account.enabled'; readonly body: Empty }
  | { readonly kind: 'service-account.deleted'; readonly body: Empty };

const rejections = {
  ...projectAbsent,
  'service-account.absent': {
    category: 'absent',
    summary: 'There is no such service account.',
    fix: 'Create the service account first, or correct its id.',
  },
  'service-account.exists': {
    category: 'conflict',
    summary: 'A service account of this id exists with another description.',
    fix: 'Choose another id.',
  },
} as const;

export const serviceAccount: Aggregate<
  ServiceAccount,
  ServiceAccountCommand,
  ServiceAccountEvent,
  keyof typeof rejections
> = {
  kind: serviceAccountKind,
  summary: 'Who a program is when it asks.',
  commands: [createServiceAccount, disableServiceAccount, enableServiceAccount, deleteServiceAccount],
  events: {
    'service-account.created': ServiceAccountCreated,
    'service-account.disabled': object({}),
    'service-account.enabled': object({}),
    'service-account.deleted': object({}),
  },
  rejections,
  indexes: { [projectContents.serviceAccounts]: (state) => [state.project] },
  owners: ownedByProject,

  decide(state, command, facts) {
    if (command.kind === 'service-account.create') {
      if (state !== undefined) {
        return state.description === command.body.description ? accept() : reject('service-account.exists');
      }
      const project = projectIn(command.id);
      if (facts.get(projectKind, project) === undefined) return reject('project.absent', { project });
      return accept({ kind: 'service-account.created', body: { project, ...command.body } });
    }
    if (state === undefined) return reject('service-account.absent');
    switch (command.kind) {
      case 'service-account.disable':
        return state.disabled ? accept() : accept({ kind: 'service-account.disabled', body: {} });
      case 'service-account.enable':
        return state.disabled ? accept({ kind: 'service-account.enabled', body: {} }) : accept();
      case 'service-account.delete':
        return accept({ kind: 'service-account.deleted', body: {} });
    }
  },

  evolve(state, event) {
    if (event.kind === 'service-account.created') return { ...event.body, disabled: false };
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'service-account.disabled':
        return { ...state, disabled: true };
      case 'service-account.enabled':
        return { ...state, disabled: false };
      case 'service-account.deleted':
        return undefined;
    }
  },
};
