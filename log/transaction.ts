import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { AnyCommand } from '#commands/command';
import type { Rejection } from '#commands/rejection';
import type { NounRange } from '#aggregates/access';
import type { AnyAggregate } from '#aggregates/aggregate';
import type { Happened, Moment } from '#aggregates/decision';
import type { Facts, Fact, IdRange, Kind, Versioned } from '#aggregates/facts';
import { historyKind } from '#aggregates/history';
import type { Fired, Quarantined, Work } from '#aggregates/procedure';
import type { Authority } from '#log/authority';
import { budget, OverBudget } from '#log/budget';
import { guarded } from '#log/defect';
import { factsOf } from '#log/facts';
import { escaped, integerKey, integerOfKey, splitKey, versionKey } from '#log/key';
import { Ledger } from '#log/ledger';
import type { Overlay } from '#log/overlay';
import { sizeOf } from '#log/size';
import { kernelRejections, type Vocabulary } from '#log/vocabulary';

const MAX = Number.MAX_SAFE_INTEGER;

/** About what the kind and the id of an event take. */
const bytesOfWords = 32;

/**
 * The work of one entry on an overlay: commands decided one after another, each seeing what came before. The caller
 * undoes the overlay when the entry is refused. What goes over the budget throws `OverBudget`.
 */
export class Transaction implements Work {
  readonly events: Happened[] = [];
  readonly #vocabulary: Vocabulary;
  readonly #rows: Overlay;
  readonly #facts: Facts;
  readonly #moment: Moment;
  readonly #authority: Authority;
  readonly #ledger: Ledger;
  #depth = 0;
  #recordedBytes = 0;
  readonly #tracking: boolean;
  /** The newest position at which something read here had changed; only kept when tracking. */
  newestRead = 0;
  /** The command that was refused, when one was. */
  refused: AnyCommand | undefined;

  constructor(vocabulary: Vocabulary, rows: Overlay, moment: Moment, authority: Authority, tracking = false) {
    this.#vocabulary = vocabulary;
    this.#rows = rows;
    this.#facts = factsOf(rows);
    this.#moment = moment;
    this.#authority = authority;
    this.#ledger = new Ledger(rows, moment);
    this.#tracking = tracking;
  }

