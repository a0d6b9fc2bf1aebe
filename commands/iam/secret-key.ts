import { list, object, optional } from '#commands/codec/object';
import { id, integer, text, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { view } from '#commands/view';

/** Of one subject, those included that were forgotten: each is remembered for ever. */
export const maxSecretKeys = 1_000;

const SecretKeyId = id('secret-key', {
  summary: 'The subject whose secrets are sealed, as in `user/alice`.',
  pattern: '[a-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){0,4}',
  maxLength: 255,
  example: 'user/alice',
});

const KeyId = text('key id', {
  summary: 'Names a key; its material is in no log and no view.',
  pattern: '[0-9a-f]{16}',
  minLength: 16,
  maxLength: 16,
  example: '5f2d1c9a7b3e4860',
});

const keys = list(KeyId, { summary: 'Keys of the subject.', minItems: 1, maxItems: maxSecretKeys });

export const addSecretKey = command('secret-key', 'add', {
  summary: 'Record that the keyring of a node has a key of a subject, so that a lost one is missed.',
  id: SecretKeyId,
  internal: true,
  body: { key: KeyId },
  examples: [{ title: 'The first key of a user.', id: 'user/alice', body: { key: '5f2d1c9a7b3e4860' } }],
});

export const forgetSecretKey = command('secret-key', 'forget', {
  summary: 'Erase the keys of a subject: what was sealed for it can never be read again, also in backups.',
  id: SecretKeyId,
  body: { keys: optional(keys) },
  examples: [
    { title: 'Everything that was sealed for a user.', id: 'user/alice', body: {} },
    { title: 'A key that is no longer used.', id: 'user/alice', body: { keys: ['5f2d1c9a7b3e4860'] } },
  ],
});

export const SecretKeysForgotten = object({ keys });

export type SecretKeyCommand = CommandOf<typeof addSecretKey | typeof forgetSecretKey>;

export const secretKeys = view('secret-key', {
  summary: 'Subjects whose secrets are sealed, with the ids of their keys; never a key.',
  id: SecretKeyId,
  row: object({
    id: SecretKeyId,
    newest: optional(KeyId),
    keys: list(
      object({
        key: KeyId,
        addedAt: time('time added', { summary: 'When the log first knew of it.' }),
        forgottenAt: optional(time('time forgotten', { summary: 'When it was erased.' })),
      }),
      { summary: 'In the order in which they were added.', maxItems: maxSecretKeys },
    ),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'SUBJECT', path: 'id' },
    { title: 'NEWEST KEY', path: 'newest' },
    { title: 'POSITION', path: 'modPosition' },
  ],
});
