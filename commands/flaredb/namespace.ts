import type { TypeOf } from '#commands/codec/codec';
import { list, object, optional } from '#commands/codec/object';
import { boolean, choice, integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { DocId, IndexName, NamespaceId } from '#commands/flaredb/name';
import { view } from '#commands/view';

/** A put may change one row of each index, so their number is part of what fits into an entry's budget. */
export const maxIndexes = 16;

const Consistency = choice('consistency', {
  summary: 'What a read that asks for nothing else gets: `strong` is linearizable, `local` is what this replica has.',
  values: ['strong', 'local'],
});

const limits = {
  maxDocuments: integer('documents at most', { summary: 'Documents it may hold; 0: no limit.', unit: 'count' }),
  maxBytes: integer('bytes at most', { summary: 'Bytes its documents may take together; 0: no limit.', unit: 'bytes' }),
  maxDocumentBytes: integer('bytes of a document at most', {
    summary: 'Bytes that one document may take; 0: no limit but the one of every document.',
    unit: 'bytes',
  }),
};

const indexFields = {
  name: IndexName,
  path: text('path', {
    summary: 'Where the indexed value is in a document: names of properties with dots between.',
    pattern: '[^.\\u0000-\\u001f]{1,64}(?:\\.[^.\\u0000-\\u001f]{1,64}){0,15}',
    example: 'address.city',
  }),
  kind: choice('kind', {
    summary: 'The type of the value. A document with another type there, or with nothing, is not listed.',
    values: ['text', 'number', 'boolean'],
  }),
  unique: optional(boolean('unique', { summary: 'Refuse a second document with the same value.' })),
};

export const IndexSpec = object(indexFields);

export const IndexFailure = object({
  reason: choice('reason', {
    summary: 'Two documents have the value of a unique index, or one has a text that is too long to be listed.',
    values: ['duplicate', 'tooLong'],
  }),
  documents: list(DocId, { summary: 'The documents in the way.', minItems: 1, maxItems: 2 }),
});

const limited = {
  maxDocuments: optional(limits.maxDocuments),
  maxBytes: optional(limits.maxBytes),
  maxDocumentBytes: optional(limits.maxDocumentBytes),
  consistency: optional(Consistency),
};

export const createNamespace = command('namespace', 'create', {
  summary: 'Create a namespace: documents with limits and indexes of their own.',
  id: NamespaceId,
  body: {
    ...limited,
    indexes: optional(list(IndexSpec, { summary: 'Indexes from the start.', maxItems: maxIndexes })),
  },
  examples: [
    {
      title: 'Users, no two with one address.',
      id: 'users',
      body: {
        maxDocuments: 100_000,
        indexes: [{ name: 'by-email', path: 'contact.email', kind: 'text', unique: true }],
      },
    },
  ],
});

export const updateNamespace = command('namespace', 'update', {
  summary: 'Change limits. What is left out stays; a limit below what is used lets nothing grow.',
  id: NamespaceId,
  body: limited,
  examples: [{ title: 'Lift the limit of documents.', id: 'users', body: { maxDocuments: 0 } }],
});

export const deleteNamespace = command('namespace', 'delete', {
  summary: 'Delete a namespace that holds no documents.',
  id: NamespaceId,
  body: {},
});

export const createIndex = command('namespace', 'createIndex', {
  summary: 'Index a property. Documents that exist are listed part by part while work goes on.',
  id: NamespaceId,
  body: indexFields,
  cli: { words: ['namespace', 'create-index'], positional: ['name', 'path'] },
  examples: [{ title: 'Find by age.', id: 'users', body: { name: 'by-age', path: 'age', kind: 'number' } }],
});

export const dropIndex = command('namespace', 'dropIndex', {
  summary: 'Drop an index. Dropping it and creating it again rebuilds it.',
  id: NamespaceId,
  body: { name: IndexName },
  cli: { words: ['namespace', 'drop-index'], positional: ['name'] },
});

export const finishIndex = command('namespace', 'finishIndex', {
  summary: 'Say that an index lists all documents, or none any more.',
  id: NamespaceId,
  internal: true,
  body: { name: IndexName },
});

export const failIndex = command('namespace', 'failIndex', {
  summary: 'Say that an index cannot be built.',
  id: NamespaceId,
  internal: true,
  body: { name: IndexName, failure: IndexFailure },
});

export type IndexSpec = TypeOf<typeof IndexSpec>;
export type IndexFailure = TypeOf<typeof IndexFailure>;

export type NamespaceCommand = CommandOf<
  | typeof createNamespace
  | typeof updateNamespace
  | typeof deleteNamespace
  | typeof createIndex
  | typeof dropIndex
  | typeof finishIndex
  | typeof failIndex
>;

const IndexRow = object({
  ...indexFields,
  phase: choice('phase', {
    summary: 'Only a ready index answers queries. A failed one is dropped by an operator.',
    values: ['building', 'ready', 'failed', 'dropping'],
  }),
  passed: optional(integer('passed', { summary: 'Documents that a build or a drop has passed.', unit: 'count' })),
  failure: optional(IndexFailure),
});

export const namespaces = view('namespace', {
  summary: 'Namespaces with what they use.',
  id: NamespaceId,
  row: object({
    id: NamespaceId,
    documents: integer('documents', { summary: 'Documents it holds.', unit: 'count' }),
    bytes: integer('bytes', { summary: 'Bytes its documents take together.', unit: 'bytes' }),
    ...limits,
    consistency: Consistency,
    indexes: list(IndexRow, { summary: 'Its indexes, in order of creation.', maxItems: maxIndexes }),
    version: integer('version', { summary: 'Changes since it was created, from 1.', unit: 'version' }),
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'NAMESPACE', path: 'id' },
    { title: 'DOCUMENTS', path: 'documents' },
    { title: 'BYTES', path: 'bytes' },
    { title: 'MAX DOCUMENTS', path: 'maxDocuments', wide: true },
    { title: 'MAX BYTES', path: 'maxBytes', wide: true },
    { title: 'CONSISTENCY', path: 'consistency' },
  ],
});