  get<S>(kind: Kind<S>, id: string): Versioned<S> | undefined {
    const found = this.#ledger.get(kind.noun, id) as Versioned<S> | undefined;
    if (this.#tracking) this.#saw(found?.modPosition ?? this.#deletedAt(kind.noun, id));
    return found;
  }

  range<S>(kind: Kind<S>, range: IdRange): readonly Fact<S>[] {
    const maxBytes = Math.min(range.maxBytes ?? MAX, this.#ledger.readableBytes + 1);
    const found = this.#facts.range(kind, { ...range, maxBytes });
    this.#ledger.sawBytes(found.reduce((bytes, { state }) => bytes + sizeOf(state), 0));
    if (this.#tracking) this.#sawRange(kind.noun, range, found);
    return found;
  }

  index(name: string, query: Parameters<Facts['index']>[1]): ReturnType<Facts['index']> {
    return this.#facts.index(name, query);
  }

  count(name: string, key: string): number {
    return this.#facts.count(name, key);
  }

  sum(name: string, key: string): number {
    return this.#facts.sum(name, key);
  }

  run(command: AnyCommand): Either<Rejection, readonly Happened[]> {
    const refused = this.#authority.command(command, this.#facts, this.#moment);
    if (refused === undefined) return this.#decide(command);
    this.refused = command;
    return left(refused);
  }

  forbidden(permission: string, range: NounRange): Rejection | undefined {
    return this.#authority.objects(permission, range, this.#facts, this.#moment);
  }

  follow(command: AnyCommand): Either<Rejection, readonly Happened[]> {
    return this.#decide(command);
  }

  fireDue(limit: number): Fired {
    let fired = 0;
    const quarantined: Quarantined[] = [];
    for (const key of this.#dueKeys(limit)) {
      const { noun, id } = splitKey(key.slice(8));
      const onDue = this.#vocabulary.aggregates.get(noun)?.onDue;
      if (onDue === undefined) throw new Error(`a timer of ${noun}, which has none`);
      const mark = this.#ledger.mark();
      const before = { events: this.events.length, recordedBytes: this.#recordedBytes, depth: this.#depth };
      const decided = guarded(() => this.#decide({ kind: onDue, id, body: {} }));
      if (isLeft(decided)) {
        this.#ledger.undo(mark);
        this.events.length = before.events;
        this.#recordedBytes = before.recordedBytes;
        this.#depth = before.depth;
        const { code } = decided.left;
        // Others may have used the budget up; at a position of its own there is enough, or never.
        if (code === 'budget.exceeded' && fired > 0) break;
        this.refused = undefined;
        quarantined.push({ noun, id, code, message: this.#messageOf(code) });
      } else fired++;
      this.#rows.delete('timer', key);
    }
    return { fired, quarantined };
  }

  rearm(noun: string, id: string): void {
    const aggregate = this.#vocabulary.aggregates.get(noun);
    if (aggregate?.due !== undefined) this.#ledger.setTimer(aggregate, id);
  }

  #messageOf(code: string): string {
    return (this.#vocabulary.rejections.get(code) ?? kernelRejections['command.poisoned']).summary;
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
    const refused = this.#authority.command(command, this.#facts, this.#moment);
    if (refused !== undefined) return left(refused);
    const procedure = this.#vocabulary.procedures.get(command.kind);
    if (procedure === undefined) {
      const decided = this.#decide(command);
      return isLeft(decided) ? decided : right(undefined);
    }
    const performed = procedure.perform(command, this, this.#moment);
    if (!isLeft(performed)) this.#record(performed.right);
    return performed;
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
    if (isLeft(decided)) {
      this.refused = command;
      return decided;
    }
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
    if (this.events.length > budget.events) throw new OverBudget('events');
    this.#record(event.body);
    this.#ledger.change(aggregate, event);
    const reactions = this.#vocabulary.reactions.get(event.kind);
    if (reactions === undefined) return undefined;
    if (this.#depth >= budget.depth) throw new OverBudget('depth');
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

  #record(value: unknown): void {
    this.#recordedBytes += bytesOfWords + sizeOf(value);
    if (this.#recordedBytes > budget.recordedBytes) throw new OverBudget('recordedBytes');
  }

  /** Where an object that is not there was deleted; 0 when it never was there. */
  #deletedAt(noun: string, id: string): number {
    const floor = this.#floorOf(noun);
    const from = versionKey(noun, id, floor + 1);
    // A trial of the past has later versions before it too.
    const to = versionKey(noun, id, this.#moment.position);
    for (const [key] of this.#rows.range('version', { from, to, reverse: true })) {
      return integerOfKey(key, key.length - 8);
    }
    return floor;
  }

  #sawRange(noun: string, range: IdRange, found: readonly Fact<unknown>[]): void {
    const floor = this.#floorOf(noun);
    this.#saw(floor);
    for (const fact of found) this.#saw(fact.modPosition);
    const to = range.to === undefined ? `${noun}\x01` : `${noun}\0${escaped(range.to)}`;
    for (const [key] of this.#rows.range('version', { from: `${noun}\0${escaped(range.from)}`, to })) {
      const position = integerOfKey(key, key.length - 8);
      if (position > floor) this.#saw(position);
    }
  }

  /**
   * Up to here the past of a noun was forgotten. Replicas drop its rows when they like, so none may look at them: a
   * thing that is not there may have been deleted as late as here.
   */
  #floorOf(noun: string): number {
    return this.#facts.get(historyKind, noun)?.state.position ?? 0;
  }

  #saw(position: number): void {
    if (position > this.newestRead && position < this.#moment.position) this.newestRead = position;
  }
}
