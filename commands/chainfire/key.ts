import { list, object, oneOf, optional } from '#commands/codec/object';
import { boolean, bytes, bytesId, choice, integer, json } from '#commands/codec/scalar';
import type { TypeOf } from '#commands/codec/codec';
import { LeaseId } from '#commands/chainfire/lease';
import { command, type CommandOf } from '#commands/command';
import { view } from '#commands/view';

export const maxKeyBytes = 1024;
/** What etcd takes as a whole request. */
export const maxValueBytes = 1.5 * 2 ** 20;

/** Operations of one transaction, as many as etcd allows. */
export const maxTxnOperations = 128;

const KeyId = bytesId('key', { summary: 'A key: any bytes, slashes included.', maxBytes: maxKeyBytes });

const RangeEnd = bytesId('range end', {
  summary: 'The end of a range, excluded; a single zero byte means every key from the first on.',
  maxBytes: maxKeyBytes + 1,
});

export const Value = bytes('value', { summary: 'What the key holds.', maxBytes: maxValueBytes });

const Position = (summary: string) => integer('position', { summary, unit: 'position' });

export const KeyRow = object({
  key: KeyId,
  value: Value,
  version: integer('version', { summary: 'Changes since the key was created, from 1.', unit: 'version' }),
  createPosition: Position('Where the key was created.'),
  modPosition: Position('Where the key was last changed.'),
  lease: optional(LeaseId),
});

export const putKey = command('key', 'put', {
  summary: 'Set a key.',
  id: KeyId,
  body: { value: Value, lease: optional(LeaseId) },
  cli: { words: ['kv', 'put'], positional: ['value'] },
  examples: [{ title: 'Set a key.', id: 'config/color', body: { value: 'blue' } }],
});

export const deleteKey = command('key', 'delete', {
  summary: 'Delete a key. A key that does not exist is no error.',
  id: KeyId,
  body: {},
  cli: { words: ['kv', 'delete'] },
  examples: [{ title: 'Delete a key.', id: 'config/color', body: {} }],
});

const Compare = object({
  key: KeyId,
  rangeEnd: optional(RangeEnd),
  target: choice('target', {
    summary: 'What of the key is compared. A key that does not exist has version, create and mod 0.',
    values: ['version', 'create', 'mod', 'value', 'lease'],
  }),
  op: choice('operator', { summary: 'How it is compared.', values: ['=', '!=', '<', '>'] }),
  value: optional(json('compared value', { summary: 'A number, or text for a value.', maxBytes: maxValueBytes })),
  bytes: optional(bytes('compared bytes', { summary: 'A value that is not text.', maxBytes: maxValueBytes })),
});

const Operation = oneOf({
  put: object({
    key: KeyId,
    value: Value,
    lease: optional(LeaseId),
    previous: optional(boolean('previous', { summary: 'Answer what the key held.' })),
    keepValue: optional(boolean('keep value', { summary: 'Leave the value as it is; the key must exist.' })),
    keepLease: optional(boolean('keep lease', { summary: 'Leave the lease as it is; the key must exist.' })),
  }),
  get: object({
    key: KeyId,
    rangeEnd: optional(RangeEnd),
    limit: optional(integer('limit', { summary: 'Keys at most.', unit: 'count', min: 1, max: 10_000 })),
  }),
  delete: object({
    key: KeyId,
    rangeEnd: optional(RangeEnd),
    previous: optional(boolean('previous', { summary: 'Answer what the keys held.' })),
  }),
});

const Operations = list(Operation, { summary: 'Carried out in order.', maxItems: maxTxnOperations });

const Items = list(KeyRow, { summary: 'Keys in byte order.', maxItems: 10_000 });
const Count = (summary: string) => integer('count', { summary, unit: 'count' });

export const txn = command('key', 'txn', {
  summary: 'Compare keys, then carry out one of two lists of operations, all or nothing.',
  id: undefined,
  composed: true,
  route: '/v1/txn',
  body: {
    compare: optional(list(Compare, { summary: 'All must hold for success.', maxItems: maxTxnOperations })),
    success: optional(Operations),
    failure: optional(Operations),
  },
  cli: { words: ['kv', 'txn'] },
  reply: object({
    succeeded: boolean('succeeded', { summary: 'Whether all comparisons held.' }),
    responses: list(
      oneOf({
        put: object({ previous: optional(KeyRow) }),
        get: object({ items: Items, count: Count('Keys in the range, whatever the limit.') }),
        delete: object({ deleted: Count('Keys deleted.'), previous: optional(Items) }),
      }),
      { summary: 'One for each operation, in order.', maxItems: maxTxnOperations },
    ),
  }),
  examples: [
    {
      title: 'Create a key unless it exists.',
      body: {
        compare: [{ key: 'leader', target: 'version', op: '=', value: 0 }],
        success: [{ put: { key: 'leader', value: 'node-1' } }],
        failure: [{ get: { key: 'leader' } }],
      },
    },
  ],
});

export const deleteKeys = command('key', 'deleteRange', {
  summary: 'Delete all keys of a range at one position.',
  id: undefined,
  composed: true,
  route: '/v1/keys-delete-range',
  body: {
    key: KeyId,
    rangeEnd: optional(RangeEnd),
    previous: optional(boolean('previous', { summary: 'Answer what the keys held.' })),
  },
  permission: 'key.delete',
  cli: { words: ['kv', 'delete-range'], positional: ['key', 'rangeEnd'] },
  reply: object({ deleted: Count('Keys deleted.'), previous: optional(Items) }),
});

export type KeyRow = TypeOf<typeof KeyRow>;
export type KeyCommand = CommandOf<typeof putKey | typeof deleteKey>;
export type TxnCommand = CommandOf<typeof txn>;
export type DeleteKeysCommand = CommandOf<typeof deleteKeys>;

export const keys = view('key', {
  summary: 'Keys in byte order.',
  id: KeyId,
  row: KeyRow,
  filters: {
    prefix: optional(bytesId('prefix', { summary: 'Only keys that start with these bytes.', maxBytes: maxKeyBytes })),
  },
  columns: [
    { title: 'KEY', path: 'key' },
    { title: 'VALUE', path: 'value' },
    { title: 'VERSION', path: 'version' },
    { title: 'MOD', path: 'modPosition' },
    { title: 'CREATED', path: 'createPosition', wide: true },
    { title: 'LEASE', path: 'lease', wide: true },
  ],
});
