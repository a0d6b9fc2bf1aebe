import { isLeft, isRight } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { encode } from '#commands/codec/encode';
import type { Id } from '#commands/codec/scalar';
import { DocFilters } from '#commands/flaredb/doc';
import { docKind } from '#aggregates/flaredb/doc';
import { catalog } from '#gateways/catalog';
import { inMemory } from '#harness/in-memory';
import { docView } from '#projections/flaredb/doc';

const put = (id: string, document: unknown) => ({ kind: 'doc.put', id, body: { document } });

const filled = () => {
  const memory = inMemory(catalog);
  const indexes = [
    { name: 'by-age', path: 'age', kind: 'number' },
    { name: 'by-city', path: 'home.city', kind: 'text' },
    { name: 'by-on', path: 'on', kind: 'boolean' },
  ];
  for (const command of [
    { kind: 'namespace.create', id: 'u', body: { indexes } },
    { kind: 'namespace.create', id: 'u-2', body: {} },
    put('u/ada', { age: 36, home: { city: 'London' }, on: true }),
    put('u/bob', { age: -1.5, home: { city: 'Lon' } }),
    put('u/bob/1', { age: 36, home: { city: 'Zürich' }, on: false }),
    put('u/cy', { age: 'old' }),
    put('u/di', { age: 100, home: { city: '' } }),
    put('u-2/ada', 1),
    { kind: 'doc.put', id: 'u-2/raw', body: { value: Buffer.from([255]), ttlSeconds: 10 } },
  ]) {
    if (isLeft(memory.run(command))) throw new Error(command.kind);
  }
  return memory;
};
const memory = filled();

/** Filters as a client writes them; the ids of all pages, or the code of the refusal. */
const listed = (written: unknown, limit = 2): readonly string[] | string => {
  const filters = decode(DocFilters, written);
  if (isLeft(filters)) throw new Error(JSON.stringify(filters.left));
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const page = docView.select?.(filters.right, memory.facts, after === undefined ? { limit } : { after, limit });
    if (page === undefined) throw new Error('the view cannot select');
    if (isLeft(page)) return page.left.code;
    ids.push(...page.right.facts.map(({ id }) => id));
    after = page.right.cursor;
  } while (after !== undefined);
  return ids;
};

test.each<readonly [string, unknown, readonly string[] | string]>([
  ['all', {}, ['u-2/ada', 'u-2/raw', 'u/ada', 'u/bob', 'u/bob/1', 'u/cy', 'u/di']],
  ['all, from the last', { reverse: true }, ['u/di', 'u/cy', 'u/bob/1', 'u/bob', 'u/ada', 'u-2/raw', 'u-2/ada']],
  ['a namespace', { namespace: 'u-2' }, ['u-2/ada', 'u-2/raw']],
  ['a prefix', { namespace: 'u', prefix: 'bob' }, ['u/bob', 'u/bob/1']],
  ['bounds', { namespace: 'u', from: 'bob', to: 'cy' }, ['u/bob', 'u/bob/1']],
  ['a prefix within bounds', { namespace: 'u', prefix: 'b', from: 'bob/', to: 'z' }, ['u/bob/1']],
  ['a prefix outside bounds', { namespace: 'u', prefix: 'b', from: 'c' }, []],
  ['bounds from the last', { namespace: 'u', from: 'bob', reverse: true }, ['u/di', 'u/cy', 'u/bob/1', 'u/bob']],
  ['an index', { namespace: 'u', index: 'by-age' }, ['u/bob', 'u/ada', 'u/bob/1', 'u/di']],
  ['an index from the last', { namespace: 'u', index: 'by-age', reverse: true }, ['u/di', 'u/bob/1', 'u/ada', 'u/bob']],
  ['a number', { namespace: 'u', index: 'by-age', equals: '36.0' }, ['u/ada', 'u/bob/1']],
  ['numbers from', { namespace: 'u', index: 'by-age', from: '0' }, ['u/ada', 'u/bob/1', 'u/di']],
  ['numbers up to', { namespace: 'u', index: 'by-age', to: '36' }, ['u/bob']],
  ['a text', { namespace: 'u', index: 'by-city', equals: 'Lon' }, ['u/bob']],
  ['an empty text', { namespace: 'u', index: 'by-city', equals: '' }, ['u/di']],
  ['texts between', { namespace: 'u', index: 'by-city', from: 'Lon', to: 'Zz' }, ['u/bob', 'u/ada']],
  ['a boolean', { namespace: 'u', index: 'by-on', equals: 'false' }, ['u/bob/1']],
  ['an absent namespace', { namespace: 'v' }, 'namespace.absent'],
  ['an absent index', { namespace: 'u', index: 'by-name' }, 'index.absent'],
  ['text for a number', { namespace: 'u', index: 'by-age', equals: 'old' }, 'filter.mistyped'],
  ['a prefix without a namespace', { prefix: 'b' }, 'filter.incompatible'],
  ['a value without an index', { namespace: 'u', equals: 'b' }, 'filter.incompatible'],
  ['a value and bounds', { namespace: 'u', index: 'by-age', equals: '1', from: '1' }, 'filter.incompatible'],
  ['a prefix of an index', { namespace: 'u', index: 'by-city', prefix: 'L' }, 'filter.incompatible'],
])('selects %s', (_title, written, expected) => {
  expect(listed(written, 2)).toEqual(expected);
  expect(listed(written, 100)).toEqual(expected);
});

