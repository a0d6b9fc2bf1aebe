import type { TypeOf } from '#commands/codec/codec';
import {
  addSecretKey,
  forgetSecretKey,
  maxSecretKeys,
  SecretKeysForgotten,
  type SecretKeyCommand,
} from '#commands/iam/secret-key';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';

interface Key {
  readonly key: string;
  readonly addedAt: number;
  readonly forgottenAt?: number;
}

/** The keys of one subject, by their ids. Those that were forgotten stay, so that no backup brings one back. */
export interface SecretKey {
  readonly keys: readonly Key[];
}

export const secretKeyKind = kind<SecretKey>('secret-key');

export type SecretKeyEvent =
  | { readonly kind: 'secret-key.added'; readonly body: TypeOf<typeof addSecretKey.body> }
  | { readonly kind: 'secret-key.forgotten'; readonly body: TypeOf<typeof SecretKeysForgotten> };

const rejections = {
  'secret-key.absent': {
    category: 'absent',
    summary: 'The subject never had such a key.',
    fix: 'List the secret keys to see which subjects have which.',
  },
  'secret-key.tooMany': {
    category: 'exhausted',
    summary: 'The subject has had as many keys as one may have.',
    fix: 'Go on with the keys that it has, or with a subject of another name.',
  },
} as const;

export const secretKey: Aggregate<SecretKey, SecretKeyCommand, SecretKeyEvent, keyof typeof rejections> = {
  kind: secretKeyKind,
  summary: 'Which keys the secrets of a subject are sealed with, by their ids.',
  commands: [addSecretKey, forgetSecretKey],
  events: { 'secret-key.added': addSecretKey.body, 'secret-key.forgotten': SecretKeysForgotten },
  rejections,

  decide(state, command) {
    const held = state?.keys ?? [];
    switch (command.kind) {
      case 'secret-key.add': {
        const { key } = command.body;
        // One that was forgotten stays so: a keyring that still has it erases it.
        if (held.some((each) => each.key === key)) return accept();
        if (held.length >= maxSecretKeys) return reject('secret-key.tooMany');
        return accept({ kind: 'secret-key.added', body: { key } });
      }
      case 'secret-key.forget': {
        if (state === undefined) return reject('secret-key.absent');
        const { keys: named } = command.body;
        const unknown = named?.find((name) => !held.some(({ key }) => key === name));
        if (unknown !== undefined) return reject('secret-key.absent', { key: unknown });
        const keys = held
          .filter(({ key, forgottenAt }) => forgottenAt === undefined && (named?.includes(key) ?? true))
          .map(({ key }) => key);
        return keys.length === 0 ? accept() : accept({ kind: 'secret-key.forgotten', body: { keys } });
      }
    }
  },

  evolve(state, event, { now }) {
    switch (event.kind) {
      case 'secret-key.added':
        return { keys: [...(state?.keys ?? []), { key: event.body.key, addedAt: now }] };
      case 'secret-key.forgotten': {
        if (state === undefined) return impossible(event);
        const forgotten = new Set(event.body.keys);
        return { keys: state.keys.map((each) => (forgotten.has(each.key) ? { ...each, forgottenAt: now } : each)) };
      }
    }
  },
};
