import * as fc from 'fast-check';
import type { AnyCommand } from '#commands/command';
import { within } from '#commands/flaredb/name';
import { clock } from '#aggregates/cluster/clock';
import { prefixEnd } from '#aggregates/facts';
import { bookkeeping } from '#aggregates/flaredb/bookkeeping';
import { doc, docKind, unexpired, type Doc } from '#aggregates/flaredb/doc';
import { indexPrefix } from '#aggregates/flaredb/index-key';
import { indexing, indexingKind } from '#aggregates/flaredb/indexing';
import { listingsOf } from '#aggregates/flaredb/listing';
import { indexOf, namespace, namespaceKind, type Index, type Namespace } from '#aggregates/flaredb/namespace';
import { documentsByField, posting } from '#aggregates/flaredb/posting';
import { docLoad, docTxn } from '#aggregates/flaredb/txn';
import { namespaceUsage, namespaceUsageKind, nothing } from '#aggregates/flaredb/namespace-usage';
import { inMemory, type InMemory } from '#harness/in-memory';

const components = [
  {
    name: 'flaredb',
    summary: '',
    aggregates: [namespace, doc, namespaceUsage, posting, indexing],
    procedures: [docTxn, docLoad, clock],
    reactions: bookkeeping,
    views: [],
  },
];

const all = { from: '', limit: Infinity };
const moment = (now: number) => ({ position: 0, now, level: 1, principal: '', credential: 'test', address: '' });
const indexes = [
  { name: 'email', path: 'email', kind: 'text', unique: true },
  { name: 'n', path: 'n', kind: 'number' },
  { name: 'inner', path: 'in.ok', kind: 'boolean' },
] as const;

