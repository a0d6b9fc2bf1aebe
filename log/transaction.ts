import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { AnyCommand } from '#commands/command';
import type { Rejection } from '#commands/rejection';
import type { AnyAggregate } from '#aggregates/aggregate';
import type { Happened, Moment } from '#aggregates/decision';
import type { Facts, Fact, IdRange, Kind, Versioned } from '#aggregates/facts';
import type { Work } from '#aggregates/procedure';
import { factsOf } from '#log/facts';
import { escaped, indexKey, integerKey, integerOfKey, splitKey, stateKey, timerKey, versionKey } from '#log/key';
import type { Overlay } from '#log/overlay';
import type { Vocabulary } from '#log/vocabulary';

/** What one entry may do at its position. Deterministic, so that a runaway command stops alike on every replica. */
const budget = { events: 10_000, rows: 60_000, depth: 8 } as const;

const MAX = Number.MAX_SAFE_INTEGER;

/** Whether this principal may run this command now; `undefined` when it may. */
export type Authorise = (command: AnyCommand, facts: Facts, moment: Moment) => Rejection | undefined;

/**
 * The work of one entry on an overlay: commands decided one after another, each seeing what came before. The caller
 * undoes the overlay when the entry is refused.
 */
export class Transaction implements Work {
  readonly events: Happened[] = [];
  readonly #vocabulary: Vocabulary;
  readonly #rows: Overlay;
  readonly #facts: Facts;
  readonly #moment: Moment;
  readonly #authorise: Authorise;
  readonly #before = new Map<string, Versioned<unknown> | undefined>();
  #depth = 0;
  /** The state row that was read or written last. */
  #lastKey: string | undefined;
  #lastState: Versioned<unknown> | undefined;
  readonly #tracking: boolean;
  /** The newest position at which something read here had changed; only kept when tracking. */
  newestRead = 0;

  constructor(vocabulary: Vocabulary, rows: Overlay, moment: Moment, authorise: Authorise, tracking = false) {
    this.#vocabulary = vocabulary;
    this.#rows = rows;
    this.#facts = factsOf(rows);
    this.#moment = moment;
    this.#authorise = authorise;
    this.#tracking = tracking;
  }

