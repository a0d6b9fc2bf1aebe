import { randomBytes } from 'node:crypto';
import type { Facts } from '#aggregates/facts';
import { commitWhenPossible } from '#log/commit';
import { decideEntry, type Head } from '#log/decide';
import { engineBounds, type EngineBounds } from '#log/engine-bounds';
import { decodeEntry, encodeSubmission, type Submission } from '#log/entry';
import { factsOf } from '#log/facts';
import { integerKey, integerOfKey, stateKey } from '#log/key';
import { isLogError, type Log, type LogGroup } from '#log/log';
import type { Store } from '#log/lmdb-rows';
import { decodeOutcome, type Outcome } from '#log/outcome';
import { Overlay } from '#log/overlay';
import type { Rows } from '#log/rows';
import type { Authority } from '#log/authority';
import type { Vocabulary } from '#log/vocabulary';

/** Why no outcome is known. The entry may have been recorded all the same: send it again with the same request id. */
export class Unknown extends Error {}

/** Refused before the log: nothing was recorded. */
export class Overloaded extends Error {}

/** Refused for want of space; taken again when there is some. Nothing was recorded. */
export class Full extends Error {}

export interface EngineOptions {
  readonly vocabulary: Vocabulary;
  readonly log: Log;
  readonly store: Store;
  readonly authority: Authority;
  readonly now: () => number;
  /** The process must stop: state in memory may be ahead of what is durable. */
  readonly onFault: (error: Error) => void;
  readonly maxQueued?: number;
  /** Those of a node unless given. */
  readonly bounds?: EngineBounds;
}

const GROUP_ENTRIES = 512;
const GROUP_BYTES = 4 * 2 ** 20;
const FLUSH_DELAY_MS = 1_000;

/** A log that is full or refuses has appended nothing; after any other error nobody can tell. */
const unappended = (error: unknown): Error => {
  const message = error instanceof Error ? error.message : String(error);
  if (isLogError(error) && error.fault.kind === 'full') return new Full(message);
  return isLogError(error) && error.fault.kind === 'refused' ? new Overloaded(message) : new Unknown(message);
};

interface Waiting {
  readonly submission: string;
  readonly bytes: Buffer;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The one apply loop: appends what gateways submit in groups, decides what the log gives back, shows it once it is
 * durable, and lets the store follow.
 */
export class Engine {
  readonly vocabulary: Vocabulary;
  /** Published rows: of durable entries only, all of one position within an event-loop turn. */
  readonly rows: Rows;
  readonly #options: EngineOptions;
  readonly #bounds: EngineBounds;
  readonly #instance = randomBytes(6).toString('base64url');
  readonly #stop = new AbortController();
  readonly #waiting = new Map<string, Waiting>();
  readonly #listeners = new Set<(batch: readonly Outcome[]) => void>();
  #queue: Waiting[] = [];
  #sequence = 0;
  #appending = false;
  #head: Head;
  #recent: Overlay;
  /** Of the entries that `#recent` comes from. */
  #recentBytes = 0;
  #flushing: Promise<void> | undefined;
  #flushTimer: NodeJS.Timeout | undefined;
  #fault: Error | undefined;
  #closed: string | undefined;
  /** Why the store cannot follow the log at the moment. */
  #behind: string | undefined;
  #timersMovedAt = 0;
  #applied: Promise<void> = Promise.resolve();
  #reached: { position: number; resolve: () => void }[] = [];

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#bounds = options.bounds ?? engineBounds;
    this.vocabulary = options.vocabulary;
    this.#head = options.store.head;
    const { access } = options.vocabulary;
    if (access !== undefined) options.store.hold(stateKey(access.changed.noun, access.changed.id));
    this.#recent = new Overlay(options.store);
    this.rows = {
      get: (table, key) => this.#recent.get(table, key),
      range: (table, range) => this.#recent.range(table, range),
    };
  }

