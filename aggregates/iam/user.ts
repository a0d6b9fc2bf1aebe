import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  createUser,
  deleteUser,
  disableUser,
  enableUser,
  updateUser,
  UserUpdated,
  type UserCommand,
} from '#commands/iam/user';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { administratorBindings } from '#aggregates/iam/administrators';
import { bindingKind } from '#aggregates/iam/binding-state';
import { contents, organisationAbsent, organisationKind } from '#aggregates/iam/organisation';
import { same } from '#aggregates/iam/same';

type Updated = TypeOf<typeof UserUpdated>;
type Empty = Readonly<Record<string, never>>;

export interface User extends Updated {
  readonly organisation: string;
  readonly disabled: boolean;
}

export const userKind = kind<User>('user');

export type UserEvent =
  | { readonly kind: 'user.created'; readonly body: TypeOf<typeof createUser.body> }
  | { readonly kind: 'user.updated'; readonly body: Updated }
  | { readonly kind: 'user.disabled'; readonly body: Empty }
  | { readonly kind: 'user.enabled'; readonly body: Empty }
  | { readonly kind: 'user.deleted'; readonly body: Empty };

export const userAbsent = {
  'user.absent': {
    category: 'absent',
    summary: 'There is no such user.',
    fix: 'Create the user first, or correct the name.',
  },
} as const;

const rejections = {
  ...userAbsent,
  ...organisationAbsent,
  'user.exists': {
    category: 'conflict',
    summary: 'A user of this name exists, perhaps in another organisation.',
    fix: 'Choose another name; names of users are unique in the cluster.',
  },
  'user.lastAdministrator': {
    category: 'conflict',
    summary: 'The cluster would be left without an administrator.',
    fix: 'Bind the role owner to another user at the cluster first, without conditions.',
  },
} as const;

export const user: Aggregate<User, UserCommand, UserEvent, keyof typeof rejections> = {
  kind: userKind,
  summary: 'A person who logs in.',
  commands: [createUser, updateUser, disableUser, enableUser, deleteUser],
  events: {
    'user.created': createUser.body,
    'user.updated': UserUpdated,
    'user.disabled': object({}),
    'user.enabled': object({}),
    'user.deleted': object({}),
  },
  rejections,
  indexes: {
    [contents.users]: (state) => [state.organisation],
    'user.by-email': (state) => (state.email === undefined ? [] : [state.email.toLowerCase()]),
  },

  owners(id, facts, body) {
    const created = (body as { readonly organisation?: string } | undefined)?.organisation;
    const organisation = facts.get(userKind, id)?.state.organisation ?? created;
    return organisation === undefined ? [] : [`organisation/${organisation}`];
  },

  decide(state, command, facts) {
    if (command.kind === 'user.create') {
      const { organisation } = command.body;
      if (state !== undefined) {
        const { disabled: _now, ...made } = state;
        return same(made, command.body) ? accept() : reject('user.exists');
      }
      if (facts.get(organisationKind, organisation) === undefined)
        return reject('organisation.absent', { organisation });
      return accept({ kind: 'user.created', body: command.body });
    }
    if (state === undefined) return reject('user.absent');
    switch (command.kind) {
      case 'user.update':
        return same({ ...state, ...command.body }, state)
          ? accept()
          : accept({ kind: 'user.updated', body: command.body });
      case 'user.disable':
        if (state.disabled) return accept();
        return isLastAdministrator(facts, command.id)
          ? reject('user.lastAdministrator')
          : accept({ kind: 'user.disabled', body: {} });
      case 'user.enable':
        return state.disabled ? accept({ kind: 'user.enabled', body: {} }) : accept();
      case 'user.delete':
        return isLastAdministrator(facts, command.id)
          ? reject('user.lastAdministrator')
          : accept({ kind: 'user.deleted', body: {} });
    }
  },

  evolve(state, event) {
    if (event.kind === 'user.created') return { ...event.body, disabled: false };
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'user.updated':
        return { ...state, ...event.body };
      case 'user.disabled':
        return { ...state, disabled: true };
      case 'user.enabled':
        return { ...state, disabled: false };
      case 'user.deleted':
        return undefined;
    }
  },
};

/** Whether a user is an administrator, and nobody else is who can act. */
export const isLastAdministrator = (facts: Facts, id: string): boolean => {
  const found = administratorBindings(facts).map((binding) => facts.get(bindingKind, binding)?.state.subject);
  if (!found.includes(`user/${id}`)) return false;
  return !found.some((subject) => subject !== undefined && subject !== `user/${id}` && canAct(facts, subject));
};

const canAct = (facts: Facts, subject: string): boolean =>
  facts.get(userKind, subject.slice('user/'.length))?.state.disabled === false;
