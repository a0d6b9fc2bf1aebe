import type { Id } from '#commands/codec/scalar';
import { namespaceUsage } from '#aggregates/flaredb/namespace-usage';
import { decisions } from '#harness/decisions';

const change = (documents: number, bytes: number) => ({
  kind: 'namespace-usage.change' as const,
  id: 'users' as Id<'namespace-usage'>,
  body: { documents, bytes },
});
const changed = (documents: number, bytes: number) => ({
  kind: 'namespace-usage.changed' as const,
  body: { documents, bytes },
});

decisions(namespaceUsage, [
  ['counts the first document', [], change(1, 10), [changed(1, 10)]],
  ['adds to what there is', [changed(1, 10)], change(1, 5), [changed(2, 15)]],
  ['follows a document that shrinks', [changed(2, 15)], change(0, -5), [changed(2, 10)]],
  ['counts the last document off', [changed(1, 10)], change(-1, -10), [changed(0, 0)]],
  ['takes no change as done', [changed(1, 10)], change(0, 0), []],
  ['refuses to free a document that was not counted', [changed(0, 0)], change(-1, 0), 'namespace-usage.impossible'],
  ['refuses to free bytes that were not counted', [changed(1, 10)], change(0, -11), 'namespace-usage.impossible'],
  [
    'refuses what cannot be counted',
    [changed(1, 10)],
    change(0, Number.MAX_SAFE_INTEGER),
    'namespace-usage.impossible',
  ],
]);

test('a namespace without documents has no row', () => {
  const moment = { position: 1, now: 0, level: 1, principal: '', credential: 'test', address: '' };
  expect(namespaceUsage.evolve({ documents: 1, bytes: 1 }, changed(0, 0), moment)).toBeUndefined();
});
