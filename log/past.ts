import type { Fact, Facts, IdRange, IndexQuery, IndexRow, Kind, Versioned } from '#aggregates/facts';
import type { AnyAggregate } from '#aggregates/aggregate';
import { factsOf, statesIn } from '#log/facts';
import { escaped, integerKey, integerOfKey, splitKey, stateKey, unescaped, versionKey } from '#log/key';
import { decodeOutcome } from '#log/outcome';
import type { KeyRange, Rows, Table } from '#log/rows';

/** Told of every noun whose past is read, so that a reader finds out whether all of it was kept. */
export type OnRead = (noun: string) => void;

const ignore: OnRead = () => undefined;

/**
 * The rows as they were at a past position, read from the versions that were kept. Only `state` has a past; an index
 * of the past is computed from the states (`factsAt`).
 */
export const rowsAt = (rows: Rows, position: number, onRead: OnRead = ignore): Rows => ({
  get: (table: Table, key: string) => {
    if (table !== 'state') return rows.get(table, key);
    const { noun, id } = splitKey(key);
    onRead(noun);
    return stateAt(rows, noun, id, position);
  },
  range: (table: Table, range: KeyRange) => {
    if (table !== 'state') return rows.range(table, range);
    onRead(splitKey(range.from).noun);
    return statesAt(rows, range, position);
  },
});

/**
 * Where the history goes on, for a position that a restore left out: such a position belonged to entries that the
 * backup did not hold, or to none. Undefined for every other one.
 */
export const resumedAfter = (rows: Rows, head: number, position: number): number | undefined => {
  if (position >= head) return undefined;
  for (const [key] of rows.range('outcome', { from: integerKey(position), to: integerKey(head + 1) })) {
    const resumed = integerOfKey(key, 0) - 1;
    return resumed > position ? resumed : undefined;
  }
  return head;
};

/** The last position up to `head` whose time is not after an instant; times never run backwards along positions. */
export const lastUpTo = (rows: Rows, head: number, instantMs: number): number => {
  let low = 0;
  let high = head;
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2);
    const next = firstOutcome(rows, middle, head);
    if (next !== undefined && next.nowMs <= instantMs) low = next.position;
    else high = middle - 1;
  }
  return low;
};

const firstOutcome = (rows: Rows, from: number, head: number): { position: number; nowMs: number } | undefined => {
  for (const [key, bytes] of rows.range('outcome', { from: integerKey(from), to: integerKey(head + 1) })) {
    const position = integerOfKey(key, 0);
    return { position, nowMs: decodeOutcome(position, bytes as Buffer).nowMs };
  }
  return undefined;
};

const stateAt = (rows: Rows, noun: string, id: string, position: number): Versioned<unknown> | undefined => {
  const current = rows.get('state', stateKey(noun, id)) as Versioned<unknown> | undefined;
  if (current !== undefined && current.modPosition <= position) return current;
  // The first state that ended after the position held at it, unless it began after it.
  const from = versionKey(noun, id, position + 1);
  for (const [, value] of rows.range('version', { from, to: `${noun}\0${escaped(id)}${'\xff'.repeat(9)}` })) {
    const version = value as Versioned<unknown>;
    return version.modPosition <= position ? version : undefined;
  }
  return undefined;
};

function* statesAt(rows: Rows, range: KeyRange, position: number): Iterable<readonly [string, unknown]> {
  const { noun } = splitKey(range.from);
  const reverse = range.reverse ?? false;
  const current = idsOf(rows, 'state', range);
  const former = idsOf(rows, 'version', versionRange(noun, range));
  let a = current.next();
  let b = former.next();
  while (a.done !== true || b.done !== true) {
    const own = a.done === true ? undefined : a.value;
    const old = b.done === true ? undefined : b.value;
    const id = own === undefined ? old : old === undefined ? own : own < old !== reverse ? own : old;
    if (own === id) a = current.next();
    if (old === id) b = former.next();
    if (id === undefined) return;
    const state = stateAt(rows, noun, id, position);
    if (state !== undefined) yield [stateKey(noun, id), state];
  }
}

const versionRange = (noun: string, range: KeyRange): KeyRange => {
  const bound = (key: string): string =>
    key === `${noun}\x01` ? key : `${noun}\0${key.length === noun.length + 1 ? '' : escaped(splitKey(key).id)}`;
  return { from: bound(range.from), to: bound(range.to), reverse: range.reverse ?? false };
};

