import type { AnyAggregate } from '#aggregates/aggregate';
import type { Happened, Moment } from '#aggregates/decision';
import type { Versioned } from '#aggregates/facts';
import { budget, OverBudget } from '#log/budget';
import { indexKey, stateKey, timerKey, versionKey } from '#log/key';
import type { Overlay } from '#log/overlay';
import { sizeOf } from '#log/size';

type Row = Versioned<unknown> | undefined;

const none: readonly never[] = [];

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
  /** Each object that changed here, as it was before: several events at one position are one change. */
  readonly #before = new Map<string, Row>();
  /** What `#before` held, so that it can be undone. */
  readonly #firsts: { readonly key: string; readonly had: boolean; readonly value: Row }[] = [];
  #readBytes = 0;
  /** What is decided on is read and then changed: the second read of a row would cost as much as the first. */
  readonly #known = new Map<string, Row>();

  constructor(rows: Overlay, moment: Moment) {
    this.#rows = rows;
    this.#moment = moment;
  }

  /** What may still be read. */
  get readableBytes(): number {
    return budget.readBytes - this.#readBytes;
  }

  get(noun: string, id: string): Row {
    return this.#read(stateKey(noun, id));
  }

  /** Counts what was read elsewhere. */
  sawBytes(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#readBytes > budget.readBytes) throw new OverBudget('readBytes');
  }

  change(aggregate: AnyAggregate, event: Happened): void {
    const { noun } = aggregate.kind;
    const key = stateKey(noun, event.id);
    const current = this.#read(key);
    const { position } = this.#moment;
    if (!this.#before.has(key)) {
      this.#remember(key, current);
      if (current !== undefined) this.#rows.set('version', versionKey(noun, event.id, position), current);
    }
    const state = aggregate.evolve(current?.state, event, this.#moment);
    this.#list(aggregate, event.id, current?.state, state);
    if (state === undefined) {
      this.#rows.delete('state', key);
      // What comes after it at this position is a new object.
      this.#remember(key, undefined);
      this.#known.set(key, undefined);
    } else {
      const before = this.#before.get(key);
      const row = {
        state,
        version: before === undefined ? 1 : before.version + 1,
        createPosition: before === undefined ? position : before.createPosition,
        modPosition: position,
      };
      this.#rows.set('state', key, row);
      this.#known.set(key, row);
    }
    if (this.#rows.pending > budget.rows) throw new OverBudget('rows');
  }

  mark(): Mark {
    return { changes: this.#rows.pending, firsts: this.#firsts.length };
  }

  undo({ changes, firsts }: Mark): void {
    this.#rows.undo(changes);
    this.#known.clear();
    while (this.#firsts.length > firsts) {
      const first = this.#firsts.pop();
      if (first?.had === true) this.#before.set(first.key, first.value);
      else if (first !== undefined) this.#before.delete(first.key);
    }
  }

  /** Sets the timer of an object as its state has it, whether or not it is set. */
  setTimer(aggregate: AnyAggregate, id: string): void {
    const row = this.#read(stateKey(aggregate.kind.noun, id));
    const due = row === undefined ? undefined : aggregate.due?.(row.state);
    if (due !== undefined) this.#rows.set('timer', timerKey(due, aggregate.kind.noun, id), true);
  }

  #remember(key: string, value: Row): void {
    this.#firsts.push({ key, had: this.#before.has(key), value: this.#before.get(key) });
    this.#before.set(key, value);
  }

  #read(key: string): Row {
    const known = this.#known.get(key);
    if (known !== undefined || this.#known.has(key)) return known;
    const row = this.#rows.get('state', key) as Row;
    this.#known.set(key, row);
    if (row !== undefined) this.sawBytes(sizeOf(row.state));
    return row;
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
      const change = new Map(begun);
      for (const [key, amount] of ended) change.set(key, (change.get(key) ?? 0) - amount);
      for (const [key, amount] of change) if (amount !== 0) this.#add(name, key, amount);
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
