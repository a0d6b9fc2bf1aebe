import type { TypeOf } from '#commands/codec/codec';
import { list, object, oneOf, optional } from '#commands/codec/object';
import { boolean, bytes, integer, json, text, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { DocId, DocKey, IndexName, NamespaceId } from '#commands/flaredb/name';
import { view } from '#commands/view';

/** Of the content, in a namespace that sets no lower limit: it must fit into a request as base64. */
export const maxContentBytes = 2 ** 20;

/** Operations, or checks, of one transaction. */
const maxTxnOperations = 500;

/** Documents of one load. */
const maxLoadDocuments = 1_000;

const Document = json('document', { summary: 'A JSON document.', maxBytes: maxContentBytes });
const Value = bytes('value', { summary: 'Bytes that are no JSON document.', maxBytes: maxContentBytes });

const Version = (summary: string) => integer('version', { summary, unit: 'version' });
const IfVersion = Version('Refuse unless the document has this version; 0: unless it does not exist.');

const TtlSeconds = integer('time to live', {
  summary: 'The document expires after this time.',
  unit: 'seconds',
  min: 1,
  max: 3_200_000_000,
});

const content = { document: optional(Document), value: optional(Value) };
const stored = {
  ...content,
  bytes: integer('bytes', { summary: 'Of the value, or of the document as compact JSON in UTF-8.', unit: 'bytes' }),
  expiresAt: optional(time('expires at', { summary: 'When it is deleted; absent: never.' })),
};
const put = { ...content, ttlSeconds: optional(TtlSeconds), ifVersion: optional(IfVersion) };
const remove = { ifVersion: optional(IfVersion) };
const patch = {
  patch: json('merge patch', {
    summary: 'A JSON merge patch (RFC 7396): its properties replace, and null removes.',
    maxBytes: maxContentBytes,
  }),
  ttlSeconds: optional(TtlSeconds),
  ifVersion: optional(IfVersion),
};

export const putDoc = command('doc', 'put', {
  summary: 'Set a document or raw value. Without a time to live it stays until it is deleted.',
  id: DocId,
  body: put,
  cli: { positional: ['document'] },
  examples: [
    { title: 'Set a document.', id: 'users/ada', body: { document: { name: 'Ada', age: 36 } } },
    { title: 'Create it only if it does not exist.', id: 'users/bob', body: { document: {}, ifVersion: 0 } },
    { title: 'Set a raw value for an hour.', id: 'users/token', body: { valueBase64: '/wA=', ttlSeconds: 3_600 } },
  ],
});

export const patchDoc = command('doc', 'patch', {
  summary: 'Change properties of a document. It keeps its time to live unless another one is given.',
  id: DocId,
  body: patch,
  cli: { positional: ['patch'] },
  examples: [{ title: 'Change one property.', id: 'users/ada', body: { patch: { age: 37 } } }],
});

export const deleteDoc = command('doc', 'delete', {
  summary: 'Delete a document. One that does not exist is no error.',
  id: DocId,
  body: remove,
});

export const expireDoc = command('doc', 'expire', {
  summary: 'Delete a document whose time has come.',
  id: DocId,
  internal: true,
  body: {},
});

export const txnDoc = command('doc', 'txn', {
  summary: 'Check versions, then carry out operations on documents of any namespaces, all or nothing.',
  id: undefined,
  composed: true,
  body: {
    checks: optional(
      list(object({ id: DocId, version: Version('The version it must have; 0: it must not exist.') }), {
        summary: 'Documents that must not have changed.',
        maxItems: maxTxnOperations,
      }),
    ),
    operations: list(
      oneOf({
        put: object({ id: DocId, ...put }),
        patch: object({ id: DocId, ...patch }),
        delete: object({ id: DocId, ...remove }),
      }),
      { summary: 'Carried out in order, each document once.', maxItems: maxTxnOperations },
    ),
  },
  reply: object({
    documents: list(object({ id: DocId, version: Version('Its version now; 0: it does not exist.') }), {
      summary: 'One for each operation, in order.',
      maxItems: maxTxnOperations,
    }),
  }),
  examples: [
    {
      title: 'Move a document if nobody changed it.',
      body: {
        checks: [{ id: 'users/ada', version: 3 }],
        operations: [{ put: { id: 'former/ada', document: { name: 'Ada' } } }, { delete: { id: 'users/ada' } }],
      },
    },
  ],
});

export const loadDocs = command('doc', 'load', {
  summary: 'Set many documents of a namespace. Those that are there already with the same content do not change.',
  id: undefined,
  composed: true,
  body: {
    namespace: NamespaceId,
    documents: list(object({ key: DocKey, document: Document }), {
      summary: 'Each key once.',
      maxItems: maxLoadDocuments,
    }),
  },
  reply: object({
    written: integer('written', { summary: 'Documents that were new or changed.', unit: 'count' }),
    unchanged: integer('unchanged', { summary: 'Documents that were there already.', unit: 'count' }),
  }),
  examples: [
    {
      title: 'Load two.',
      body: {
        namespace: 'users',
        documents: [
          { key: 'ada', document: 1 },
          { key: 'bob', document: 2 },
        ],
      },
    },
  ],
});

const FreedBytes = integer('freed bytes', { summary: 'What the content before took.', unit: 'bytes' });

/** What became of a document; `freedBytes` is absent where there was none before. */
export const DocPut = object({ ...stored, freedBytes: optional(FreedBytes) });
export const DocEnded = object({ freedBytes: FreedBytes });

export type DocCommand = CommandOf<typeof putDoc | typeof patchDoc | typeof deleteDoc | typeof expireDoc>;
export type DocTxnCommand = CommandOf<typeof txnDoc>;
export type DocLoadCommand = CommandOf<typeof loadDocs>;

const Bound = (summary: string) => text('bound', { summary, maxLength: 512 });

export const DocFilters = object({
  namespace: optional(NamespaceId),
  prefix: optional(text('prefix', { summary: 'Only keys that start with this; needs a namespace.', maxLength: 512 })),
  from: optional(Bound('From this key, or from this value of the index, on; needs a namespace.')),
  to: optional(Bound('Up to this key or value, excluded; needs a namespace.')),
  index: optional(IndexName),
  equals: optional(Bound('Only documents with this value at the path of the index.')),
  reverse: optional(boolean('reverse', { summary: 'From the last to the first.' })),
});

export type DocFilters = TypeOf<typeof DocFilters>;

export const docs = view('doc', {
  summary: 'Documents in order of their ids, or of an index.',
  id: DocId,
  row: object({
    id: DocId,
    namespace: NamespaceId,
    key: DocKey,
    ...stored,
    version: Version('Changes since it was created, from 1.'),
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  filters: DocFilters.shape.props,
  columns: [
    { title: 'DOCUMENT', path: 'id' },
    { title: 'CONTENT', path: 'document' },
    { title: 'VERSION', path: 'version' },
    { title: 'BYTES', path: 'bytes', wide: true },
    { title: 'MOD', path: 'modPosition', wide: true },
    { title: 'EXPIRES', path: 'expiresAt', wide: true },
  ],
});
