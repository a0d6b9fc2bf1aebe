import type { Either } from 'fp-ts/lib/Either';
import type { AnyCommand, AnyCommandSpec } from '#commands/command';
import type { Rejection, RejectionSpec } from '#commands/rejection';
import type { Happened, Moment } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';

/** The facts of a position, with the power to decide one command more on them. */
export interface Work extends Facts {
  /** Decides a command as the caller; its events are seen by later reads. A refusal must be handed on. */
  run(command: AnyCommand): Either<Rejection, readonly Happened[]>;
  /** Runs the commands of up to `limit` due timers as the system; one that is refused is quarantined with an alarm. */
  fireDue(limit: number): { readonly fired: number; readonly quarantined: number };
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
