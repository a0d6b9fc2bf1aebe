import { isRight } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { encode } from '#commands/codec/encode';
import { namespaceKind } from '#aggregates/flaredb/namespace';
import { catalog } from '#gateways/catalog';
import { inMemory } from '#harness/in-memory';
import { namespaceView } from '#projections/flaredb/namespace';

test('a row shows limits, use and how far each index is', () => {
  const memory = inMemory(catalog);
  memory.run({ kind: 'namespace.create', id: 'x', body: { maxDocuments: 2_000 } });
  for (const half of ['a', 'b']) {
    const documents = Array.from({ length: 600 }, (_, at) => ({ key: `${half}${at}`, document: { n: 1 } }));
    expect(isRight(memory.run({ kind: 'doc.load', id: '', body: { namespace: 'x', documents } }))).toBe(true);
  }
  memory.run({ kind: 'namespace.createIndex', id: 'x', body: { name: 'one', path: 'n', kind: 'number' } });
  memory.run({
    kind: 'namespace.createIndex',
    id: 'x',
    body: { name: 'two', path: 'n', kind: 'number', unique: true },
  });
  const fact = memory.facts.get(namespaceKind, 'x');
  if (fact === undefined) throw new Error('the namespace is gone');
  const row = namespaceView.row({ id: 'x', ...fact }, memory.facts);
  const spec = { path: 'n', kind: 'number' };
  expect(row).toEqual({
    id: 'x',
    documents: 1_200,
    bytes: 1_200 * '{"n":1}'.length,
    maxDocuments: 2_000,
    maxBytes: 0,
    maxDocumentBytes: 0,
    consistency: 'strong',
    indexes: [
      { ...spec, name: 'one', unique: false, phase: 'building', passed: 500 },
      {
        ...spec,
        name: 'two',
        unique: true,
        phase: 'failed',
        failure: { reason: 'duplicate', documents: ['x/a0', 'x/a1'] },
      },
    ],
    version: 3,
    createPosition: 1,
    modPosition: 5,
  });
  const json = encode(namespaceView.spec.row, row);
  expect(isRight(decode(namespaceView.spec.row, json))).toBe(true);
});
