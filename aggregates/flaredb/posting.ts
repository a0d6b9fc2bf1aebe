import { setPosting, type PostingCommand } from '#commands/flaredb/posting';
import type { Aggregate } from '#aggregates/aggregate';
import { accept } from '#aggregates/decision';
import { kind } from '#aggregates/facts';

export interface Posting {
  /** In the order of the namespace's indexes. */
  readonly keys: readonly string[];
}

/**
 * Where a document is listed; the id is the document's. It is apart from the document, so that building an index
 * changes no document: no version, no watch, no compare-and-set sees it.
 */
export const postingKind = kind<Posting>('posting');

/** Lists documents by namespace, index and value. */
export const documentsByField = 'posting.key';

type PostingEvent = { readonly kind: 'posting.set'; readonly body: Posting };

export const posting: Aggregate<Posting, PostingCommand, PostingEvent, never> = {
  kind: postingKind,
  summary: 'Where a document is listed.',
  commands: [setPosting],
  events: { 'posting.set': setPosting.body },
  rejections: {},
  indexes: { [documentsByField]: ({ keys }) => keys },
  decide(state, { body }) {
    return sameKeys(state?.keys ?? [], body.keys) ? accept() : accept({ kind: 'posting.set', body });
  },
  evolve: (_state, { body }) => (body.keys.length === 0 ? undefined : body),
};

const sameKeys = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((key, at) => key === b[at]);