  /** Decides the tail of the log that the store has not seen, then goes on for ever. Resolves when caught up. */
  async start(): Promise<void> {
    const { end } = await this.#options.log.bounds();
    if (end < this.#head.position) {
      throw new Error(
        `the log ends at position ${end}, but the state has reached ${this.#head.position}: acknowledged entries are ` +
          'missing. Put the missing log files back, or restore a backup.',
      );
    }
    this.#applied = this.#applyAll().catch((error: unknown) => this.#fail(error));
    await this.reached(end);
    if (this.#fault !== undefined) throw this.#fault;
  }

  get head(): Head {
    return this.#head;
  }

  get facts(): Facts {
    return factsOf(this.rows);
  }

  /** The newest position seen here at which a timer was set, moved or ended. */
  get timersMovedAt(): number {
    return this.#timersMovedAt;
  }

  get now(): number {
    return this.#options.now();
  }

  /** What is waiting to be appended or decided; gateways shed load by it. */
  get backlog(): number {
    return this.#waiting.size;
  }

  /** Refuses every command for want of space from now on, saying why, or takes them again. Reads go on. */
  refuseWrites(why: string | undefined): void {
    this.#closed = why;
  }

  /** Why commands are refused; undefined when they are taken. */
  get refusing(): string | undefined {
    return this.#closed ?? this.#behind;
  }

  /** Resolves once the position is applied and visible here. */
  reached(position: number): Promise<void> {
    if (this.#head.position >= position) return Promise.resolve();
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    return new Promise((resolve) => this.#reached.push({ position, resolve }));
  }

  /**
   * Resolves with the recorded outcome once it is durable and applied here. Rejects with `Overloaded` or `Full` when
   * nothing was recorded, with `Unknown` when that cannot be told.
   */
  submit(submission: Submission): Promise<Outcome> {
    if (this.#fault !== undefined) return Promise.reject(new Overloaded('This node is stopping.'));
    if (this.refusing !== undefined) return Promise.reject(new Full(this.refusing));
    if (this.#waiting.size >= (this.#options.maxQueued ?? 20_000)) {
      return Promise.reject(new Overloaded('Too many commands are waiting; send it again after a pause.'));
    }
    const name = `${this.#instance}.${(this.#sequence++).toString(36)}`;
    const bytes = encodeSubmission(submission, this.#options.now(), name);
    return new Promise((resolve, reject) => {
      const waiting = { submission: name, bytes, resolve, reject };
      this.#waiting.set(name, waiting);
      this.#queue.push(waiting);
      if (!this.#appending) void this.#appendAll();
    });
  }

  outcome(position: number): Outcome | undefined {
    const bytes = this.rows.get('outcome', integerKey(position)) as Buffer | undefined;
    return bytes === undefined ? undefined : decodeOutcome(position, bytes);
  }

  /** Recorded outcomes from a position on, in order; ends at the head or after `limit`. */
  outcomes(from: number, limit: number): readonly Outcome[] {
    const found: Outcome[] = [];
    const range = { from: integerKey(from), to: integerKey(this.#head.position + 1) };
    for (const [key, bytes] of this.rows.range('outcome', range)) {
      found.push(decodeOutcome(integerOfKey(key, 0), bytes as Buffer));
      if (found.length >= limit) break;
    }
    return found;
  }

  /** Calls back after each applied group, in order. A listener must not throw. */
  onApplied(listener: (batch: readonly Outcome[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Brings the store to the published position. Rejects with `Full` when the disk has no space for it. */
  async flush(): Promise<void> {
    while (this.#recent.size > 0 || this.#flushing !== undefined) {
      if (this.#behind !== undefined) throw new Full(this.#behind);
      await (this.#flushing ?? this.#rotate());
    }
  }

  /** Finishes what was submitted, writes the store if there is space, and stops; the next start decides the rest. */
  async close(): Promise<void> {
    while (this.#waiting.size > 0 && this.#fault === undefined) await new Promise((done) => setImmediate(done));
    this.#stop.abort();
    await this.#applied;
    clearTimeout(this.#flushTimer);
    if (this.#fault === undefined) await this.flush().catch(() => undefined);
    await this.#options.log.close();
    await this.#options.store.close();
  }

  async #appendAll(): Promise<void> {
    this.#appending = true;
    while (this.#queue.length > 0 && this.#fault === undefined) {
      const stalled = this.#stalled();
      if (stalled !== undefined) await stalled;
      const group = this.#takeGroup();
      try {
        await this.#options.log.append(group.map((waiting) => waiting.bytes));
      } catch (error) {
        for (const { submission, reject } of group) {
          this.#waiting.delete(submission);
          reject(unappended(error));
        }
      }
    }
    this.#appending = false;
  }

  /** While a commit is under way and memory is full. */
  #stalled(): Promise<void> | undefined {
    const { rows, bytes } = this.#bounds.stall;
    return this.#recent.size > rows || this.#recentBytes > bytes ? this.#flushing : undefined;
  }

  #takeGroup(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && count < GROUP_ENTRIES && bytes < GROUP_BYTES) {
      bytes += this.#queue[count]?.bytes.length ?? 0;
      count++;
    }
    const group = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return group;
  }

  async #applyAll(): Promise<void> {
    for await (const group of this.#options.log.read(this.#head.position + 1, this.#stop.signal)) {
      // What a start decides again was not stalled when it was appended.
      const stalled = this.#stalled();
      if (stalled !== undefined) await stalled;
      await this.#apply(group);
    }
  }

  async #apply(group: LogGroup): Promise<void> {
    const { vocabulary, authority } = this.#options;
    const rows = new Overlay(this.#recent);
    const outcomes: Outcome[] = [];
    let head = this.#head;
    let bytes = 0;
    for (const from of group.entries) {
      const decided = decideEntry(vocabulary, authority, rows, head, decodeEntry(from.bytes), from);
      head = decided.head;
      outcomes.push(decided.outcome);
      bytes += from.bytes.length;
    }
    await group.durable;
    this.#recent.absorb(rows);
    this.#recentBytes += bytes;
    if (rows.touches('timer')) this.#timersMovedAt = head.position;
    this.#head = head;
    for (const outcome of outcomes) this.#answer(outcome);
    for (const listener of this.#listeners) listener(outcomes);
    if (this.#reached.length > 0) this.#wake(head.position);
    this.#scheduleFlush();
  }

  #answer(outcome: Outcome): void {
    const waiting = this.#waiting.get(outcome.submission);
    if (waiting === undefined) return;
    this.#waiting.delete(outcome.submission);
    const { result } = outcome;
    waiting.resolve(result.status === 'duplicate' ? (this.outcome(result.original) ?? outcome) : outcome);
  }

  #wake(position: number): void {
    const due = this.#reached.filter((waiter) => waiter.position <= position);
    this.#reached = this.#reached.filter((waiter) => waiter.position > position);
    for (const { resolve } of due) resolve();
  }

  #scheduleFlush(): void {
    if (this.#flushing !== undefined) return;
    const { rows, bytes } = this.#bounds.flush;
    if (this.#recent.size >= rows || this.#recentBytes >= bytes) void this.#rotate();
    else this.#flushTimer ??= setTimeout(() => void this.#rotate(), FLUSH_DELAY_MS);
  }

  #rotate(): Promise<void> {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const full = this.#recent;
    this.#recent = new Overlay(full);
    this.#recentBytes = 0;
    const tell = (why: string | undefined): void => void (this.#behind = why);
    this.#flushing = commitWhenPossible(this.#options.store, full, this.#head, tell, this.#stop.signal)
      .then((committed) => {
        this.#flushing = undefined;
        if (!committed) return;
        this.#recent.rebase(this.#options.store);
        if (this.#recent.size > 0) this.#scheduleFlush();
      })
      .catch((error: unknown) => this.#fail(error));
    return this.#flushing;
  }

  #fail(error: unknown): void {
    if (this.#fault !== undefined) return;
    this.#fault = error instanceof Error ? error : new Error(String(error));
    for (const { reject } of this.#waiting.values())
      reject(new Unknown('The node stopped before the outcome was known.'));
    this.#waiting.clear();
    this.#flushing = undefined;
    for (const { resolve } of this.#reached) resolve();
    this.#reached = [];
    this.#options.onFault(this.#fault);
  }
}
