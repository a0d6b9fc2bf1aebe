import { list, object, optional } from '#commands/codec/object';
import { boolean, id, text, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Sealed } from '#commands/iam/material';
import { view } from '#commands/view';

const SigningKeysId = id('signing-key', {
  summary: 'Whose tokens are signed: `cluster`.',
  pattern: 'cluster',
  maxLength: 7,
  example: 'cluster',
});

/** Keys whose tokens may be valid at one time, the one that signs included. */
export const maxSigningKeys = 5;

const KeyId = text('key id', {
  summary: 'Names a key in the header of a token.',
  pattern: '[0-9a-f]{32}',
  minLength: 32,
  maxLength: 32,
  example: 'c0ffee00c0ffee00c0ffee00c0ffee00',
});

/** What everybody may know of a key. */
const open = {
  keyId: KeyId,
  publicKey: text('public key', {
    summary: 'The Ed25519 key that verifies, in base64url (`x` of RFC 8037).',
    pattern: '[A-Za-z0-9_-]{43}',
    minLength: 43,
    maxLength: 43,
    example: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  }),
};

export const addSigningKey = command('signing-key', 'add', {
  summary: 'Sign tokens with a new key that the process has made.',
  id: SigningKeysId,
  internal: true,
  body: { ...open, sealedKey: Sealed },
  examples: [
    {
      title: 'The first key.',
      id: 'cluster',
      body: {
        keyId: 'c0ffee00c0ffee00c0ffee00c0ffee00',
        publicKey: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
        sealedKey: 'sealed:v1:5f2d1c9a7b3e4860:bm9uY2Vub25jZW5v:Y2lwaGVydGV4dGFuZHRhZ29mMTY',
      },
    },
  ],
});

export const rotateSigningKey = command('signing-key', 'rotate', {
  summary: 'Have a new key made for tokens. Those that the former one has signed stay valid until they end.',
  id: SigningKeysId,
  body: {},
  examples: [{ title: 'Sign with a new key from now on.', id: 'cluster', body: {} }],
});

export const retireSigningKey = command('signing-key', 'retire', {
  summary: 'Refuse at once every token that a former key has signed.',
  id: SigningKeysId,
  body: { keyId: KeyId },
  cli: { positional: ['keyId'] },
  examples: [{ title: 'A key that leaked.', id: 'cluster', body: { keyId: 'c0ffee00c0ffee00c0ffee00c0ffee00' } }],
});

export const dropSigningKeys = command('signing-key', 'drop', {
  summary: 'Forget former keys whose tokens have all ended.',
  id: SigningKeysId,
  internal: true,
  body: {},
});

export const SigningKeysDropped = object({
  keyIds: list(KeyId, { summary: 'The keys that are gone.', maxItems: maxSigningKeys }),
});

export type SigningKeyCommand = CommandOf<
  typeof addSigningKey | typeof rotateSigningKey | typeof retireSigningKey | typeof dropSigningKeys
>;

export const signingKeys = view('signing-key', {
  summary: 'The keys that sign and verify tokens, without their private parts.',
  id: SigningKeysId,
  row: object({
    id: SigningKeysId,
    current: KeyId,
    rotationRequested: boolean('rotation requested', { summary: 'A new key is being made.' }),
    keys: list(
      object({
        ...open,
        addedAt: time('time added', { summary: 'From when on it signs.' }),
        formerAt: optional(time('time replaced', { summary: 'When another one began to sign.' })),
      }),
      { summary: 'The one that signs first.', maxItems: maxSigningKeys },
    ),
  }),
  columns: [
    { title: 'SIGNING KEYS', path: 'id' },
    { title: 'SIGNS', path: 'current' },
    { title: 'ROTATING', path: 'rotationRequested' },
  ],
});