/** Distinct ids, in order; among the versions of one id it seeks instead of reading them all. */
function* idsOf(rows: Rows, table: 'state' | 'version', range: KeyRange): Iterator<string, undefined> {
  if (table === 'state') {
    for (const [key] of rows.range('state', range)) yield splitKey(key).id;
    return undefined;
  }
  let rest: KeyRange | undefined = range;
  while (rest !== undefined) {
    const found: string | undefined = firstKey(rows, rest);
    if (found === undefined) return undefined;
    const { noun } = splitKey(found);
    const { id } = unescaped(found, noun.length + 1);
    yield id;
    const own = `${noun}\0${escaped(id)}`;
    rest = range.reverse === true ? { ...range, to: own } : { ...range, from: own + '\xff'.repeat(9) };
    if (rest.from >= rest.to) return undefined;
  }
  return undefined;
}

const firstKey = (rows: Rows, range: KeyRange): string | undefined => {
  for (const [key] of rows.range('version', range)) return key;
  return undefined;
};

/** Who keeps the indexes, and who adds to the sums, by name; the vocabulary has both. */
export interface Kept {
  readonly indexes: ReadonlyMap<string, AnyAggregate>;
  readonly sums: ReadonlyMap<string, readonly AnyAggregate[]>;
}

/**
 * Facts of a past position. An index of the past is computed from the states that it may hold: a query costs a look at
 * what it would give now, and at each object of the noun of which a former state is kept.
 */
export const factsAt = (rows: Rows, position: number, { indexes, sums }: Kept, onRead: OnRead = ignore): Facts => {
  const past = rowsAt(rows, position, onRead);
  const range = <S>(kind: Kind<S>, ids: IdRange): readonly Fact<S>[] => statesIn(past, kind, ids);
  const present = factsOf(rows);
  const formerOf = new Map<string, readonly string[]>();
  /** Objects of which a former state is kept. What is none of them is as it was, or came later. */
  const former = (noun: string): readonly string[] => {
    const known = formerOf.get(noun);
    if (known !== undefined) return known;
    const iterator = idsOf(rows, 'version', { from: `${noun}\0`, to: `${noun}\x01` });
    const ids: string[] = [];
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) ids.push(next.value);
    formerOf.set(noun, ids);
    return ids;
  };
  /** The rows of a part of an index, in order: of what is in it now, and of what has changed since. */
  const listed = (name: string, { from, to }: Pick<IndexQuery, 'from' | 'to'>): readonly IndexRow[] => {
    const aggregate = indexes.get(name);
    const keysOf = aggregate?.indexes?.[name];
    if (aggregate === undefined || keysOf === undefined) return [];
    const { noun } = aggregate.kind;
    onRead(noun);
    const now = present.index(name, { from, ...(to === undefined ? {} : { to }), limit: Infinity });
    const ids = new Set([...now.map(({ id }) => id), ...former(noun)]);
    const inside = (key: string): boolean => key >= from && (to === undefined || key < to);
    return [...ids]
      .flatMap((id) => {
        const fact = past.get('state', stateKey(noun, id)) as Versioned<unknown> | undefined;
        const keys = fact === undefined ? [] : new Set(keysOf(fact.state as never));
        return [...keys].filter(inside).map((key) => ({ key, id }));
      })
      .sort((x, y) => (order(x) < order(y) ? -1 : 1));
  };
  const totals = new Map<string, ReadonlyMap<string, number>>();
  const totalsOf = (name: string): ReadonlyMap<string, number> => {
    const known = totals.get(name);
    if (known !== undefined) return known;
    const made = new Map<string, number>();
    for (const aggregate of sums.get(name) ?? []) {
      for (const { state, id } of range(aggregate.kind, { from: '', limit: Infinity })) {
        for (const [key, amount] of aggregate.sums?.[name]?.(state as never, id) ?? []) {
          made.set(key, (made.get(key) ?? 0) + amount);
        }
      }
    }
    totals.set(name, made);
    return made;
  };
  return {
    get: <S>(kind: Kind<S>, id: string) => past.get('state', stateKey(kind.noun, id)) as Versioned<S> | undefined,
    range,
    index: (name: string, query: IndexQuery) => {
      const { from, to, after, reverse = false, limit } = query;
      const inside = listed(name, to === undefined ? { from } : { from, to }).filter(
        (row) => after === undefined || (reverse ? order(row) < order(after) : order(row) > order(after)),
      );
      return (reverse ? inside.reverse() : inside).slice(0, limit);
    },
    count: (name: string, key: string) => listed(name, { from: key, to: `${key}\0` }).length,
    sum: (name: string, key: string) => totalsOf(name).get(key) ?? 0,
  };
};

const order = (row: IndexRow): string => `${escaped(row.key)}${row.id}`;
