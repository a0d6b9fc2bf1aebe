import { type KeyRange, type Rows, type Table } from '#log/rows';

const DELETED = Symbol('deleted');

interface Changes {
  readonly rows: Map<string, unknown>;
  /** Changed keys in order, but for those in `fresh`. */
  sorted: string[];
  fresh: string[];
}

/**
 * Changes over a base that is left untouched. Decisions are taken on overlays: the one of a batch may be undone entry
 * by entry, is shown to readers once its entries are durable, and reaches the disk later.
 */
export class Overlay implements Rows {
  #base: Rows;
  /** Made with a table's first change: most batches touch three tables. */
  readonly #changes = new Map<Table, Changes>();
  #undo: { table: Table; key: string; before: unknown; had: boolean }[] | undefined;
  #size = 0;

  constructor(base: Rows) {
    this.#base = base;
  }

  /** How many rows differ from the base. */
  get size(): number {
    return this.#size;
  }

  /** Puts the same changes over another base, which must hold the rows of the old one. */
  rebase(base: Rows): void {
    this.#base = base;
  }

  get(table: Table, key: string): unknown {
    const row = this.#changes.get(table)?.rows.get(key);
    if (row === undefined) return this.#base.get(table, key);
    return row === DELETED ? undefined : row;
  }

  set(table: Table, key: string, value: unknown): void {
    this.#put(table, key, value);
  }

  delete(table: Table, key: string): void {
    this.#put(table, key, DELETED);
  }

  /** From here on changes can be undone; ends with `keep` or `undo`. */
  mark(): void {
    this.#undo = [];
  }

  keep(): number {
    const count = this.#undo?.length ?? 0;
    this.#undo = undefined;
    return count;
  }

  get pending(): number {
    return this.#undo?.length ?? 0;
  }

  /** Undoes the changes since the mark down to `length` of them. */
  undo(length = 0): void {
    const undo = this.#undo ?? [];
    while (undo.length > length) {
      const change = undo.pop();
      if (change === undefined) break;
      const { rows } = this.#of(change.table);
      // A key that was not changed before keeps its place in the order; what it holds is the base's row again.
      rows.set(change.key, change.had ? change.before : (this.#base.get(change.table, change.key) ?? DELETED));
    }
  }

  *changed(table: Table): Iterable<readonly [key: string, value: unknown]> {
    const changes = this.#changes.get(table);
    if (changes === undefined) return;
    for (const [key, value] of changes.rows) yield [key, value === DELETED ? undefined : value];
  }

  /** Whether a row of the table was changed, if only to what it was. */
  touches(table: Table): boolean {
    return this.#changes.has(table);
  }

  /** Takes all changes of another overlay, whose base is this one. */
  absorb(other: Overlay): void {
    other.#changes.forEach(({ rows }, table) => rows.forEach((value, key) => this.#put(table, key, value)));
  }

  *range(table: Table, { from, to, reverse = false }: KeyRange): Iterable<readonly [string, unknown]> {
    if (from >= to) return;
    const changes = this.#changes.get(table);
    if (changes === undefined) {
      yield* this.#base.range(table, { from, to, reverse });
      return;
    }
    const keys = ordered(changes);
    const step = reverse ? -1 : 1;
    let at = reverse ? lowerBound(keys, to) - 1 : lowerBound(keys, from);
    const end = reverse ? lowerBound(keys, from) - 1 : lowerBound(keys, to);
    const base = this.#base.range(table, { from, to, reverse })[Symbol.iterator]();
    let below = base.next();
    while (at !== end || below.done !== true) {
      const own = at === end ? undefined : keys[at];
      const theirs = below.done === true ? undefined : below.value[0];
      if (own === undefined || (theirs !== undefined && theirs !== own && theirs < own !== reverse)) {
        if (below.done !== true) yield below.value;
        below = base.next();
        continue;
      }
      if (theirs === own) below = base.next();
      const value = changes.rows.get(own);
      if (value !== DELETED) yield [own, value];
      at += step;
    }
    base.return?.();
  }

  #of(table: Table): Changes {
    const present = this.#changes.get(table);
    if (present !== undefined) return present;
    const changes: Changes = { rows: new Map(), sorted: [], fresh: [] };
    this.#changes.set(table, changes);
    return changes;
  }

  #put(table: Table, key: string, value: unknown): void {
    const changes = this.#of(table);
    const before = changes.rows.get(key);
    if (before === undefined) {
      changes.fresh.push(key);
      this.#size++;
    }
    this.#undo?.push({ table, key, before, had: before !== undefined });
    changes.rows.set(key, value);
  }
}

const ordered = (changes: Changes): readonly string[] => {
  if (changes.fresh.length === 0) return changes.sorted;
  const fresh = changes.fresh.sort(byBytes);
  const last = changes.sorted.at(-1);
  if (last === undefined || last < (fresh[0] ?? '')) {
    changes.sorted = changes.sorted.length === 0 ? fresh : changes.sorted.concat(fresh);
  } else {
    changes.sorted = merge(changes.sorted, fresh);
  }
  changes.fresh = [];
  return changes.sorted;
};

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const merge = (a: readonly string[], b: readonly string[]): string[] => {
  const out: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const left = a[i] as string;
    const right = b[j] as string;
    if (left < right) {
      out.push(left);
      i++;
    } else {
      out.push(right);
      j++;
    }
  }
  for (; i < a.length; i++) out.push(a[i] as string);
  for (; j < b.length; j++) out.push(b[j] as string);
  return out;
};

/** The first place whose key is not below `key`. */
const lowerBound = (keys: readonly string[], key: string): number => {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
};
