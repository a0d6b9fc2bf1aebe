import { isLeft } from 'fp-ts/lib/Either';
import type { Id } from '#commands/codec/scalar';
import { alarmKind } from '#aggregates/alarm';
import { key } from '#aggregates/chainfire/key';
import { keyQuota, keyQuotaKeeping, keyQuotaKind, type KeyQuotaEvent } from '#aggregates/chainfire/key-quota';
import { alarm } from '#aggregates/cluster/alarm';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';
import { inMemory } from '#harness/in-memory';

const id = 'keys' as Id<'key-quota'>;
const set = (maxBytes: number) => ({ kind: 'key-quota.set' as const, id, body: { maxBytes } });
const lift = { kind: 'key-quota.lift' as const, id, body: {} };
const judge = { kind: 'key-quota.judge' as const, id, body: {} };

const wasSet = (maxBytes: number): KeyQuotaEvent => ({ kind: 'key-quota.set', body: { maxBytes } });
const exceeded: KeyQuotaEvent = { kind: 'key-quota.exceeded', body: { bytes: 11, maxBytes: 10 } };
const relieved = (bytes: number, maxBytes: number): KeyQuotaEvent => ({
  kind: 'key-quota.relieved',
  body: { bytes, maxBytes },
});
const lifted: KeyQuotaEvent = { kind: 'key-quota.lifted', body: {} };

/** A key that takes eleven bytes. */
const eleven = { facts: [held(key, 'k', { value: Buffer.alloc(10) })] };

decisions(keyQuota, [
  ['sets a limit', [], set(10), [wasSet(10)]],
  ['takes the same limit again as done', [wasSet(10)], set(10), []],
  ['is exceeded at once when more is used', [], set(10), [wasSet(10), exceeded], eleven],
  ['is exceeded by what was put', [wasSet(10)], judge, [exceeded], eleven],
  ['stays exceeded', [wasSet(10), exceeded], judge, [], eleven],
  ['is kept with as much as it allows', [wasSet(11)], judge, [], eleven],
  ['is kept again when keys were deleted', [wasSet(10), exceeded], judge, [relieved(0, 10)]],
  ['is kept again with a higher limit', [wasSet(10), exceeded], set(11), [wasSet(11), relieved(11, 11)], eleven],
  ['stays exceeded with a limit that is still too low', [wasSet(9), exceeded], set(10), [wasSet(10)], eleven],
  ['is lifted', [wasSet(10)], lift, [lifted]],
  ['is kept before it is lifted', [wasSet(10), exceeded], lift, [relieved(11, 10), lifted], eleven],
  ['refuses to lift what is not set', [wasSet(10), lifted], lift, 'key-quota.absent'],
  ['judges nothing without a limit', [], judge, []],
]);

const components = [
  { name: 'c', summary: '', aggregates: [key, keyQuota, alarm], procedures: [], reactions: keyQuotaKeeping, views: [] },
];

test('the put that goes over the quota is the last one until keys were deleted', () => {
  const memory = inMemory(components);
  const put = (name: string, bytes: number): string => {
    const done = memory.run({ kind: 'key.put', id: name, body: { value: Buffer.alloc(bytes) } });
    return isLeft(done) ? done.left.code : done.right.events.map((event) => event.kind).join();
  };
  memory.run(set(10));
  expect(put('a', 5)).toBe('key.put');
  expect(put('b', 5)).toBe('key.put,key-quota.exceeded,alarm.raised');
  expect(memory.facts.get(alarmKind, 'key-quota/keys')?.state).toMatchObject({
    code: 'key-quota.exceeded',
    message: 'The keys take 12 bytes, more than the quota of 10. Puts are refused.',
    standing: true,
  });
  expect(put('a', 0)).toBe('key-quota.exceeded');
  expect(put('c', 0)).toBe('key-quota.exceeded');
  expect(memory.run({ kind: 'key.delete', id: 'a', body: {} })).toMatchObject({
    right: { events: [{ kind: 'key.deleted' }, { kind: 'key-quota.relieved' }, { kind: 'alarm.ended' }] },
  });
  expect(memory.facts.get(keyQuotaKind, 'keys')?.state).toEqual({ maxBytes: 10, exceeded: false });
  expect(put('c', 0)).toBe('key.put');
});
