import type { Json } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { maxContentBytes } from '#commands/flaredb/doc';
import type { Index, Namespace } from '#aggregates/flaredb/namespace';
import { doc, type Doc, type DocEvent } from '#aggregates/flaredb/doc';
import { namespace } from '#aggregates/flaredb/namespace';
import { posting } from '#aggregates/flaredb/posting';
import { namespaceUsage } from '#aggregates/flaredb/namespace-usage';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const id = 'users/ada' as Id<'doc'>;
const unlimited: Namespace = {
  maxDocuments: 0,
  maxBytes: 0,
  maxDocumentBytes: 0,
  consistency: 'strong',
  indexes: [],
};
const users = (settings: Partial<Namespace> = {}) => held(namespace, 'users', { ...unlimited, ...settings });
const used = (documents: number, bytes: number) => held(namespaceUsage, 'users', { documents, bytes });
const here = { facts: [users()] };
/** The usual moment is an hour after 1970 began. */
const now = 3_600_000;

const put = (document: Json, more: { ttlSeconds?: number; ifVersion?: number } = {}) => ({
  kind: 'doc.put' as const,
  id,
  body: { document, ...more },
});
const putRaw = (value: Uint8Array) => ({ kind: 'doc.put' as const, id, body: { value } });
const patch = (change: Json, more: { ttlSeconds?: number; ifVersion?: number } = {}) => ({
  kind: 'doc.patch' as const,
  id,
  body: { patch: change, ...more },
});
const remove = (more: { ifVersion?: number } = {}) => ({ kind: 'doc.delete' as const, id, body: more });
const expire = { kind: 'doc.expire' as const, id, body: {} };

const docOf = (document: Json, expiresAt?: number): Doc => ({
  document,
  bytes: Buffer.byteLength(JSON.stringify(document)),
  ...(expiresAt === undefined ? {} : { expiresAt }),
});
const wasPut = (document: Json, more: { expiresAt?: number; freedBytes?: number } = {}): DocEvent => ({
  kind: 'doc.put',
  body: { ...docOf(document), ...more },
});
const rawPut = (value: Uint8Array, freedBytes?: number): DocEvent => ({
  kind: 'doc.put',
  body: { value, bytes: value.length, ...(freedBytes === undefined ? {} : { freedBytes }) },
});
const deleted = (freedBytes: number): DocEvent => ({ kind: 'doc.deleted', body: { freedBytes } });
const expired = (freedBytes: number): DocEvent => ({ kind: 'doc.expired', body: { freedBytes } });

const raw = Buffer.from([0, 255]);
const full = { facts: [users({ maxDocuments: 2, maxBytes: 10 }), used(2, 10)] };
const index = (phase: 'building' | 'ready' | 'dropping' = 'ready', unique = true): Index => ({
  name: 'by-email',
  path: 'email',
  kind: 'text',
  unique,
  phase,
});
const key = 'users\0by-email\0a@b';
const taken = (owner: Doc, ...indexes: readonly Index[]) => ({
  facts: [users({ indexes }), held(doc, 'users/bob', owner), held(posting, 'users/bob', { keys: [key] })],
});
const long = 'x'.repeat(513);