  get<S>(kind: Kind<S>, id: string): Versioned<S> | undefined {
    const found = this.#state(stateKey(kind.noun, id)) as Versioned<S> | undefined;
    if (this.#tracking) this.#saw(found?.modPosition ?? this.#deletedAt(kind.noun, id));
    return found;
  }

  range<S>(kind: Kind<S>, range: IdRange): readonly Fact<S>[] {
    const found = this.#facts.range(kind, range);
    if (this.#tracking) this.#sawRange(kind.noun, range, found);
    return found;
  }

  index(name: string, query: Parameters<Facts['index']>[1]): ReturnType<Facts['index']> {
    return this.#facts.index(name, query);
  }

  count(name: string, key: string): number {
    return this.#facts.count(name, key);
  }

  run(command: AnyCommand): Either<Rejection, readonly Happened[]> {
    const refused = this.#authorise(command, this, this.#moment);
    return refused === undefined ? this.#decide(command) : left(refused);
  }

  fireDue(limit: number): { fired: number; quarantined: number } {
    let fired = 0;
    let quarantined = 0;
    for (const key of this.#dueKeys(limit)) {
      const { noun, id } = splitKey(key.slice(8));
      const onDue = this.#vocabulary.aggregates.get(noun)?.onDue;
      if (onDue === undefined) throw new Error(`a timer of ${noun}, which has none`);
      const rows = this.#rows.pending;
      const events = this.events.length;
      const decided = this.#decide({ kind: onDue, id, body: {} });
      if (isLeft(decided)) {
        this.#rows.undo(rows);
        this.#lastKey = undefined;
        this.events.length = events;
        this.#rows.set('alarm', `timer\0${noun}\0${id}`, { code: decided.left.code, position: this.#moment.position });
        quarantined++;
      } else fired++;
      this.#rows.delete('timer', key);
    }
    return { fired, quarantined };
  }

  #dueKeys(limit: number): readonly string[] {
    const keys: string[] = [];
    for (const [key] of this.#rows.range('timer', { from: '', to: integerKey(this.#moment.now + 1) })) {
      keys.push(key);
      if (keys.length >= limit) break;
    }
    return keys;
  }

  /** Runs the command of the entry itself: an aggregate's, or a procedure's with its reply. */
  runEntry(command: AnyCommand): Either<Rejection, unknown> {
    const refused = this.#authorise(command, this, this.#moment);
    if (refused !== undefined) return left(refused);
    const procedure = this.#vocabulary.procedures.get(command.kind);
    if (procedure !== undefined) return procedure.perform(command, this, this.#moment);
    const decided = this.#decide(command);
    return isLeft(decided) ? decided : right(undefined);
  }

  #decide(command: AnyCommand): Either<Rejection, readonly Happened[]> {
    const procedure = this.#vocabulary.procedures.get(command.kind);
    if (procedure !== undefined) {
      const first = this.events.length;
      const performed = procedure.perform(command, this, this.#moment);
      return isLeft(performed) ? performed : right(this.events.slice(first));
    }
    const aggregate = this.#vocabulary.deciders.get(command.kind);
    if (aggregate === undefined) return left({ code: 'command.unknown', detail: { command: command.kind } });
    const state = this.get(aggregate.kind, command.id);
    const decided = aggregate.decide(state?.state, command, this, this.#moment);
    if (isLeft(decided)) return decided;
    const happened: Happened[] = [];
    for (const { kind, body } of decided.right) {
      const event = { kind, id: command.id, body };
      happened.push(event);
      const refused = this.#happen(aggregate, event);
      if (refused !== undefined) return left(refused);
    }
    return right(happened);
  }

  #happen(aggregate: AnyAggregate, event: Happened): Rejection | undefined {
    this.events.push(event);
    if (this.events.length > budget.events || this.#rows.pending > budget.rows) {
      return { code: 'budget.exceeded', detail: { events: budget.events, rows: budget.rows } };
    }
    this.#evolve(aggregate, event);
    const reactions = this.#vocabulary.reactions.get(event.kind);
    if (reactions === undefined) return undefined;
    if (this.#depth >= budget.depth) return { code: 'budget.exceeded', detail: { depth: budget.depth } };
    this.#depth++;
    for (const reaction of reactions) {
      // Reactions act as the system: whoever was allowed the cause is allowed what must follow from it.
      for (const command of reaction.react(event, this, this.#moment)) {
        const followed = this.#decide(command);
        if (isLeft(followed)) return followed.left;
      }
    }
    this.#depth--;
    return undefined;
  }

  #evolve(aggregate: AnyAggregate, event: Happened): void {
    const { noun } = aggregate.kind;
    const key = stateKey(noun, event.id);
    const current = this.#state(key);
    const { position } = this.#moment;
    if (!this.#before.has(key)) {
      this.#before.set(key, current);
      if (current !== undefined) this.#rows.set('version', versionKey(noun, event.id, position), current);
    }
    const state = aggregate.evolve(current?.state, event, this.#moment);
    this.#reindex(aggregate, event.id, current?.state, state);
    if (state === undefined) {
      this.#rows.delete('state', key);
      this.#before.set(key, undefined);
      this.#lastState = undefined;
      return;
    }
    const before = this.#before.get(key);
    this.#lastState = {
      state,
      // Several events at one position are one change: a key changes at most once per position.
      version: before === undefined ? 1 : before.version + 1,
      createPosition: before === undefined ? position : before.createPosition,
      modPosition: position,
    };
    this.#rows.set('state', key, this.#lastState);
  }

  /** What is decided on is read and then changed: the second read of a row costs as much as the first. */
  #state(key: string): Versioned<unknown> | undefined {
    if (key !== this.#lastKey) {
      this.#lastState = this.#rows.get('state', key) as Versioned<unknown> | undefined;
      this.#lastKey = key;
    }
    return this.#lastState;
  }

  #reindex(aggregate: AnyAggregate, id: string, before: unknown, after: unknown): void {
    for (const [name, keysOf] of Object.entries(aggregate.indexes ?? {})) {
      const old = new Set(before === undefined ? [] : keysOf(before as never));
      const fresh = new Set(after === undefined ? [] : keysOf(after as never));
      for (const key of old) if (!fresh.has(key)) this.#unlist(name, key, id);
      for (const key of fresh) if (!old.has(key)) this.#list(name, key, id);
    }
    if (aggregate.due === undefined) return;
    const oldDue = before === undefined ? undefined : aggregate.due(before);
    const due = after === undefined ? undefined : aggregate.due(after);
    if (oldDue === due) return;
    if (oldDue !== undefined) this.#rows.delete('timer', timerKey(oldDue, aggregate.kind.noun, id));
    if (due !== undefined) this.#rows.set('timer', timerKey(due, aggregate.kind.noun, id), true);
  }

  #list(name: string, key: string, id: string): void {
    this.#rows.set('index', indexKey(name, key, id), true);
    this.#rows.set('count', `${name}\0${key}`, this.count(name, key) + 1);
  }

  #unlist(name: string, key: string, id: string): void {
    this.#rows.delete('index', indexKey(name, key, id));
    const left = this.count(name, key) - 1;
    if (left === 0) this.#rows.delete('count', `${name}\0${key}`);
    else this.#rows.set('count', `${name}\0${key}`, left);
  }

  #deletedAt(noun: string, id: string): number {
    const from = versionKey(noun, id, 0);
    for (const [key] of this.#rows.range('version', { from, to: versionKey(noun, id, MAX), reverse: true })) {
      return integerOfKey(key, key.length - 8);
    }
    return 0;
  }

  #sawRange(noun: string, range: IdRange, found: readonly Fact<unknown>[]): void {
    for (const fact of found) this.#saw(fact.modPosition);
    const to = range.to === undefined ? `${noun}\x01` : `${noun}\0${escaped(range.to)}`;
    for (const [key] of this.#rows.range('version', { from: `${noun}\0${escaped(range.from)}`, to })) {
      this.#saw(integerOfKey(key, key.length - 8));
    }
  }

  #saw(position: number): void {
    if (position > this.newestRead && position < this.#moment.position) this.newestRead = position;
  }
}
