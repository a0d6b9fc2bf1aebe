/** Names one kind of object and, for the compiler, the state a decision knows of it. */
export interface Kind<S> {
  readonly noun: string;
  readonly phantom?: S;
}

export const kind = <S>(noun: string): Kind<S> => ({ noun });

/** A state with the three positions etcd's users know: version counts changes since the creation. */
export interface Versioned<S> {
  readonly state: S;
  readonly version: number;
  readonly createPosition: number;
  readonly modPosition: number;
}

export interface Fact<S> extends Versioned<S> {
  readonly id: string;
}

/** Ids from `from` (included) up to `to` (excluded; absent: no end), in byte order. */
export interface IdRange {
  readonly from: string;
  readonly to?: string;
  readonly reverse?: boolean;
  readonly limit: number;
  /** Ends with the first object whose state takes all of them together to so many bytes. */
  readonly maxBytes?: number;
}

/**
 * What is true at one position: the only window through which a decision sees other objects. Each read is by key,
 * by a bounded range, or through an index that is kept in the same transaction, so no decision scans the fleet.
 */
export interface Facts {
  get<S>(kind: Kind<S>, id: string): Versioned<S> | undefined;
  range<S>(kind: Kind<S>, range: IdRange): readonly Fact<S>[];
  /** Ids whose `indexes[name]` holds a key that starts with `prefix`, ordered by index key, then id. */
  index(name: string, query: IndexQuery): readonly IndexRow[];
  /** How many ids an index holds under exactly this key; kept, not counted. */
  count(name: string, key: string): number;
  /** What the states that exist add to a kept sum under this key; 0 when none does. */
  sum(name: string, key: string): number;
}

export interface IndexQuery {
  /** Index keys from `from` (included) up to `to` (excluded; absent: no end). */
  readonly from: string;
  readonly to?: string;
  /** Where to go on: the last row of the page before. */
  readonly after?: IndexRow;
  readonly reverse?: boolean;
  readonly limit: number;
}

export interface IndexRow {
  readonly key: string;
  readonly id: string;
}

/** The first string behind every string that starts with `prefix`; undefined when there is none. */
export const prefixEnd = (prefix: string): string | undefined => {
  for (let length = prefix.length; length > 0; length--) {
    const code = prefix.charCodeAt(length - 1);
    if (code < 0xff) return prefix.slice(0, length - 1) + String.fromCharCode(code + 1);
  }
  return undefined;
};