const document = fc.record(
  {
    email: fc.constantFrom('a', 'b', 'b\0', 'c', 'd'),
    n: fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constant('one')),
    in: fc.record({ ok: fc.boolean() }),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const key = fc.constantFrom('1', '2', '3', '4', '5', '10', '~');
const id = fc.tuple(fc.constantFrom('x', 'xy'), key).map((parts) => parts.join('/'));
const ttl = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
const put = fc.tuple(id, document, ttl).map(([of, told, ttlSeconds]): AnyCommand => ({
  kind: 'doc.put',
  id: of,
  body: ttlSeconds === undefined ? { document: told } : { document: told, ttlSeconds },
}));
const removed = id.map((of): AnyCommand => ({ kind: 'doc.delete', id: of, body: {} }));
const onIndex = fc
  .tuple(fc.constantFrom('namespace.createIndex', 'namespace.dropIndex'), fc.constantFrom(...indexes))
  .map(([kind, spec]): AnyCommand => ({
    kind,
    id: 'x',
    body: kind.endsWith('createIndex') ? spec : { name: spec.name },
  }));
const advance: AnyCommand = { kind: 'clock.advance', id: '', body: {} };

const command: fc.Arbitrary<AnyCommand> = fc.oneof(
  { weight: 8, arbitrary: put },
  { weight: 2, arbitrary: removed },
  { weight: 2, arbitrary: onIndex },
  { weight: 2, arbitrary: fc.constant(advance) },
  {
    weight: 1,
    arbitrary: id.map((of): AnyCommand => ({ kind: 'doc.put', id: of, body: { value: Buffer.from(of) } })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(id, document)
      .map(([of, patch]): AnyCommand => ({ kind: 'doc.patch', id: of, body: { patch: { ...patch, email: null } } })),
  },
  {
    weight: 1,
    arbitrary: fc.array(fc.tuple(id, document), { minLength: 2, maxLength: 4 }).map((puts): AnyCommand => ({
      kind: 'doc.txn',
      id: '',
      body: { operations: puts.map(([of, told]) => ({ put: { id: of, document: told } })) },
    })),
  },
);
const history = fc.array(fc.tuple(command, fc.constantFrom(0, 0, 500, 1_500)), { maxLength: 40 });

/** NamespaceUsage equals what is stored, and what is listed equals what a scan of all documents would list. */
const check = ({ facts }: InMemory, now: number): void => {
  for (const { id: name, state } of facts.range(namespaceKind, all)) {
    const stored = facts.range(docKind, { ...within(name), limit: Infinity });
    const bytes = stored.reduce((sum, fact) => sum + fact.state.bytes, 0);
    expect(facts.get(namespaceUsageKind, name)?.state ?? nothing).toEqual({ documents: stored.length, bytes });
    for (const index of state.indexes) checkIndex(facts, name, index, now);
  }
};

const checkIndex = (facts: InMemory['facts'], name: string, index: Index, now: number): void => {
  const from = indexPrefix(name, index.name);
  const to = prefixEnd(from);
  const rows = facts.index(documentsByField, { from, ...(to === undefined ? {} : { to }), limit: Infinity });
  const counts = new Map<string, number>();
  for (const { key: of } of rows) counts.set(of, (counts.get(of) ?? 0) + 1);
  for (const [of, count] of counts) expect(facts.count(documentsByField, of)).toBe(count);
  const scan = (isWanted: (state: Doc) => boolean): readonly string[] =>
    facts.range(docKind, { ...within(name), limit: Infinity }).flatMap(({ id: of, state }) => {
      if (!isWanted(state) || !('document' in state)) return [];
      return listingsOf(name, [index], state.document).listings.map((at) => `${at.key} ${of}`);
    });
  const listed = new Set(rows.map((row) => `${row.key} ${row.id}`));
  if (index.phase === 'building' || index.phase === 'ready') {
    const stored = new Set(scan(() => true));
    expect([...listed].filter((row) => !stored.has(row))).toEqual([]);
    if (index.unique) expect(counts.size).toBe(rows.length);
  }
  if (index.phase === 'ready') {
    // A document whose time has come may be listed until its timer fires.
    const alive = scan((state) => unexpired(state, moment(now)) !== undefined);
    expect(alive.filter((row) => !listed.has(row))).toEqual([]);
  }
};

/** Lets time stand and the clock run until no series goes on. */
const settle = (memory: InMemory, now: number): void => {
  for (let step = 0; memory.facts.range(indexingKind, all).length > 0; step++) {
    if (step > 50) throw new Error('a series does not end');
    memory.run(advance, now + step);
  }
};

test('usage and indexes are exact after every command of any history', () => {
  fc.assert(
    fc.property(fc.subarray([...indexes]), history, (declared, told) => {
      const memory = inMemory(components);
      memory.run({ kind: 'namespace.create', id: 'x', body: { indexes: declared } });
      memory.run({ kind: 'namespace.create', id: 'xy', body: { indexes } });
      let now = 0;
      for (const [next, wait] of told) {
        now += wait;
        memory.run(next, now);
        check(memory, now);
      }
      settle(memory, now);
      memory.run(advance, now + 10_000);
      check(memory, now + 10_000);
    }),
    { numRuns: 150 },
  );
});

const loaded = (memory: InMemory, emailOf: (at: number) => string): void => {
  for (const half of [0, 600]) {
    memory.run({
      kind: 'doc.load',
      id: '',
      body: {
        namespace: 'x',
        documents: Array.from({ length: 600 }, (_, at) => ({
          key: `k${String(half + at).padStart(4, '0')}`,
          document: { email: emailOf(half + at), n: at % 7 },
        })),
      },
    });
  }
};

const phases = (memory: InMemory): readonly (readonly [string, string])[] =>
  (memory.facts.get(namespaceKind, 'x')?.state as Namespace).indexes.map(({ name, phase }) => [name, phase]);

test('an index is built and dropped online, while documents change', () => {
  const change = fc.tuple(
    fc.integer({ min: 0, max: 1_199 }).map((at) => `x/k${String(at).padStart(4, '0')}`),
    fc.constantFrom('put', 'delete', 'advance'),
    fc.integer({ min: 0, max: 6 }),
  );
  fc.assert(
    fc.property(fc.array(change, { minLength: 10, maxLength: 30 }), (changes) => {
      const memory = inMemory(components);
      memory.run({ kind: 'namespace.create', id: 'x', body: {} });
      loaded(memory, (at) => `user-${at}`);
      memory.run({ kind: 'namespace.createIndex', id: 'x', body: indexes[0] });
      memory.run({ kind: 'namespace.createIndex', id: 'x', body: indexes[1] });
      expect(phases(memory)).toEqual([
        ['email', 'building'],
        ['n', 'building'],
      ]);
      for (const [at, [of, what, n]] of changes.entries()) {
        if (what === 'advance') memory.run(advance, at);
        else if (what === 'delete') memory.run({ kind: 'doc.delete', id: of, body: {} });
        else memory.run({ kind: 'doc.put', id: of, body: { document: { email: `new-${of}`, n } } });
      }
      settle(memory, 100);
      expect(phases(memory)).toEqual([
        ['email', 'ready'],
        ['n', 'ready'],
      ]);
      check(memory, 100);
      const before = memory.facts.get(docKind, 'x/k0000')?.version;
      memory.run({ kind: 'namespace.dropIndex', id: 'x', body: { name: 'n' } });
      expect(phases(memory)).toContainEqual(['n', 'dropping']);
      settle(memory, 200);
      expect(phases(memory)).toEqual([['email', 'ready']]);
      expect(memory.facts.index(documentsByField, { from: 'x\0n\0', to: 'x\0n\x01', limit: 1 })).toEqual([]);
      expect(memory.facts.get(docKind, 'x/k0000')?.version).toBe(before);
      check(memory, 200);
    }),
    { numRuns: 5 },
  );
});

test('a unique index fails at two documents with one value, and can then be dropped and built again', () => {
  const memory = inMemory(components);
  memory.run({ kind: 'namespace.create', id: 'x', body: {} });
  loaded(memory, (at) => (at === 1_100 ? 'user-3' : `user-${at}`));
  memory.run({ kind: 'namespace.createIndex', id: 'x', body: indexes[0] });
  settle(memory, 10);
  expect(indexOf(memory.facts.get(namespaceKind, 'x')?.state as Namespace, 'email')).toMatchObject({
    phase: 'failed',
    failure: { reason: 'duplicate', documents: ['x/k0003', 'x/k1100'] },
  });
  memory.run({ kind: 'doc.delete', id: 'x/k1100', body: {} });
  memory.run({ kind: 'namespace.dropIndex', id: 'x', body: { name: 'email' } });
  settle(memory, 20);
  expect(phases(memory)).toEqual([]);
  memory.run({ kind: 'namespace.createIndex', id: 'x', body: indexes[0] });
  settle(memory, 30);
  expect(phases(memory)).toEqual([['email', 'ready']]);
  check(memory, 30);
});

test('a drop takes over from a build, and a deleted namespace ends its series', () => {
  const memory = inMemory(components);
  memory.run({ kind: 'namespace.create', id: 'x', body: {} });
  loaded(memory, (at) => `user-${at}`);
  memory.run({ kind: 'namespace.createIndex', id: 'x', body: indexes[1] });
  memory.run({ kind: 'namespace.dropIndex', id: 'x', body: { name: 'n' } });
  settle(memory, 10);
  expect(phases(memory)).toEqual([]);
  memory.run({ kind: 'namespace.createIndex', id: 'x', body: indexes[1] });
  for (const fact of memory.facts.range(docKind, all)) memory.run({ kind: 'doc.delete', id: fact.id, body: {} });
  memory.run({ kind: 'namespace.delete', id: 'x', body: {} });
  settle(memory, 20);
  for (const table of ['state', 'index', 'count', 'timer'] as const) {
    expect([...memory.rows.range(table, { from: '', to: '\xff' })]).toEqual([]);
  }
});
