import { isRight } from 'fp-ts/lib/Either';
import { detach } from '#aggregates/chainfire/detach';
import { key, keyKind, keysOfLease } from '#aggregates/chainfire/key';
import { lease } from '#aggregates/chainfire/lease';
import { duty } from '#aggregates/cluster/duty';
import { inMemory } from '#harness/in-memory';

const components = [
  { name: 'c', summary: '', aggregates: [key, lease, duty], procedures: [], reactions: detach, views: [] },
];
const value = Buffer.from('x');

const leased = () => {
  const memory = inMemory(components);
  memory.run({ kind: 'duty.acquire', id: 'liveness', body: { holder: 'a' } });
  for (const id of ['1', '11']) memory.run({ kind: 'lease.grant', id, body: { ttlSeconds: 5 } });
  memory.run({ kind: 'key.put', id: 'a', body: { value, lease: '1' } });
  memory.run({ kind: 'key.put', id: 'b\0', body: { value, lease: '1' } });
  memory.run({ kind: 'key.put', id: 'c', body: { value, lease: '11' } });
  memory.run({ kind: 'key.put', id: 'd', body: { value } });
  return memory;
};

test.each([
  ['revoked', { kind: 'lease.revoke', id: '1', body: {} }],
  ['expired', { kind: 'lease.expire', id: '1', body: { holderPosition: 1 } }],
])('a lease that is %s takes its keys with it, and no others', (_word, command) => {
  const memory = leased();
  expect(isRight(memory.run(command))).toBe(true);
  expect(memory.facts.range(keyKind, { from: '', limit: 10 }).map(({ id }) => id)).toEqual(['c', 'd']);
  expect(memory.facts.count(keysOfLease, '1')).toBe(0);
  expect(memory.facts.count(keysOfLease, '11')).toBe(1);
});
