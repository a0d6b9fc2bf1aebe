import { decode } from '#commands/codec/decode';
import { loadDocs, maxContentBytes, txnDoc, type DocLoadCommand, type DocTxnCommand } from '#commands/flaredb/doc';
import { bookkeeping } from '#aggregates/flaredb/bookkeeping';
import { doc } from '#aggregates/flaredb/doc';
import { indexing } from '#aggregates/flaredb/indexing';
import { namespace } from '#aggregates/flaredb/namespace';
import { posting } from '#aggregates/flaredb/posting';
import { docLoad, docTxn } from '#aggregates/flaredb/txn';
import { namespaceUsage } from '#aggregates/flaredb/namespace-usage';
import { performances } from '#harness/performances';

const components = [
  {
    name: 'flaredb',
    summary: '',
    aggregates: [namespace, doc, namespaceUsage, posting, indexing],
    procedures: [docTxn, docLoad],
    reactions: bookkeeping,
    views: [],
  },
];

/** Written as a client writes it. */
const txn = (body: unknown): DocTxnCommand => {
  const decoded = decode(txnDoc.body, body);
  if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left));
  return { kind: 'doc.txn', id: '', body: decoded.right };
};
const load = (...documents: readonly (readonly [key: string, document: unknown])[]): DocLoadCommand => {
  const written = { namespace: 'a', documents: documents.map(([key, document]) => ({ key, document })) };
  const decoded = decode(loadDocs.body, written);
  if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left));
  return { kind: 'doc.load', id: '', body: decoded.right };
};
const create = (id: string, body: unknown = {}) => ({ kind: 'namespace.create', id, body });
const put = (id: string, document: unknown) => ({ kind: 'doc.put', id, body: { document } });
const wasPut = (id: string, document: unknown, bytes: number, more = {}) => ({
  kind: 'doc.put',
  id,
  body: { document, bytes, ...more },
});
const deleted = (id: string, freedBytes: number) => ({ kind: 'doc.deleted', id, body: { freedBytes } });
const used = (id: string, documents: number, bytes: number) => ({
  kind: 'namespace-usage.changed',
  id,
  body: { documents, bytes },
});

const ab = [create('a'), create('b')];
const unique = create('a', { indexes: [{ name: 'by-x', path: 'x', kind: 'text', unique: true }] });

