import { object, optional } from '#commands/codec/object';
import { id, integer, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Digest, randomId } from '#commands/iam/material';
import { Description, ServiceAccountId } from '#commands/iam/name';
import { view } from '#commands/view';

const AccessKeyId = id('access-key', {
  summary: 'The id of an access key, made by the gateway; the secret is not in it.',
  pattern: randomId,
  minLength: 32,
  maxLength: 32,
  example: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
});

/** Keys that a service account may have at one time. */
export const maxAccessKeys = 20;

/** What a caller says of a key; the gateway makes the rest. */
export const accessKeyAbout = {
  description: optional(Description),
  expiresAt: optional(time('expiry', { summary: 'The key is deleted then.' })),
};

export const createAccessKey = command('access-key', 'create', {
  summary: 'Give a service account a key. The gateway makes it and shows it once; only its digest is kept.',
  id: AccessKeyId,
  stamped: true,
  body: { serviceAccount: ServiceAccountId, digest: Digest, ...accessKeyAbout },
  examples: [
    {
      title: 'For the build.',
      id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
      body: {
        serviceAccount: 'shop/ci',
        digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        description: 'Build server',
      },
    },
  ],
});

export const deleteAccessKey = command('access-key', 'delete', {
  summary: 'Delete a key: whoever shows it is refused from this position on, and with it every token got by it.',
  id: AccessKeyId,
  body: {},
  examples: [{ title: 'A key that leaked.', id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9', body: {} }],
});

export const endAccessKey = command('access-key', 'end', {
  summary: 'Remove a key whose time is over, or whose service account is gone.',
  id: AccessKeyId,
  internal: true,
  body: {},
});

export type AccessKeyCommand = CommandOf<typeof createAccessKey | typeof deleteAccessKey | typeof endAccessKey>;

export const accessKeys = view('access-key', {
  summary: 'Keys of service accounts, by their ids; never a secret.',
  id: AccessKeyId,
  row: object({
    id: AccessKeyId,
    serviceAccount: ServiceAccountId,
    ...accessKeyAbout,
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
  }),
  filters: { serviceAccount: optional(ServiceAccountId) },
  columns: [
    { title: 'ACCESS KEY', path: 'id' },
    { title: 'SERVICE ACCOUNT', path: 'serviceAccount' },
    { title: 'EXPIRES', path: 'expiresAt' },
    { title: 'DESCRIPTION', path: 'description' },
  ],
});
