import type { Index } from '#aggregates/flaredb/namespace';
import { listingsOf, otherUnder } from '#aggregates/flaredb/listing';
import { posting } from '#aggregates/flaredb/posting';
import { factsHolding, held } from '#harness/facts';

const index = (name: string, phase: 'building' | 'ready' | 'dropping' = 'ready'): Index => ({
  name,
  path: name,
  kind: 'text',
  unique: true,
  phase,
});
const failed: Index = { ...index('d'), phase: 'failed', failure: { reason: 'tooLong', documents: [] } };

test('a document is listed by the indexes that are kept', () => {
  const indexes = [index('a'), index('b', 'building'), index('c', 'dropping'), failed, index('e')];
  const { listings, tooLong } = listingsOf('ns', indexes, { a: 'x', b: 'y', c: 'z', d: 'w', f: 'v' });
  expect(listings.map(({ key }) => key)).toEqual(['ns\0a\0x', 'ns\0b\0y']);
  expect(tooLong).toBeUndefined();
});

test('a text that is too long is told, and the rest is listed', () => {
  const { listings, tooLong } = listingsOf('ns', [index('a'), index('b')], { a: 'ä'.repeat(257), b: 'ä'.repeat(256) });
  expect(listings.map(({ index: { name } }) => name)).toEqual(['b']);
  expect(tooLong?.name).toBe('a');
});

test('the other document under a key is neither itself nor one under a longer key', () => {
  const key = 'ns\0a\0x';
  const facts = factsHolding([held(posting, 'ns/1', { keys: [`${key}\0`] }), held(posting, 'ns/2', { keys: [key] })]);
  expect(otherUnder(facts, key, 'ns/2')).toBeUndefined();
  expect(otherUnder(facts, key, 'ns/1')).toBe('ns/2');
});
