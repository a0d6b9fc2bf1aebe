import type { Json } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { doc, type Doc } from '#aggregates/flaredb/doc';
import { indexing, listed, part, type IndexingEvent } from '#aggregates/flaredb/indexing';
import { namespace, type Index } from '#aggregates/flaredb/namespace';
import { posting } from '#aggregates/flaredb/posting';
import { decisions } from '#harness/decisions';
import { factsHolding, held, type Held } from '#harness/facts';

const id = 'users/by-email' as Id<'indexing'>;
/** The usual moment is an hour after 1970 began. */
const now = 3_600_000;

const start = (purpose: 'build' | 'clear') => ({ kind: 'indexing.start' as const, id, body: { purpose } });
const step = { kind: 'indexing.step' as const, id, body: {} };

const started = (purpose: 'build' | 'clear'): IndexingEvent => ({ kind: 'indexing.started', body: { purpose } });
const wasListed = (after: string, upTo: string, documents: number): IndexingEvent => ({
  kind: 'indexing.listed',
  body: { after, upTo, documents },
});
const cleared = (documents: number): IndexingEvent => ({ kind: 'indexing.cleared', body: { documents } });
const finished: IndexingEvent = { kind: 'indexing.finished', body: {} };
const failed = (reason: 'duplicate' | 'tooLong', ...documents: readonly string[]): IndexingEvent => ({
  kind: 'indexing.failed',
  body: { reason, documents: documents as readonly Id<'doc'>[] },
});

const users = (phase: 'building' | 'ready' | 'dropping', unique = true): Held => {
  const index: Index = { name: 'by-email', path: 'email', kind: 'text', unique, phase };
  const settings = { maxDocuments: 0, maxBytes: 0, maxDocumentBytes: 0, consistency: 'strong' as const };
  return held(namespace, 'users', { ...settings, indexes: [index] });
};
const user = (key: string, email: Json, expiresAt?: number, size = 0): Held => {
  const document = size === 0 ? { email } : { email, about: 'x'.repeat(size) };
  const state: Doc = { document, bytes: 0, ...(expiresAt === undefined ? {} : { expiresAt }) };
  return held(doc, `users/${key}`, state);
};
const posted = (key: string, email: string): Held =>
  held(posting, `users/${key}`, { keys: [`users\0by-email\0${email}`, 'users\0by-other\0x'] });
const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `n${String(at).padStart(4, '0')}`);
const others = (count: number): readonly Held[] =>
  numbered(count).map((name) =>
    held(indexing, `others/${name}`, { purpose: 'build', cursor: '', passed: 0, dueAt: 0 }),
  );
const many = [
  users('building'),
  ...numbered(501).map((key) => user(key, key)),
  held(doc, 'usersa/x', { document: 1, bytes: 1 }),
];
const large = [users('building'), ...numbered(12).map((key) => user(key, 'x'.repeat(100) + key, undefined, 2 ** 20))];
const manyPosted = [users('dropping'), ...numbered(501).map((key) => posted(key, key))];

decisions(indexing, [
  ['starts a build', [], start('build'), [started('build')]],
  ['turns a build into a drop', [started('build')], start('clear'), [started('clear')]],
  ['does nothing without a start', [], step, []],

  [
    'lists fewer documents when they are large',
    [started('build')],
    step,
    [wasListed('', 'users/n0007', 8)],
    { facts: large },
  ],
  ['finishes a build without documents', [started('build')], step, [finished], { facts: [users('building')] }],
  [
    'lists the documents there are',
    [started('build')],
    step,
    [wasListed('', 'users/b', 2), finished],
    { facts: [users('building'), user('a', 'x'), user('b', 'y')] },
  ],
  [
    'lists no more than a part at one position',
    [started('build')],
    step,
    [wasListed('', 'users/n0499', 500)],
    { facts: many },
  ],
  [
    'goes on behind the part before',
    [started('build'), wasListed('', 'users/n0499', 500)],
    step,
    [wasListed('users/n0499', 'users/n0500', 1), finished],
    { facts: many },
  ],
  [
    'leaves room for other series',
    [started('build')],
    step,
    [wasListed('', 'users/n0099', 100)],
    { facts: [...many, ...others(4)] },
  ],
  [
    'fails when two documents of a part have one value',
    [started('build')],
    step,
    [failed('duplicate', 'users/a', 'users/b')],
    { facts: [users('building'), user('a', 'x'), user('b', 'x')] },
  ],
  [
    'fails when a document put meanwhile has the value',
    [started('build'), wasListed('', 'users/a', 1)],
    step,
    [failed('duplicate', 'users/a', 'users/b')],
    { facts: [users('building'), user('a', 'x'), posted('a', 'x'), user('b', 'x')] },
  ],
  [
    'passes over a document whose time has come',
    [started('build')],
    step,
    [wasListed('', 'users/b', 2), finished],
    { facts: [users('building'), user('a', 'x', now), user('b', 'x')] },
  ],
  [
    'does not compare where values need not be unique',
    [started('build')],
    step,
    [wasListed('', 'users/b', 2), finished],
    { facts: [users('building', false), user('a', 'x'), user('b', 'x')] },
  ],
  [
    'fails at a text that cannot be listed',
    [started('build')],
    step,
    [failed('tooLong', 'users/a')],
    { facts: [users('building'), user('a', 'x'.repeat(513))] },
  ],

  ['finishes a drop when nothing is listed', [started('clear')], step, [finished], { facts: [users('dropping')] }],
  ['takes a part off the index', [started('clear')], step, [cleared(500)], { facts: manyPosted }],
  [
    'takes the rest off',
    [started('clear'), cleared(500)],
    step,
    [cleared(1), finished],
    { facts: [users('dropping'), posted('a', 'x')] },
  ],

  ['ends when the namespace is gone', [started('build')], step, [finished]],
  ['ends when there is another index of the name', [started('clear')], step, [finished], { facts: [users('ready')] }],
]);

test('each part has a time of its own, though the clock stands still', () => {
  const moment = { position: 1, now: 5, level: 1, principal: '', credential: 'test', address: '' };
  const first = indexing.evolve(undefined, started('build'), moment);
  const second = indexing.evolve(first, wasListed('', 'users/a', 1), moment);
  const third = indexing.evolve(second, wasListed('users/a', 'users/b', 1), moment);
  expect([first?.dueAt, second?.dueAt, third?.dueAt]).toEqual([5, 6, 7]);
  expect(third).toMatchObject({ cursor: 'users/b', passed: 2 });
});

test('a part is read again as it was decided', () => {
  const facts = factsHolding(many);
  expect(part(facts, 'users', 'users/n0499', 500).map((fact) => fact.id)).toEqual(['users/n0500']);
  expect(listed(factsHolding(manyPosted), id, 2)).toEqual(['users/n0000', 'users/n0001']);
});
