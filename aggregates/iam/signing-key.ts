import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  addSigningKey,
  dropSigningKeys,
  maxSigningKeys,
  retireSigningKey,
  rotateSigningKey,
  SigningKeysDropped,
  type SigningKeyCommand,
} from '#commands/iam/signing-key';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';

export type SigningMaterial = TypeOf<typeof addSigningKey.body>;

interface Key extends SigningMaterial {
  readonly addedMs: number;
  /** Since when another one signs. */
  readonly formerMs?: number;
}

export interface SigningKeys {
  /** The one that signs first, then those whose tokens may still be valid. */
  readonly keys: readonly Key[];
  /** The process is to make a new key. */
  readonly rotationRequested: boolean;
}

export const signingKeyKind = kind<SigningKeys>('signing-key');

/** The id of the one there is. */
export const clusterSigning = 'cluster';

/** How long a token is valid. */
export const tokenSeconds = 600;

/** Longer than any token, so that none ends by a rotation. */
const overlapMs = (tokenSeconds + 300) * 1_000;

export type SigningKeyEvent =
  | { readonly kind: 'signing-key.added'; readonly body: SigningMaterial }
  | { readonly kind: 'signing-key.rotationRequested'; readonly body: Readonly<Record<string, never>> }
  | { readonly kind: 'signing-key.dropped'; readonly body: TypeOf<typeof SigningKeysDropped> };

const rejections = {
  'signing-key.absent': {
    category: 'absent',
    summary: 'There is no such signing key.',
    fix: 'See which there are with `signing-key get cluster`; the first is made with the first token.',
  },
  'signing-key.crowded': {
    category: 'exhausted',
    summary: 'Tokens of as many former keys are valid as may be.',
    fix: 'Wait a quarter of an hour until the tokens of one have ended, or retire one.',
  },
  'signing-key.current': {
    category: 'conflict',
    summary: 'This is the key that signs now.',
    fix: 'Have a new key made with `signing-key rotate cluster` first.',
  },
  'signing-key.settled': {
    category: 'conflict',
    summary: 'No new key was asked for.',
    fix: 'Ask for one with `signing-key rotate cluster`.',
  },
} as const;

export const signingKey: Aggregate<SigningKeys, SigningKeyCommand, SigningKeyEvent, keyof typeof rejections> = {
  kind: signingKeyKind,
  summary: 'The keys that tokens are signed with.',
  commands: [addSigningKey, rotateSigningKey, retireSigningKey, dropSigningKeys],
  events: {
    'signing-key.added': addSigningKey.body,
    'signing-key.rotationRequested': object({}),
    'signing-key.dropped': SigningKeysDropped,
  },
  rejections,
  due: ({ keys }) => {
    const replaced = keys.flatMap(({ formerMs }) => (formerMs === undefined ? [] : [formerMs + overlapMs]));
    return replaced.length === 0 ? undefined : Math.min(...replaced);
  },
  onDue: dropSigningKeys.kind,

  decide(state, command, _facts, { now }) {
    switch (command.kind) {
      case 'signing-key.add':
        if (state === undefined) return accept({ kind: 'signing-key.added', body: command.body });
        if (isSame(state.keys[0], command.body)) return accept();
        // Of several processes that have made keys the first is heard.
        return state.rotationRequested
          ? accept({ kind: 'signing-key.added', body: command.body })
          : reject('signing-key.settled');
      case 'signing-key.rotate':
        if (state === undefined) return reject('signing-key.absent');
        if (state.rotationRequested) return accept();
        return state.keys.length >= maxSigningKeys
          ? reject('signing-key.crowded', { keys: state.keys.length })
          : accept({ kind: 'signing-key.rotationRequested', body: {} });
      case 'signing-key.retire': {
        const { keyId } = command.body;
        if (state?.keys[0]?.keyId === keyId) return reject('signing-key.current');
        return state?.keys.some((key) => key.keyId === keyId) === true
          ? accept({ kind: 'signing-key.dropped', body: { keyIds: [keyId] } })
          : reject('signing-key.absent', { keyId });
      }
      case 'signing-key.drop': {
        const over = (state?.keys ?? []).filter(({ formerMs = Infinity }) => formerMs + overlapMs <= now);
        if (over.length === 0) return accept();
        return accept({ kind: 'signing-key.dropped', body: { keyIds: over.map(({ keyId }) => keyId) } });
      }
    }
  },

  evolve(state, event, { now }) {
    if (event.kind === 'signing-key.added') {
      const former = (state?.keys ?? []).map((key) => (key.formerMs === undefined ? { ...key, formerMs: now } : key));
      return { keys: [{ ...event.body, addedMs: now }, ...former], rotationRequested: false };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'signing-key.rotationRequested':
        return { ...state, rotationRequested: true };
      case 'signing-key.dropped':
        return { ...state, keys: state.keys.filter(({ keyId }) => !event.body.keyIds.includes(keyId)) };
    }
  },
};

const isSame = (one: SigningMaterial | undefined, other: SigningMaterial): boolean =>
  one?.keyId === other.keyId && one.publicKey === other.publicKey && one.sealedKey === other.sealedKey;