performances(docTxn, components, [
  ['nothing for no operations', [], txn({ operations: [] }), { events: [], reply: { documents: [] } }],
  [
    'changes in two namespaces, with their versions',
    [...ab, put('a/1', 1), put('a/1', 2), put('b/1', 3)],
    txn({
      checks: [
        { id: 'a/1', version: 2 },
        { id: 'a/9', version: 0 },
      ],
      operations: [
        { put: { id: 'a/1', document: 10 } },
        { delete: { id: 'b/1', ifVersion: 1 } },
        { put: { id: 'b/2', document: {}, ifVersion: 0 } },
      ],
    }),
    {
      events: [
        wasPut('a/1', 10, 2, { freedBytes: 1 }),
        used('a', 1, 2),
        deleted('b/1', 1),
        used('b', 0, 0),
        wasPut('b/2', {}, 2),
        used('b', 1, 2),
      ],
      reply: {
        documents: [
          { id: 'a/1', version: 3 },
          { id: 'b/1', version: 0 },
          { id: 'b/2', version: 1 },
        ],
      },
    },
  ],
  [
    'a patch',
    [...ab, put('a/1', { x: 1, y: 2 })],
    txn({ operations: [{ patch: { id: 'a/1', patch: { x: null } } }] }),
    {
      events: [wasPut('a/1', { y: 2 }, 7, { freedBytes: 13 }), used('a', 1, 7)],
      reply: { documents: [{ id: 'a/1', version: 2 }] },
    },
  ],
  [
    'a unique value handed from one document to the next',
    [unique, put('a/1', { x: 'me' })],
    txn({ operations: [{ delete: { id: 'a/1' } }, { put: { id: 'a/2', document: { x: 'me' } } }] }),
    {
      events: [
        deleted('a/1', 10),
        used('a', 0, 0),
        { kind: 'posting.set', id: 'a/1', body: { keys: [] } },
        wasPut('a/2', { x: 'me' }, 10),
        used('a', 1, 10),
        { kind: 'posting.set', id: 'a/2', body: { keys: ['a\0by-x\0me'] } },
      ],
      reply: {
        documents: [
          { id: 'a/1', version: 0 },
          { id: 'a/2', version: 1 },
        ],
      },
    },
  ],
  [
    'a refusal when a checked document has changed',
    [...ab, put('a/1', 1)],
    txn({ checks: [{ id: 'a/1', version: 2 }], operations: [{ delete: { id: 'a/1' } }] }),
    'doc.version',
  ],
  [
    'a refusal when a checked document exists no more, though its timer has not fired',
    [...ab, { kind: 'doc.put', id: 'a/1', body: { document: 1, ttlSeconds: 1 } }],
    txn({ checks: [{ id: 'a/1', version: 1 }], operations: [] }),
    'doc.version',
    1_000,
  ],
  [
    'a refusal of a second change of a document',
    ab,
    txn({ operations: [{ put: { id: 'a/1', document: 1 } }, { delete: { id: 'a/1' } }] }),
    'doc.repeated',
  ],
  [
    'a refusal of one operation, which refuses all',
    ab,
    txn({ operations: [{ put: { id: 'a/1', document: 1 } }, { put: { id: 'c/1', document: 1 } }] }),
    'namespace.absent',
  ],
  ['a refusal of a put of nothing', ab, txn({ operations: [{ put: { id: 'a/1' } }] }), 'doc.ambiguous'],
  [
    'a refusal to patch what does not exist',
    ab,
    txn({ operations: [{ patch: { id: 'a/1', patch: {} } }] }),
    'doc.absent',
  ],
  [
    'a refusal to patch a raw value',
    [...ab, { kind: 'doc.put', id: 'a/1', body: { value: Buffer.from('x') } }],
    txn({ operations: [{ patch: { id: 'a/1', patch: {} } }] }),
    'doc.raw',
  ],
  [
    'a refusal beyond the limits of a namespace, counted over the whole transaction',
    [create('a', { maxDocuments: 1 })],
    txn({ operations: [{ put: { id: 'a/1', document: 1 } }, { put: { id: 'a/2', document: 1 } }] }),
    'namespace.full',
  ],
  [
    'a refusal of a document that grows too large',
    [...ab, put('a/1', { x: 'x'.repeat(maxContentBytes - 8) })],
    txn({ operations: [{ patch: { id: 'a/1', patch: { y: 1 } } }] }),
    'doc.tooLarge',
  ],
  [
    'a refusal of a value that is taken in the same transaction',
    [unique],
    txn({ operations: [{ put: { id: 'a/1', document: { x: '1' } } }, { put: { id: 'a/2', document: { x: '1' } } }] }),
    'doc.duplicate',
  ],
  [
    'a refusal of a text that cannot be listed',
    [unique],
    txn({ operations: [{ put: { id: 'a/1', document: { x: 'x'.repeat(513) } } }] }),
    'doc.unindexable',
  ],
]);

performances(docLoad, components, [
  [
    'documents that are new or changed',
    [...ab, put('a/1', 1), put('a/2', 2)],
    load(['1', 1], ['2', 22], ['3', 3]),
    {
      events: [wasPut('a/2', 22, 2, { freedBytes: 1 }), used('a', 2, 3), wasPut('a/3', 3, 1), used('a', 3, 4)],
      reply: { written: 2, unchanged: 1 },
    },
  ],
  [
    'no events when it is repeated',
    [...ab, load(['1', 1])],
    load(['1', 1]),
    { events: [], reply: { written: 0, unchanged: 1 } },
  ],
  ['a refusal of a key that is given twice', ab, load(['1', 1], ['1', 2]), 'doc.repeated'],
  ['a refusal of a namespace that does not exist', [], load(['1', 1]), 'namespace.absent'],
  ['a refusal beyond a limit', [create('a', { maxBytes: 2 })], load(['1', 1], ['2', 22]), 'namespace.full'],
  [
    'a refusal of a document that is too large',
    [create('a', { maxDocumentBytes: 2 })],
    load(['1', 100]),
    'doc.tooLarge',
  ],
  ['a refusal of a value that is taken', [unique], load(['1', { x: '1' }], ['2', { x: '1' }]), 'doc.duplicate'],
  ['a refusal of a text that cannot be listed', [unique], load(['1', { x: 'x'.repeat(513) }]), 'doc.unindexable'],
]);
