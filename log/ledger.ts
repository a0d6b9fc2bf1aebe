import type { AnyAggregate } from '#aggregates/aggregate';
import type { Happened, Moment } from '#aggregates/decision';
import type { Versioned } from '#aggregates/facts';
import { budget, OverBudget } from '#log/budget';
import { indexKey, stateKey, timerKey, versionKey } from '#log/key';
import type { Overlay } from '#log/overlay';
import { sizeOf } from '#log/size';

type Row = Versioned<unknown> | undefined;

const none: readonly never[] = [];

/** An object that the entry has to do with. */
interface Touched {
  /** As it is now. What is decided on is read and then changed: a second reading would cost as much as the first. */
  row: Row;
  /** An undo may have made `row` wrong. */
  isStale: boolean;
  isChanged: boolean;
  /** Once changed: as it was before. Several events at one position are one change. */
  before: Row;
}

/** How far a ledger was. */
export interface Mark {
  readonly changes: number;
  readonly firsts: number;
}

/**
 * The objects that one entry reads and changes: their states, the version that ends, indexes, counts, sums and timers
 * in step with each other.
 */
export class Ledger {
  readonly #rows: Overlay;
  readonly #moment: Moment;
  readonly #touched = new Map<string, Touched>();
  /** What was first remembered of objects, so that it can be undone. */
  readonly #firsts: { readonly touched: Touched; readonly wasChanged: boolean; readonly before: Row }[] = [];
  #readBytes = 0;

  constructor(rows: Overlay, moment: Moment) {
    this.#rows = rows;
    this.#moment = moment;
  }

  /** What may still be read. */
  get readableBytes(): number {
    return budget.readBytes - this.#readBytes;
  }

  get(noun: string, id: string): Row {
    return this.#read(stateKey(noun, id)).row;
  }

  /** Counts what was read elsewhere. */
  sawBytes(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#readBytes > budget.readBytes) throw new OverBudget('readBytes');
  }

  change(aggregate: AnyAggregate, event: Happened): void {
    const { noun } = aggregate.kind;
    const key = stateKey(noun, event.id);
    const touched = this.#read(key);
    const current = touched.row;
    const { position } = this.#moment;
    if (!touched.isChanged) {
      this.#remember(touched, current);
      if (current !== undefined) this.#rows.set('version', versionKey(noun, event.id, position), current);
    }
    const state = aggregate.evolve(current?.state, event, this.#moment);
    this.#list(aggregate, event.id, current?.state, state);
    if (state === undefined) {
      this.#rows.delete('state', key);
      // What comes after it at this position is a new object.
      this.#remember(touched, undefined);
      touched.row = undefined;
    } else {
      const { before } = touched;
      touched.row = {
        state,
        version: before === undefined ? 1 : before.version + 1,
        createPosition: before === undefined ? position : before.createPosition,
        modPosition: position,
      };
      this.#rows.set('state', key, touched.row);
    }
    if (this.#rows.pending > budget.rows) throw new OverBudget('rows');
  }

  mark(): Mark {
    return { changes: this.#rows.pending, firsts: this.#firsts.length };
  }

  undo({ changes, firsts }: Mark): void {
    this.#rows.undo(changes);
    for (const touched of this.#touched.values()) touched.isStale = true;
    while (this.#firsts.length > firsts) {
      const first = this.#firsts.pop();
      if (first === undefined) break;
      first.touched.isChanged = first.wasChanged;
      first.touched.before = first.before;
    }
  }

  /** Sets the timer of an object as its state has it, whether or not it is set. */
  setTimer(aggregate: AnyAggregate, id: string): void {
    const { row } = this.#read(stateKey(aggregate.kind.noun, id));
    const due = row === undefined ? undefined : aggregate.due?.(row.state);
    if (due !== undefined) this.#rows.set('timer', timerKey(due, aggregate.kind.noun, id), true);
  }

  #remember(touched: Touched, before: Row): void {
    this.#firsts.push({ touched, wasChanged: touched.isChanged, before: touched.before });
    touched.isChanged = true;
    touched.before = before;
  }

  #read(key: string): Touched {
    const known = this.#touched.get(key);
    if (known?.isStale === false) return known;
    const row = this.#rows.get('state', key) as Row;
    if (row !== undefined) this.sawBytes(sizeOf(row.state));
    if (known === undefined) {
      const touched = { row, isStale: false, isChanged: false, before: undefined };
      this.#touched.set(key, touched);
      return touched;
    }
    known.row = row;
    known.isStale = false;
    return known;
  }

  #list(aggregate: AnyAggregate, id: string, before: unknown, after: unknown): void {
    for (const name in aggregate.indexes) {
      const keysOf = aggregate.indexes[name];
      if (keysOf === undefined) continue;
      const ended = before === undefined ? none : keysOf(before as never);
      const begun = after === undefined ? none : keysOf(after as never);
      if (ended.length === 0 && begun.length === 0) continue;
      const old = new Set(ended);
      const fresh = new Set(begun);
      for (const key of old) {
        if (fresh.has(key)) continue;
        this.#rows.delete('index', indexKey(name, key, id));
        this.#add(name, key, -1);
      }
      for (const key of fresh) {
        if (old.has(key)) continue;
        this.#rows.set('index', indexKey(name, key, id), true);
        this.#add(name, key, 1);
      }
    }
    for (const name in aggregate.sums) {
      const amountsOf = aggregate.sums[name];
      if (amountsOf === undefined) continue;
      const ended = before === undefined ? none : amountsOf(before as never, id);
      const begun = after === undefined ? none : amountsOf(after as never, id);
      if (ended.length === 0 && begun.length === 0) continue;
      for (const [key, amount] of netOf(ended, begun)) if (amount !== 0) this.#add(name, key, amount);
    }
    if (aggregate.due === undefined) return;
    const oldDue = before === undefined ? undefined : aggregate.due(before);
    const due = after === undefined ? undefined : aggregate.due(after);
    if (oldDue === due) return;
    if (oldDue !== undefined) this.#rows.delete('timer', timerKey(oldDue, aggregate.kind.noun, id));
    if (due !== undefined) this.#rows.set('timer', timerKey(due, aggregate.kind.noun, id), true);
  }

  /** Keeps a count or sum; one of zero has no row. */
  #add(name: string, key: string, change: number): void {
    const row = `${name}\0${key}`;
    const total = ((this.#rows.get('count', row) as number | undefined) ?? 0) + change;
    if (total === 0) this.#rows.delete('count', row);
    else this.#rows.set('count', row, total);
  }
}

type Amounts = readonly (readonly [key: string, amount: number])[];

/** By how much each sum changes. */
const netOf = (ended: Amounts, begun: Amounts): Iterable<readonly [string, number]> => {
  if (ended.length === 0) return begun;
  const [old, fresh] = [ended[0], begun[0]];
  if (ended.length === 1 && begun.length === 1 && old !== undefined && old[0] === fresh?.[0]) {
    return [[old[0], fresh[1] - old[1]]];
  }
  const net = new Map<string, number>();
  for (const [key, amount] of begun) net.set(key, (net.get(key) ?? 0) + amount);
  for (const [key, amount] of ended) net.set(key, (net.get(key) ?? 0) - amount);
  return net;
};
