import * as fc from 'fast-check';
import type { Json } from '#commands/codec/codec';
import { canonicalDocument } from '#commands/codec/document';
import { mergePatch } from '#aggregates/flaredb/merge-patch';

/** Appendix A of RFC 7396. */
const examples: readonly (readonly [Json, Json, Json])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { a: 1, e: null }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

test.each(examples)('%j patched with %j is %j', (target, patch, result) => {
  expect(mergePatch(target, patch)).toEqual(result);
});

const shape = { kind: 'json', name: '', summary: '', maxBytes: 1e6, maxDepth: 64 } as const;
const documents = fc.jsonValue({ maxDepth: 3 }).map((drawn) => canonicalDocument(shape, drawn) ?? null);

test('patching twice is patching once, and the result is canonical', () => {
  fc.assert(
    fc.property(documents, documents, (target, patch) => {
      const once = mergePatch(target, patch);
      expect(JSON.stringify(mergePatch(once, patch))).toBe(JSON.stringify(once));
      expect(JSON.stringify(canonicalDocument(shape, once))).toBe(JSON.stringify(once));
    }),
  );
});
