import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  createAccessKey,
  deleteAccessKey,
  endAccessKey,
  maxAccessKeys,
  type AccessKeyCommand,
} from '#commands/iam/access-key';
import type { AnyCommand } from '#commands/command';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { ceilingOf, escalation } from '#aggregates/iam/ceiling';
import { principalOwners } from '#aggregates/iam/owners';
import { same } from '#aggregates/same';
import { serviceAccountKind } from '#aggregates/iam/service-account';
import type { Words } from '#aggregates/iam/words';

type Created = TypeOf<typeof createAccessKey.body>;

export interface AccessKey extends Omit<Created, 'expiresAt'> {
  readonly expiresMs?: number;
}

export const accessKeyKind = kind<AccessKey>('access-key');

export const accessKeysByAccount = 'access-key.by-account';

export type AccessKeyEvent =
  | { readonly kind: 'access-key.created'; readonly body: Created }
  | { readonly kind: 'access-key.deleted'; readonly body: Readonly<Record<string, never>> };

const rejections = {
  ...escalation,
  'access-key.absent': {
    category: 'absent',
    summary: 'There is no such access key.',
    fix: 'List the access keys to see what there is.',
  },
  'access-key.accountAbsent': {
    category: 'absent',
    summary: 'There is no such service account.',
    fix: 'Create the service account first, or correct its id.',
  },
  'access-key.ended': {
    category: 'invalid',
    summary: 'The key would never be valid.',
    fix: 'Give an expiry in the future, or none.',
  },
  'access-key.exists': {
    category: 'conflict',
    summary: 'An access key of this id exists.',
    fix: 'Ask for another key.',
  },
  'access-key.tooMany': {
    category: 'exhausted',
    summary: 'The service account has as many keys as it may have.',
    fix: 'Delete a key that is no longer used.',
  },
} as const;

const madeOf = ({ expiresAt, ...made }: Created): AccessKey =>
  expiresAt === undefined ? made : { ...made, expiresMs: expiresAt };

export const accessKeyOf = (
  words: Words,
): Aggregate<AccessKey, AccessKeyCommand, AccessKeyEvent, keyof typeof rejections> => ({
  kind: accessKeyKind,
  summary: 'What a program shows to be a service account.',
  commands: [createAccessKey, deleteAccessKey, endAccessKey],
  events: { 'access-key.created': createAccessKey.body, 'access-key.deleted': object({}) },
  rejections,
  indexes: { [accessKeysByAccount]: ({ serviceAccount }) => [serviceAccount] },
  due: ({ expiresMs }) => expiresMs,
  onDue: endAccessKey.kind,

  owners(id, facts, body) {
    const account = facts.get(accessKeyKind, id)?.state ?? (body as Partial<Created> | undefined);
    if (account?.serviceAccount === undefined) return [];
    return principalOwners(`service-account/${account.serviceAccount}`, facts);
  },

  decide(state, command, facts, moment) {
    if (command.kind === 'access-key.end') {
      return state === undefined ? accept() : accept({ kind: 'access-key.deleted', body: {} });
    }
    if (command.kind === 'access-key.delete') {
      return state === undefined ? reject('access-key.absent') : accept({ kind: 'access-key.deleted', body: {} });
    }
    const { serviceAccount, expiresAt } = command.body;
    if (state !== undefined) return same(state, madeOf(command.body)) ? accept() : reject('access-key.exists');
    if (facts.get(serviceAccountKind, serviceAccount) === undefined) {
      return reject('access-key.accountAbsent', { serviceAccount });
    }
    if (expiresAt !== undefined && expiresAt <= moment.now) return reject('access-key.ended');
    const keys = facts.count(accessKeysByAccount, serviceAccount);
    if (keys >= maxAccessKeys) return reject('access-key.tooMany', { keys });
    const held = ceilingOf(facts, words, moment).principal(`service-account/${serviceAccount}`);
    return isLeft(held) ? held : accept({ kind: 'access-key.created', body: command.body });
  },

  evolve: (_state, event) => (event.kind === 'access-key.created' ? madeOf(event.body) : undefined),
});

/** Removes the keys of an account that is gone. */
export const endAccessKeys = (facts: Facts, serviceAccount: string): readonly AnyCommand[] =>
  facts
    .index(accessKeysByAccount, { from: serviceAccount, to: `${serviceAccount}\0`, limit: maxAccessKeys })
    .map(({ id }) => ({ kind: endAccessKey.kind, id, body: {} }));
