import { deleteKeys, txn, type DeleteKeysCommand, type TxnCommand } from '#commands/chainfire/key';
import { maxKeysPerLease } from '#commands/chainfire/lease';
import { decode } from '#commands/codec/decode';
import { key } from '#aggregates/chainfire/key';
import { lease } from '#aggregates/chainfire/lease';
import { keyQuota } from '#aggregates/chainfire/key-quota';
import { keyDeleteRange, keyRange, keyTxn } from '#aggregates/chainfire/txn';
import { performances } from '#harness/performances';

const components = [
  {
    name: 'c',
    summary: '',
    aggregates: [key, lease, keyQuota],
    procedures: [keyTxn, keyDeleteRange],
    reactions: [],
    views: [],
  },
];

/** Written as a client writes it. */
const run = (body: unknown): TxnCommand => {
  const decoded = decode(txn.body, body);
  if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left));
  return { kind: 'key.txn', id: '', body: decoded.right };
};
const deleteRange = (body: unknown): DeleteKeysCommand => {
  const decoded = decode(deleteKeys.body, body);
  if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left));
  return { kind: 'key.deleteRange', id: '', body: decoded.right };
};
const text = (value: string): Buffer => Buffer.from(value);
const put = (id: string, value = id) => ({ kind: 'key.put', id, body: { value: text(value) } });
const wasPut = (id: string, value = id) => ({ kind: 'key.put', id, body: { value: text(value) } });
const deleted = (id: string) => ({ kind: 'key.deleted', id, body: {} });
const row = (id: string, position: number, value = id) => ({
  key: id,
  value: text(value),
  version: 1,
  createPosition: position,
  modPosition: position,
});
const grant = { kind: 'lease.grant', id: '7', body: { ttlSeconds: 60 } };
const ab = [put('a'), put('b')];
const succeeds = { events: [], reply: { succeeded: true, responses: [] } };
const fails = { events: [], reply: { succeeded: false, responses: [] } };
const compare = (target: string, op: string, value: unknown, of: object = { key: 'a' }) =>
  run({ compare: [{ ...of, target, op, value }] });

