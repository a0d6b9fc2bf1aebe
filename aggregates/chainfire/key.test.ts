import { maxBytesPerLease, maxKeysPerLease } from '#commands/chainfire/lease';
import type { Id } from '#commands/codec/scalar';
import { key, type KeyEvent } from '#aggregates/chainfire/key';
import { lease } from '#aggregates/chainfire/lease';
import { keyQuota } from '#aggregates/chainfire/key-quota';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const seven = '7' as Id<'lease'>;
const blue = Buffer.from('blue');
const red = Buffer.from('red');

const put = (value: Uint8Array, of?: Id<'lease'>) => ({
  kind: 'key.put' as const,
  id: 'color',
  body: of === undefined ? { value } : { value, lease: of },
});
const remove = { kind: 'key.delete' as const, id: 'color', body: {} };

const wasPut = (value: Uint8Array, of?: Id<'lease'>): KeyEvent => ({ kind: 'key.put', body: put(value, of).body });
const deleted: KeyEvent = { kind: 'key.deleted', body: {} };

const alive = held(lease, seven, { ttlSeconds: 60, grantedMs: 0 });
const full = [
  alive,
  ...Array.from({ length: maxKeysPerLease }, (_, at) => held(key, `key-${at}`, { value: blue, lease: seven })),
];
const heavy = [
  alive,
  ...[1, 2].map((at) => held(key, `key-${at}`, { value: Buffer.alloc(maxBytesPerLease / 2 - 10), lease: seven })),
];
const exceeded = [held(keyQuota, 'keys', { maxBytes: 1, exceeded: true })];

decisions(key, [
  ['sets a key that does not exist', [], put(blue), [wasPut(blue)]],
  ['sets another value', [wasPut(blue)], put(red), [wasPut(red)]],
  ['takes a put of the same value as a change', [wasPut(blue)], put(blue), [wasPut(blue)]],
  ['sets a key again after its deletion', [wasPut(blue), deleted], put(blue), [wasPut(blue)]],
  ['deletes a key', [wasPut(blue)], remove, [deleted]],
  ['takes the deletion of an absent key as done', [], remove, []],
  ['attaches a key to a lease', [], put(blue, seven), [wasPut(blue, seven)], { facts: [alive] }],
  ['refuses a lease that has ended', [], put(blue, seven), 'lease.absent'],
  ['detaches a key by a put without a lease', [wasPut(blue, seven)], put(blue), [wasPut(blue)], { facts: [alive] }],
  ['refuses a lease that holds all it can', [], put(blue, seven), 'lease.full', { facts: full }],
  [
    'refuses a lease that holds as many bytes as it can',
    [],
    put(Buffer.alloc(10), seven),
    'lease.full',
    { facts: heavy },
  ],
  ['attaches what still fits', [], put(blue, seven), [wasPut(blue, seven)], { facts: heavy }],
  ['refuses a put while the quota is exceeded', [wasPut(blue)], put(red), 'key-quota.exceeded', { facts: exceeded }],
  ['deletes while the quota is exceeded', [wasPut(blue)], remove, [deleted], { facts: exceeded }],
  [
    'sets a key that a full lease holds already',
    [wasPut(blue, seven)],
    put(red, seven),
    [wasPut(red, seven)],
    { facts: full },
  ],
]);