test.each<readonly [string, DocFilters, unknown]>([
  ['all documents', {}, { from: '' }],
  ['a namespace', { namespace: 'u' as Id<'namespace'> }, { from: 'u/', to: 'u0' }],
  ['a prefix', { namespace: 'u' as Id<'namespace'>, prefix: 'bob' }, { from: 'u/bob', to: 'u/boc' }],
  ['no index', { namespace: 'u' as Id<'namespace'>, index: 'by-age' }, undefined],
  ['no order', { reverse: true }, undefined],
  ['no key without a namespace', { prefix: 'bob' }, undefined],
])('can watch %s', (_title, filters, range) => {
  expect(docView.range?.(filters)).toEqual(range);
});

test('a page of an index goes on where it was, though its last document is gone', () => {
  const other = filled();
  const filters = { namespace: 'u' as Id<'namespace'>, index: 'by-age' };
  const first = docView.select?.(filters, other.facts, { limit: 2 });
  if (first === undefined || isLeft(first)) throw new Error('refused');
  other.run({ kind: 'doc.delete', id: 'u/ada', body: {} });
  const next = docView.select?.(filters, other.facts, { limit: 2, after: first.right.cursor ?? '' });
  expect(next).toMatchObject({ right: { facts: [{ id: 'u/bob/1' }, { id: 'u/di' }] } });
});

test('a cursor of another list is refused, and an index that is not ready', () => {
  const other = filled();
  const after = docView.select?.({ namespace: 'u' as Id<'namespace'>, index: 'by-age' }, other.facts, {
    limit: 2,
    after: 'u/ada',
  });
  expect(after).toMatchObject({ left: { code: 'cursor.foreign' } });
  for (const half of ['a', 'b']) {
    const documents = Array.from({ length: 600 }, (_, at) => ({ key: `${half}${at}`, document: { n: 1 } }));
    other.run({ kind: 'doc.load', id: '', body: { namespace: 'u-2', documents } });
  }
  const asked = (name: string, unique: boolean): unknown => {
    other.run({ kind: 'namespace.createIndex', id: 'u-2', body: { name, path: 'n', kind: 'number', unique } });
    return docView.select?.({ namespace: 'u-2' as Id<'namespace'>, index: name }, other.facts, { limit: 1 });
  };
  expect(asked('one', false)).toMatchObject({ left: { code: 'index.building' } });
  expect(asked('two', true)).toMatchObject({ left: { code: 'index.failed' } });
  other.run({ kind: 'namespace.dropIndex', id: 'u-2', body: { name: 'one' } });
  expect(
    docView.select?.({ namespace: 'u-2' as Id<'namespace'>, index: 'one' }, other.facts, { limit: 1 }),
  ).toMatchObject({
    left: { code: 'index.absent' },
  });
});

test('a row shows a document or a raw value, and when it expires', () => {
  const rowOf = (id: string): unknown => {
    const fact = memory.facts.get(docKind, id);
    if (fact === undefined) throw new Error('the document is gone');
    const json = encode(docView.spec.row, docView.row({ id, ...fact }, memory.facts));
    expect(isRight(decode(docView.spec.row, json))).toBe(true);
    return json;
  };
  expect(rowOf('u-2/ada')).toEqual({
    id: 'u-2/ada',
    namespace: 'u-2',
    key: 'ada',
    document: 1,
    bytes: 1,
    version: 1,
    createPosition: 8,
    modPosition: 8,
  });
  expect(rowOf('u-2/raw')).toMatchObject({ valueBase64: '/w==', bytes: 1, expiresAt: '1970-01-01T00:00:10.000Z' });
});

test('every example of the contract is accepted by it', () => {
  const fresh = inMemory(catalog);
  for (const spec of fresh.vocabulary.commands.values()) {
    if (!['namespace', 'doc'].includes(spec.noun)) continue;
    for (const example of spec.examples) {
      const body = decode(spec.body, example.body);
      expect(isRight(body)).toBe(true);
      if (spec.id !== undefined) expect(isRight(decode(spec.id, example.id))).toBe(true);
    }
  }
});