performances(keyTxn, components, [
  ['success without comparisons', [], run({}), succeeds],
  [
    'the operations of success when all comparisons hold',
    ab,
    run({
      compare: [{ key: 'a', target: 'version', op: '=', value: 1 }],
      success: [{ put: { key: 'a', value: 'x', previous: true } }, { get: { key: 'a' } }, { delete: { key: 'b' } }],
      failure: [{ delete: { key: 'a' } }],
    }),
    {
      events: [wasPut('a', 'x'), deleted('b')],
      reply: {
        succeeded: true,
        responses: [
          { put: { previous: row('a', 1) } },
          { get: { items: [{ ...row('a', 1, 'x'), version: 2, modPosition: 3 }], count: 1 } },
          { delete: { deleted: 1 } },
        ],
      },
    },
  ],
  [
    'the operations of failure when one does not',
    ab,
    run({
      compare: [
        { key: 'a', target: 'version', op: '=', value: 1 },
        { key: 'b', target: 'mod', op: '>', value: 2 },
      ],
      success: [{ delete: { key: 'a' } }],
      failure: [{ get: { key: 'a', rangeEnd: 'c', limit: 1 } }],
    }),
    { events: [], reply: { succeeded: false, responses: [{ get: { items: [row('a', 1)], count: 2 } }] } },
  ],
  ['version 0 for an absent key', [], compare('version', '=', 0), succeeds],
  ['a comparison of the creation', ab, compare('create', '<', 2), succeeds],
  ['a comparison with another number', ab, compare('create', '!=', 1), fails],
  ['a comparison of values by bytes', [put('a', 'b')], compare('value', '>', 'azz'), succeeds],
  ['a shorter value before a longer one', [put('a', 'b')], compare('value', '<', 'ba'), succeeds],
  ['a failed comparison of the value of an absent key', [], compare('value', '!=', 'x'), fails],
  ['lease 0 for a key without one', ab, compare('lease', '=', 0), succeeds],
  ['leases in the order of numbers', ab, compare('lease', '<', '7'), succeeds],
  ['a range that holds when each key in it does', ab, compare('mod', '<', 3, { key: 'a', rangeEnd: 'c' }), succeeds],
  ['a range that one key breaks', ab, compare('mod', '<', 2, { key: 'a', rangeEnd: 'c' }), fails],
  ['a range without keys as an absent key', ab, compare('mod', '=', 0, { key: 'x', rangeEnd: 'z' }), succeeds],
  ['a range without keys that is to have a value', ab, compare('value', '!=', 'a', { key: 'x', rangeEnd: 'z' }), fails],
  [
    'a put that keeps the value and takes a lease',
    [grant, ...ab],
    run({ success: [{ put: { key: 'a', value: '', keepValue: true, lease: '7' } }] }),
    {
      events: [{ kind: 'key.put', id: 'a', body: { value: text('a'), lease: '7' } }],
      reply: { succeeded: true, responses: [{ put: {} }] },
    },
  ],
  [
    'a put that keeps the lease',
    [grant, { kind: 'key.put', id: 'a', body: { value: text('a'), lease: '7' } }],
    run({ success: [{ put: { key: 'a', value: 'b', keepLease: true } }] }),
    {
      events: [{ kind: 'key.put', id: 'a', body: { value: text('b'), lease: '7' } }],
      reply: { succeeded: true, responses: [{ put: {} }] },
    },
  ],
  [
    'a refusal of a second change of a key',
    ab,
    run({ success: [{ put: { key: 'a', value: 'x' } }, { delete: { key: 'a', rangeEnd: 'c' } }] }),
    'key.duplicate',
  ],
  [
    'a refusal to keep what is not there',
    [],
    run({ success: [{ put: { key: 'a', value: '', keepValue: true } }] }),
    'key.absent',
  ],
  ['a refusal of text where a number belongs', ab, compare('version', '=', '1'), 'compare.invalid'],
  ['a refusal of a number where text belongs', ab, compare('value', '=', 1), 'compare.invalid'],
  [
    'a refusal of a lease that has ended, with nothing changed',
    ab,
    run({ success: [{ delete: { key: 'a' } }, { put: { key: 'b', value: 'x', lease: '7' } }] }),
    'lease.absent',
  ],
  [
    'a refusal of a lease that is full',
    [
      grant,
      ...Array.from({ length: maxKeysPerLease }, (_, at) => ({
        kind: 'key.put',
        id: `k${at}`,
        body: { value: text(''), lease: '7' },
      })),
    ],
    run({ success: [{ put: { key: 'a', value: 'x', lease: '7' } }] }),
    'lease.full',
  ],
  [
    'a refusal of a put while the quota is exceeded',
    [put('a'), { kind: 'key-quota.set', id: 'keys', body: { maxBytes: 1 } }],
    run({ success: [{ put: { key: 'a', value: 'x' } }] }),
    'key-quota.exceeded',
  ],
  [
    'a refusal to read more than a reply can hold',
    Array.from({ length: 10_001 }, (_, at) => put(`k${at}`)),
    run({ success: [{ get: { key: 'k', rangeEnd: 'l' } }] }),
    'key.tooMany',
  ],
]);

performances(keyDeleteRange, components, [
  ['no events without keys', [], deleteRange({ key: 'a' }), { events: [], reply: { deleted: 0 } }],
  [
    'the deletion of one key',
    ab,
    deleteRange({ key: 'a', previous: true }),
    { events: [deleted('a')], reply: { deleted: 1, previous: [row('a', 1)] } },
  ],
  [
    'the deletion of a range, its end excluded',
    [...ab, put('c')],
    deleteRange({ key: 'a', rangeEnd: 'c' }),
    { events: [deleted('a'), deleted('b')], reply: { deleted: 2 } },
  ],
  [
    'the deletion of all keys from one on',
    [...ab, put('c')],
    deleteRange({ key: 'b', rangeEnd: '\0' }),
    { events: [deleted('b'), deleted('c')], reply: { deleted: 2 } },
  ],
  [
    'a refusal to delete more than one position can',
    Array.from({ length: 10_001 }, (_, at) => put(`k${at}`)),
    deleteRange({ key: 'k', rangeEnd: 'l' }),
    'key.tooMany',
  ],
]);

test('a range is written as etcd writes it', () => {
  expect(keyRange('a', undefined)).toEqual({ from: 'a', to: 'a\0' });
  expect(keyRange('a', 'c')).toEqual({ from: 'a', to: 'c' });
  expect(keyRange('a', '\0')).toEqual({ from: 'a' });
});
