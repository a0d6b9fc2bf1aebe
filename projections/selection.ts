import type { Fact, Facts, IdRange, Kind } from '#aggregates/facts';

/** Ids from `from` (included) up to `to` (excluded; absent: no end). */
export type Bounds = Pick<IdRange, 'from' | 'to'>;

/** Which part of a list is asked for. */
export interface Page {
  /** The cursor that the page before ended with. */
  readonly after?: string;
  readonly limit: number;
}

export interface Selection<S> {
  readonly facts: readonly Fact<S>[];
  /** Where the next page begins, as a string of one char per byte; absent at the end of the list. */
  readonly cursor?: string;
}

/** One page of the objects whose ids lie in a range, in order of id. */
export const pageOf = <S>(kind: Kind<S>, range: Omit<IdRange, 'limit'>, facts: Facts, page: Page): Selection<S> => {
  const found = facts.range(kind, { ...behind(range, page.after), limit: page.limit + 1 });
  return cut(found, page.limit, ({ id }) => id);
};

/** Ends a page at its limit; `found` has one item more when the list goes on. */
const cut = <S>(found: readonly Fact<S>[], limit: number, cursorOf: (last: Fact<S>) => string): Selection<S> => {
  const last = found.length > limit ? found[limit - 1] : undefined;
  return last === undefined ? { facts: found } : { facts: found.slice(0, limit), cursor: cursorOf(last) };
};

const behind = (range: Omit<IdRange, 'limit'>, after: string | undefined): Omit<IdRange, 'limit'> => {
  if (after === undefined) return range;
  if (range.reverse === true) return range.to === undefined || after < range.to ? { ...range, to: after } : range;
  const from = `${after}\0`;
  return from > range.from ? { ...range, from } : range;
};
