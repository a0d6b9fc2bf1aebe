import type { AnyCommand } from '#commands/command';
import { keyOf, namespaceOf } from '#commands/flaredb/name';
import type { Happened } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import type { Reaction } from '#aggregates/procedure';
import { unexpired, type DocEvent } from '#aggregates/flaredb/doc';
import { indexPrefix } from '#aggregates/flaredb/index-key';
import { listed, part, type IndexingEvent } from '#aggregates/flaredb/indexing';
import { listingsOf, otherUnder, type Listing } from '#aggregates/flaredb/listing';
import { indexOf, namespaceKind } from '#aggregates/flaredb/namespace';
import { postingKind } from '#aggregates/flaredb/posting';

/** An event of a kind has the body of that kind. */
const bodyOf = <E extends DocEvent | IndexingEvent, K extends E['kind']>(event: Happened) =>
  event.body as Extract<E, { readonly kind: K }>['body'];

const put: Reaction['react'] = (event, facts) => {
  const { freedBytes, ...doc } = bodyOf<DocEvent, 'doc.put'>(event);
  const name = namespaceOf(event.id);
  const indexes = facts.get(namespaceKind, name)?.state.indexes ?? [];
  const isNew = freedBytes === undefined;
  return [
    usageBy(name, isNew ? 1 : 0, doc.bytes - (isNew ? 0 : freedBytes)),
    ...(indexes.length === 0
      ? []
      : listUnder(event.id, 'document' in doc ? listingsOf(name, indexes, doc.document).listings : [], [], facts)),
  ];
};

const end: Reaction['react'] = (event, facts) => {
  const { freedBytes } = bodyOf<DocEvent, 'doc.deleted' | 'doc.expired'>(event);
  const isListed = facts.get(postingKind, event.id) !== undefined;
  return [
    usageBy(namespaceOf(event.id), -1, -freedBytes),
    ...(isListed ? [{ kind: 'posting.set', id: event.id, body: { keys: [] } }] : []),
  ];
};

const list: Reaction['react'] = (event, facts, moment) => {
  const { after, documents } = bodyOf<IndexingEvent, 'indexing.listed'>(event);
  const name = namespaceOf(event.id);
  const namespace = facts.get(namespaceKind, name)?.state;
  const index = namespace === undefined ? undefined : indexOf(namespace, keyOf(event.id));
  if (index === undefined) return [];
  return part(facts, name, after, documents).flatMap(({ id, state }) => {
    if (!('document' in state) || unexpired(state, moment) === undefined) return [];
    const { listings } = listingsOf(name, [index], state.document);
    const kept = facts.get(postingKind, id)?.state.keys ?? [];
    return listings.length === 0 ? [] : listUnder(id, listings, kept, facts);
  });
};

const clear: Reaction['react'] = (event, facts) => {
  const { documents } = bodyOf<IndexingEvent, 'indexing.cleared'>(event);
  const prefix = indexPrefix(namespaceOf(event.id), keyOf(event.id));
  return listed(facts, event.id, documents).map((id) => {
    const keys = facts.get(postingKind, id)?.state.keys ?? [];
    return { kind: 'posting.set', id, body: { keys: keys.filter((key) => !key.startsWith(prefix)) } };
  });
};

/** Lists a document under these keys and the ones that it keeps. */
const listUnder = (
  id: string,
  listings: readonly Listing[],
  kept: readonly string[],
  facts: Facts,
): readonly AnyCommand[] => {
  const displaced = listings.map(({ index, key }) => (index.unique ? otherUnder(facts, key, id) : undefined));
  const keys = [...new Set([...kept, ...listings.map(({ key }) => key)])].sort();
  return [
    // Whoever is listed under the key of a unique index has expired, or this document would have been refused.
    ...[...new Set(displaced)]
      .filter((other) => other !== undefined)
      .map((other) => ({ kind: 'doc.expire', id: other, body: {} })),
    { kind: 'posting.set', id, body: { keys } },
  ];
};

const usageBy = (namespace: string, documents: number, bytes: number): AnyCommand => ({
  kind: 'namespace-usage.change',
  id: namespace,
  body: { documents, bytes },
});

const start =
  (purpose: 'build' | 'clear'): Reaction['react'] =>
  ({ id: namespace, body }) => {
    // The events of an index name it.
    const id = `${namespace}/${(body as { readonly name: string }).name}`;
    return [
      { kind: 'indexing.start', id, body: { purpose } },
      // The first part needs no timer, so the index of a small namespace is ready at the position that created it.
      { kind: 'indexing.step', id, body: {} },
    ];
  };

const finish: Reaction['react'] = ({ id }) => [
  { kind: 'namespace.finishIndex', id: namespaceOf(id), body: { name: keyOf(id) } },
];

const fail: Reaction['react'] = (event) => [
  {
    kind: 'namespace.failIndex',
    id: namespaceOf(event.id),
    body: { name: keyOf(event.id), failure: bodyOf<IndexingEvent, 'indexing.failed'>(event) },
  },
];

/**
 * What follows at the same position: what documents take and where they are listed from every change of one, and the
 * parts of a build or drop from the change of an index.
 */
export const bookkeeping: readonly Reaction[] = [
  { on: 'doc.put', react: put },
  { on: 'doc.deleted', react: end },
  { on: 'doc.expired', react: end },
  { on: 'namespace.indexRequested', react: start('build') },
  { on: 'namespace.indexDropRequested', react: start('clear') },
  { on: 'indexing.listed', react: list },
  { on: 'indexing.cleared', react: clear },
  { on: 'indexing.finished', react: finish },
  { on: 'indexing.failed', react: fail },
];
