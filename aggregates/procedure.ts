import type { Either } from 'fp-ts/lib/Either';
import type { AnyCommand, AnyCommandSpec } from '#commands/command';
import type { Rejection, RejectionSpec } from '#commands/rejection';
import type { NounRange } from '#aggregates/access';
import type { Happened, Moment } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';

/** The facts of a position, with the power to decide one command more on them. */
export interface Work extends Facts {
  /** Decides a command as the caller; its events are seen by later reads. A refusal must be handed on. */
  run(command: AnyCommand): Either<Rejection, readonly Happened[]>;
  /** Why the caller may not do this to every object of a range, for what is read or found on its behalf. */
  forbidden(permission: string, range: NounRange): Rejection | undefined;
  /** Decides what follows from what the caller was allowed, as the system does. A refusal must be handed on. */
  follow(command: AnyCommand): Either<Rejection, readonly Happened[]>;
  /**
   * Runs the commands of up to `limit` due timers as the system, the earliest first. One that is refused changes
   * nothing and is not tried again; one that finds the budget used up by others stays due.
   */
  fireDue(limit: number): Fired;
  /** Sets the timer of an object again, if its state has one. */
  rearm(noun: string, id: string): void;
}

export interface Fired {
  readonly fired: number;
  readonly quarantined: readonly Quarantined[];
}

/** An object whose timer came to nothing, and why. */
export interface Quarantined {
  readonly noun: string;
  readonly id: string;
  readonly code: string;
  readonly message: string;
}

/**
 * A composite command: several aggregates at one position, all or nothing. It returns the reply, a bounded value that
 * is recorded with the outcome, so that a retry gets the same answer.
 */
export interface Procedure<C extends AnyCommand> {
  readonly command: AnyCommandSpec;
  readonly rejections: Readonly<Record<string, RejectionSpec>>;
  perform(command: C, work: Work, moment: Moment): Either<Rejection, unknown>;
}

export interface AnyProcedure {
  readonly command: AnyCommandSpec;
  readonly rejections: Readonly<Record<string, RejectionSpec>>;
  perform(command: AnyCommand, work: Work, moment: Moment): Either<Rejection, unknown>;
}

/** Commands that follow from an event at the same position. A refused one refuses the whole entry. */
export interface Reaction {
  readonly on: string;
  react(event: Happened, facts: Facts, moment: Moment): readonly AnyCommand[];
}
