import { isLeft, right } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  createUser,
  deleteUser,
  disableUser,
  enableUser,
  linkUser,
  maxLinks,
  unlinkUser,
  updateUser,
  UserUpdated,
  type UserCommand,
} from '#commands/iam/user';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { administratorBindings } from '#aggregates/iam/administrators';
import { bindingKind } from '#aggregates/iam/binding-state';
import { ceilingOf, escalation } from '#aggregates/iam/ceiling';
import { contents, organisationAbsent, organisationKind } from '#aggregates/iam/organisation';
import { same } from '#aggregates/same';
import type { Words } from '#aggregates/iam/words';

type Updated = TypeOf<typeof UserUpdated>;
type Empty = Readonly<Record<string, never>>;

export interface User extends Updated {
  readonly organisation: string;
  readonly disabled: boolean;
  /** Who it is at other issuers, by their URLs. */
  readonly outside?: Readonly<Record<string, string>>;
}

export const userKind = kind<User>('user');

export type UserEvent =
  | { readonly kind: 'user.created'; readonly body: TypeOf<typeof createUser.body> }
  | { readonly kind: 'user.updated'; readonly body: Updated }
  | { readonly kind: 'user.disabled'; readonly body: Empty }
  | { readonly kind: 'user.enabled'; readonly body: Empty }
  | { readonly kind: 'user.linked'; readonly body: TypeOf<typeof linkUser.body> }
  | { readonly kind: 'user.unlinked'; readonly body: TypeOf<typeof unlinkUser.body> }
  | { readonly kind: 'user.deleted'; readonly body: Empty };

export const userAbsent = {
  'user.absent': {
    category: 'absent',
    summary: 'There is no such user.',
    fix: 'Create the user first, or correct the name.',
  },
} as const;

export const usersByEmail = 'user.by-email';

export const usersByOutside = 'user.by-outside';

/** Issuers and subjects are told apart by a space, which no issuer has. */
export const outsideKey = (issuer: string, subject: string): string => `${issuer} ${subject}`;

const rejections = {
  ...escalation,
  ...userAbsent,
  ...organisationAbsent,
  'user.exists': {
    category: 'conflict',
    summary: 'A user of this name exists, perhaps in another organisation.',
    fix: 'Choose another name; names of users are unique in the cluster.',
  },
  'user.linkedOtherwise': {
    category: 'conflict',
    summary: 'The user is somebody else at this issuer.',
    fix: 'Where the same person has a new account there, forget the former one with `user unlink`.',
  },
  'user.linksFull': {
    category: 'exhausted',
    summary: 'The user is linked with as many issuers as may be.',
    fix: 'Forget one with `user unlink`.',
  },
  'user.subjectTaken': {
    category: 'conflict',
    summary: 'Another user is this subject of the issuer.',
    fix: 'Forget it there with `user unlink`.',
  },
  'user.lastAdministrator': {
    category: 'conflict',
    summary: 'The cluster would be left without an administrator.',
    fix: 'Bind the role owner to another user at the cluster first, without conditions.',
  },
} as const;

export const userOf = (words: Words): Aggregate<User, UserCommand, UserEvent, keyof typeof rejections> => ({
  kind: userKind,
  summary: 'A person who logs in.',
  commands: [createUser, updateUser, disableUser, enableUser, linkUser, unlinkUser, deleteUser],
  events: {
    'user.created': createUser.body,
    'user.updated': UserUpdated,
    'user.disabled': object({}),
    'user.enabled': object({}),
    'user.linked': linkUser.body,
    'user.unlinked': unlinkUser.body,
    'user.deleted': object({}),
  },
  rejections,
  indexes: {
    [contents.users]: (state) => [state.organisation],
    [usersByEmail]: (state) => (state.email === undefined ? [] : [state.email.toLowerCase()]),
    [usersByOutside]: ({ outside = {} }) => Object.entries(outside).map((link) => outsideKey(...link)),
  },

  owners(id, facts, body) {
    const created = (body as { readonly organisation?: string } | undefined)?.organisation;
    const organisation = facts.get(userKind, id)?.state.organisation ?? created;
    return organisation === undefined ? [] : [`organisation/${organisation}`];
  },

  decide(state, command, facts, moment) {
    if (command.kind === 'user.create') {
      const { organisation } = command.body;
      if (state !== undefined) {
        const { disabled: _disabled, outside: _outside, ...made } = state;
        return same(made, command.body) ? accept() : reject('user.exists');
      }
      if (facts.get(organisationKind, organisation) === undefined)
        return reject('organisation.absent', { organisation });
      return accept({ kind: 'user.created', body: command.body });
    }
    if (state === undefined) return reject('user.absent');
    switch (command.kind) {
      case 'user.update': {
        const { body } = command;
        if (same({ ...state, ...body }, state)) return accept();
        // Other issuers name a user by its address, and so whoever sets it says who may log in as that user.
        const isMoved = body.email !== undefined && body.email !== state.email;
        const held = isMoved ? ceilingOf(facts, words, moment).principal(`user/${command.id}`) : nothing;
        return isLeft(held) ? held : accept({ kind: 'user.updated', body });
      }
      case 'user.link': {
        const { issuer, subject } = command.body;
        const { outside = {} } = state;
        const known = Object.hasOwn(outside, issuer) ? outside[issuer] : undefined;
        if (known !== undefined) return known === subject ? accept() : reject('user.linkedOtherwise', { issuer });
        if (facts.count(usersByOutside, outsideKey(issuer, subject)) > 0)
          return reject('user.subjectTaken', { issuer });
        if (Object.keys(outside).length >= maxLinks) return reject('user.linksFull', { limit: maxLinks });
        return accept({ kind: 'user.linked', body: command.body });
      }
      case 'user.unlink': {
        const { issuer } = command.body;
        if (!Object.hasOwn(state.outside ?? {}, issuer)) return accept();
        const held = ceilingOf(facts, words, moment).principal(`user/${command.id}`);
        return isLeft(held) ? held : accept({ kind: 'user.unlinked', body: { issuer } });
      }
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
      case 'user.linked': {
        const { issuer, subject } = event.body;
        return { ...state, outside: { ...state.outside, [issuer]: subject } };
      }
      case 'user.unlinked': {
        const { outside = {}, ...others } = state;
        const left = Object.entries(outside).filter(([issuer]) => issuer !== event.body.issuer);
        return left.length === 0 ? others : { ...others, outside: Object.fromEntries(left) };
      }
      case 'user.deleted':
        return undefined;
    }
  },
});

const nothing = right(undefined);

/** Whether a user is an administrator, and nobody else is who can act. */
export const isLastAdministrator = (facts: Facts, id: string): boolean => {
  const found = administratorBindings(facts).map((binding) => facts.get(bindingKind, binding)?.state.subject);
  if (!found.includes(`user/${id}`)) return false;
  return !found.some((subject) => subject !== undefined && subject !== `user/${id}` && canAct(facts, subject));
};

const canAct = (facts: Facts, subject: string): boolean =>
  facts.get(userKind, subject.slice('user/'.length))?.state.disabled === false;
