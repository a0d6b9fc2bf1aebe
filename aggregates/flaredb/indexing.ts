import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import type { Instant } from '#commands/codec/scalar';
import {
  IndexingCleared,
  IndexingListed,
  startIndexing,
  stepIndexing,
  type IndexingCommand,
} from '#commands/flaredb/indexing';
import { keyOf, namespaceOf, within } from '#commands/flaredb/name';
import { IndexFailure } from '#commands/flaredb/namespace';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, type Decision, type Moment } from '#aggregates/decision';
import { kind, prefixEnd, type Fact, type Facts } from '#aggregates/facts';
import { docKind, ownerOf, unexpired, type Doc } from '#aggregates/flaredb/doc';
import { indexPrefix } from '#aggregates/flaredb/index-key';
import { listingsOf } from '#aggregates/flaredb/listing';
import { indexOf, namespaceKind, type Namespace } from '#aggregates/flaredb/namespace';
import { documentsByField } from '#aggregates/flaredb/posting';
import { nextTurn } from '#aggregates/series';

export interface Indexing {
  readonly purpose: 'build' | 'clear';
  /** The last document that was passed; empty before the first. */
  readonly cursor: string;
  readonly passed: number;
  readonly dueAt: Instant;
}

/** A series: its parts build or clear one index. */
export const indexingKind = kind<Indexing>('indexing');

type Nothing = Readonly<Record<string, never>>;

export type IndexingEvent =
  | { readonly kind: 'indexing.started'; readonly body: { readonly purpose: Indexing['purpose'] } }
  | { readonly kind: 'indexing.listed'; readonly body: TypeOf<typeof IndexingListed> }
  | { readonly kind: 'indexing.cleared'; readonly body: TypeOf<typeof IndexingCleared> }
  | { readonly kind: 'indexing.finished'; readonly body: Nothing }
  | { readonly kind: 'indexing.failed'; readonly body: IndexFailure };

/**
 * Documents that the series of one position may pass together, about 10 ms of work: other commands wait for no longer,
 * and as many timers as one position fires stay within its budget.
 */
const passedPerPosition = 500;

/** Of the documents of one part of a build, which is read twice; large documents make it shorter. */
const bytesPerPart = 8 * 2 ** 20;

/** At most as many timers fire at one position. */
const countedSeries = 100;

export const indexing: Aggregate<Indexing, IndexingCommand, IndexingEvent, never> = {
  kind: indexingKind,
  summary: 'An index that is being built or cleared.',
  commands: [startIndexing, stepIndexing],
  events: {
    'indexing.started': startIndexing.body,
    'indexing.listed': IndexingListed,
    'indexing.cleared': IndexingCleared,
    'indexing.finished': object({}),
    'indexing.failed': IndexFailure,
  },
  rejections: {},
  due: ({ dueAt }) => dueAt,
  onDue: 'indexing.step',

  decide(state, command, facts, moment) {
    if (command.kind === 'indexing.start') return accept({ kind: 'indexing.started', body: command.body });
    if (state === undefined) return accept();
    const name = namespaceOf(command.id);
    const namespace = facts.get(namespaceKind, name)?.state;
    const phase = namespace === undefined ? undefined : indexOf(namespace, keyOf(command.id))?.phase;
    // The namespace or the index may be gone, or there may be another one of its name.
    if (namespace === undefined || phase !== (state.purpose === 'build' ? 'building' : 'dropping')) return accept(end);
    return state.purpose === 'build' ? build(command.id, state, namespace, facts, moment) : clear(command.id, facts);
  },

  evolve(state, event, moment) {
    if (event.kind === 'indexing.started') {
      return { purpose: event.body.purpose, cursor: '', passed: 0, dueAt: moment.now };
    }
    if (state === undefined) return impossible(event);
    const dueAt = nextTurn(state.dueAt, moment);
    switch (event.kind) {
      case 'indexing.listed':
        return { ...state, cursor: event.body.upTo, passed: state.passed + event.body.documents, dueAt };
      case 'indexing.cleared':
        return { ...state, passed: state.passed + event.body.documents, dueAt };
      case 'indexing.finished':
      case 'indexing.failed':
        return undefined;
    }
  },
};

/** The part of a build behind a cursor. */
export const part = (facts: Facts, namespace: string, cursor: string, limit: number): readonly Fact<Doc>[] => {
  const { from, to } = within(namespace);
  return facts.range(docKind, { from: cursor === '' ? from : `${cursor}\0`, to, limit, maxBytes: bytesPerPart });
};

/** Documents that are still listed under an index, the first of them. */
export const listed = (facts: Facts, id: string, limit: number): readonly string[] => {
  const from = indexPrefix(namespaceOf(id), keyOf(id));
  const to = prefixEnd(from);
  return facts.index(documentsByField, { from, ...(to === undefined ? {} : { to }), limit }).map((row) => row.id);
};

const end: IndexingEvent = { kind: 'indexing.finished', body: {} };

const share = (facts: Facts): number => {
  const series = facts.range(indexingKind, { from: '', limit: countedSeries }).length;
  return Math.floor(passedPerPosition / Math.max(1, series));
};

const build = (
  id: string,
  { cursor }: Indexing,
  namespace: Namespace,
  facts: Facts,
  moment: Moment,
): Decision<IndexingEvent, never> => {
  const limit = share(facts);
  const documents = part(facts, namespaceOf(id), cursor, limit);
  const failure = obstacle(id, namespace, documents, facts, moment);
  if (failure !== undefined) return accept({ kind: 'indexing.failed', body: failure });
  const last = documents.at(-1);
  if (last === undefined) return accept(end);
  const passed: IndexingEvent = {
    kind: 'indexing.listed',
    body: { after: cursor, upTo: last.id, documents: documents.length },
  };
  const isLast = documents.length < limit && part(facts, namespaceOf(id), last.id, 1).length === 0;
  return isLast ? accept<IndexingEvent>(passed, end) : accept(passed);
};

const clear = (id: string, facts: Facts): Decision<IndexingEvent, never> => {
  const limit = share(facts);
  const documents = listed(facts, id, limit).length;
  if (documents === 0) return accept(end);
  const passed: IndexingEvent = { kind: 'indexing.cleared', body: { documents } };
  return documents < limit ? accept<IndexingEvent>(passed, end) : accept(passed);
};

/** Why these documents cannot all be listed. */
const obstacle = (
  id: string,
  namespace: Namespace,
  documents: readonly Fact<Doc>[],
  facts: Facts,
  moment: Moment,
): IndexFailure | undefined => {
  const index = indexOf(namespace, keyOf(id));
  if (index === undefined) return undefined;
  const owners = new Map<string, string>();
  for (const fact of documents) {
    if (!('document' in fact.state) || unexpired(fact.state, moment) === undefined) continue;
    const { listings, tooLong } = listingsOf(namespaceOf(id), [index], fact.state.document);
    if (tooLong !== undefined) return { reason: 'tooLong', documents: [docId(fact.id)] };
    const key = listings[0]?.key;
    if (key === undefined || !index.unique) continue;
    const owner = owners.get(key) ?? ownerOf(facts, moment, key, fact.id);
    if (owner !== undefined) return { reason: 'duplicate', documents: [docId(owner), docId(fact.id)] };
    owners.set(key, fact.id);
  }
  return undefined;
};

/** The id of a document that exists is of its pattern. */
const docId = (id: string) => id as IndexFailure['documents'][number];