decisions(doc, [
  ['sets a document', [], put({ a: 1 }), [wasPut({ a: 1 })], here],
  ['counts bytes, not characters', [], put('ä'), [{ kind: 'doc.put', body: { document: 'ä', bytes: 4 } }], here],
  ['sets null, which is a document', [], put(null), [wasPut(null)], here],
  ['sets a raw value', [], putRaw(raw), [rawPut(raw)], here],
  ['says what the content before took', [wasPut([])], put({ a: 1 }), [wasPut({ a: 1 }, { freedBytes: 2 })], here],
  ['sets a raw value in place of a document', [wasPut(1)], putRaw(raw), [rawPut(raw, 1)], here],
  ['takes the same document as done', [wasPut({ a: 1 })], put({ a: 1 }), [], here],
  ['takes the same raw value as done', [rawPut(raw)], putRaw(Buffer.from(raw)), [], here],
  [
    'tells a raw value from another',
    [rawPut(raw)],
    putRaw(Buffer.from([0, 254])),
    [rawPut(Buffer.from([0, 254]), 2)],
    here,
  ],
  ['tells a document from its bytes', [rawPut(Buffer.from('1'))], put(1), [wasPut(1, { freedBytes: 1 })], here],
  ['refuses a put of nothing', [], { kind: 'doc.put', id, body: {} }, 'doc.ambiguous', here],
  [
    'refuses a put of two things',
    [],
    { kind: 'doc.put', id, body: { document: 1, value: raw } },
    'doc.ambiguous',
    here,
  ],
  ['refuses a namespace that does not exist', [], put(1), 'namespace.absent'],

  ['creates what must not exist', [], put(1, { ifVersion: 0 }), [wasPut(1)], here],
  ['refuses to create what exists', [wasPut(1)], put(2, { ifVersion: 0 }), 'doc.version', here],
  [
    'changes the expected version',
    [wasPut(1), wasPut(2)],
    put(3, { ifVersion: 2 }),
    [wasPut(3, { freedBytes: 1 })],
    here,
  ],
  ['refuses to change another version', [wasPut(1), wasPut(2)], put(3, { ifVersion: 1 }), 'doc.version', here],
  ['refuses to change what does not exist', [], put(3, { ifVersion: 1 }), 'doc.version', here],

  ['deletes a document', [wasPut([])], remove(), [deleted(2)], here],
  ['takes the deletion of nothing as done', [wasPut([]), deleted(2)], remove(), [], here],
  ['deletes the expected version', [wasPut([])], remove({ ifVersion: 1 }), [deleted(2)], here],
  ['refuses to delete another version', [wasPut([])], remove({ ifVersion: 2 }), 'doc.version', here],
  ['deletes in a namespace above its limits', [wasPut([])], remove(), [deleted(2)], full],

  ['patches a document', [wasPut({ a: 1, b: 2 })], patch({ b: null }), [wasPut({ a: 1 }, { freedBytes: 13 })], here],
  ['takes a patch that changes nothing as done', [wasPut({ a: 1 })], patch({ a: 1, b: null }), [], here],
  [
    'patches the expected version',
    [wasPut({})],
    patch({ a: 1 }, { ifVersion: 1 }),
    [wasPut({ a: 1 }, { freedBytes: 2 })],
    here,
  ],
  ['refuses to patch another version', [wasPut({})], patch({ a: 1 }, { ifVersion: 3 }), 'doc.version', here],
  ['refuses to patch what does not exist', [], patch({ a: 1 }), 'doc.absent', here],
  ['refuses to patch a raw value', [rawPut(raw)], patch({ a: 1 }), 'doc.raw', here],

  ['sets a time to live', [], put(1, { ttlSeconds: 60 }), [wasPut(1, { expiresAt: now + 60_000 })], here],
  ['lifts it by a put without one', [wasPut(1, { expiresAt: now + 1 })], put(1), [wasPut(1, { freedBytes: 1 })], here],
  [
    'keeps it in a patch',
    [wasPut({}, { expiresAt: now + 1 })],
    patch({ a: 1 }),
    [wasPut({ a: 1 }, { expiresAt: now + 1, freedBytes: 2 })],
    here,
  ],
  [
    'prolongs it by a patch',
    [wasPut({}, { expiresAt: now + 1 })],
    patch({}, { ttlSeconds: 1 }),
    [wasPut({}, { expiresAt: now + 1_000, freedBytes: 2 })],
    here,
  ],
  ['ends when the time has come', [wasPut([], { expiresAt: now })], expire, [expired(2)], here],
  ['does not end before', [wasPut([], { expiresAt: now + 1 })], expire, [], here],
  ['does not end without a time', [wasPut([])], expire, [], here],
  ['has ended already', [wasPut([]), expired(2)], expire, [], here],
  [
    'is created anew when its time has come without the timer',
    [wasPut([], { expiresAt: now })],
    put(1, { ifVersion: 0 }),
    [expired(2), wasPut(1)],
    here,
  ],
  ['ends instead of being deleted', [wasPut([], { expiresAt: now })], remove(), [expired(2)], here],
  ['cannot be patched when its time has come', [wasPut({}, { expiresAt: now })], patch({}), 'doc.absent', here],

  ['refuses a document beyond the number', [], put(1), 'namespace.full', full],
  ['refuses bytes beyond the limit', [wasPut(1)], put(11), 'namespace.full', full],
  [
    'changes a document of a full namespace within its bytes',
    [wasPut(1)],
    put(2),
    [wasPut(2, { freedBytes: 1 })],
    full,
  ],
  ['reaches a limit', [], put(1), [wasPut(1)], { facts: [users({ maxDocuments: 3, maxBytes: 11 }), used(2, 10)] }],
  ['refuses what one may not take here', [], put('abc'), 'doc.tooLarge', { facts: [users({ maxDocumentBytes: 4 })] }],
  ['refuses what none may take', [wasPut({ a: 1 })], patch({ b: 'x'.repeat(maxContentBytes) }), 'doc.tooLarge', here],

  ['refuses the value of another', [], put({ email: 'a@b' }), 'doc.duplicate', taken(docOf(1), index())],
  [
    'refuses it while the index is built',
    [],
    put({ email: 'a@b' }),
    'doc.duplicate',
    taken(docOf(1), index('building')),
  ],
  [
    'takes the value of one whose time has come',
    [],
    put({ email: 'a@b' }),
    [wasPut({ email: 'a@b' })],
    taken(docOf(1, now), index()),
  ],
  [
    'shares a value where it need not be unique',
    [],
    put({ email: 'a@b' }),
    [wasPut({ email: 'a@b' })],
    taken(docOf(1), index('ready', false)),
  ],
  [
    'shares it when the index is being dropped',
    [],
    put({ email: 'a@b' }),
    [wasPut({ email: 'a@b' })],
    taken(docOf(1), index('dropping')),
  ],
  ['refuses a text that cannot be listed', [], put({ email: long }), 'doc.unindexable', taken(docOf(1), index())],
  ['sets what is not listed anyway', [], put({ email: 7 }), [wasPut({ email: 7 })], taken(docOf(1), index())],
]);
