import { id, text, type Id } from '#commands/codec/scalar';

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

/** Visible ASCII, so that the order of keys is the same in every language and a key survives any terminal. */
const key = '[!-~]{1,512}';

export const NamespaceId = id('namespace', { example: 'users' });

export const IndexName = text('index name', {
  summary: 'The name of an index within its namespace.',
  pattern: label,
  minLength: 1,
  maxLength: 63,
  example: 'by-email',
});

export const DocId = id('doc', {
  summary: 'The namespace and the key of a document, as in `users/ada`.',
  pattern: `${label}/${key}`,
  maxLength: 576,
  example: 'users/ada',
});

export const DocKey = text('key', {
  summary: 'The key of a document within its namespace: 1 to 512 visible ASCII characters, slashes included.',
  pattern: key,
  minLength: 1,
  maxLength: 512,
  example: 'ada',
});

/** One index of one namespace, as it is built or cleared. */
export const IndexingId = id('indexing', {
  summary: 'The namespace and the index, as in `users/by-email`.',
  pattern: `${label}/${label}`,
  maxLength: 127,
  example: 'users/by-email',
});

/** The namespace that a document is in, or an index belongs to. */
export const namespaceOf = (name: string): Id<'namespace'> =>
  // What is before the slash is of the pattern of a namespace.
  name.slice(0, name.indexOf('/')) as Id<'namespace'>;

/** What follows the namespace: a document's key, or an index's name. */
export const keyOf = (name: string): string => name.slice(name.indexOf('/') + 1);

/** The ids of a namespace: from its first up to behind its last. A slash is followed by a zero. */
export const within = (namespace: string): { readonly from: string; readonly to: string } => ({
  from: `${namespace}/`,
  to: `${namespace}0`,
});
