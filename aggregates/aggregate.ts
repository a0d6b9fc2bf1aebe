import type { AnyCodec } from '#commands/codec/codec';
import type { AnyCommand, AnyCommandSpec } from '#commands/command';
import type { RejectionSpec } from '#commands/rejection';
import type { AnyEvent, Decision, Moment } from '#aggregates/decision';
import type { Facts, Kind } from '#aggregates/facts';

/**
 * The objects above one, from the outermost on, as `noun/id`; none when it is the cluster's own. `body` is that of the
 * command that is asked for, which says it of an object that is not there yet.
 */
export type Owners = (id: string, facts: Facts, body?: unknown) => readonly string[];

/**
 * One state machine. `decide` says what a command comes to, `evolve` what an event makes of the state; both are pure.
 * An object that does not exist (any more) has the state `undefined`.
 */
export interface Aggregate<S, C extends AnyCommand, E extends AnyEvent, R extends string> {
  readonly kind: Kind<S>;
  readonly summary: string;
  readonly commands: readonly AnyCommandSpec[];
  readonly events: Readonly<Record<E['kind'], AnyCodec>>;
  readonly rejections: Readonly<Record<R, RejectionSpec>>;
  decide(state: S | undefined, command: C, facts: Facts, moment: Moment): Decision<E, R>;
  evolve(state: S | undefined, event: E, moment: Moment): S | undefined;
  /** Index keys of a state, by index name; the applier keeps the rows and their counts. */
  readonly indexes?: Readonly<Record<string, (state: S) => readonly string[]>>;
  /** What a state adds to totals, by the name of the sum: each with the key that it counts under. */
  readonly sums?: Readonly<Record<string, (state: S, id: string) => readonly Amount[]>>;
  /** Whose it is, for authorisation; absent: it is the cluster's own. */
  readonly owners?: Owners;
  /** When this object wants `onDue` to be run, in milliseconds since 1970; undefined: never. */
  due?(state: S): number | undefined;
  /** The internal command that a due timer becomes. */
  readonly onDue?: string;
}

/** A whole number that is added to the total of a key; each key once. */
export type Amount = readonly [key: string, amount: number];

export interface AnyAggregate {
  readonly kind: Kind<unknown>;
  readonly summary: string;
  readonly commands: readonly AnyCommandSpec[];
  readonly events: Readonly<Record<string, AnyCodec>>;
  readonly rejections: Readonly<Record<string, RejectionSpec>>;
  decide(state: unknown, command: AnyCommand, facts: Facts, moment: Moment): Decision<AnyEvent>;
  evolve(state: unknown, event: AnyEvent, moment: Moment): unknown;
  readonly indexes?: Readonly<Record<string, (state: never) => readonly string[]>>;
  readonly sums?: Readonly<Record<string, (state: never, id: string) => readonly Amount[]>>;
  readonly owners?: Owners;
  due?(state: unknown): number | undefined;
  readonly onDue?: string;
}
