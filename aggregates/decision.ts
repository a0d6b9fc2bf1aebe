import { left, right, type Either } from 'fp-ts/lib/Either';
import type { Rejection } from '#commands/rejection';

/** Where and when a decision is taken. Time comes from the log and never from a clock. */
export interface Moment {
  readonly position: number;
  /** Milliseconds since 1970, never running backwards along positions. */
  readonly now: number;
  readonly level: number;
  readonly principal: string;
  /** What the principal showed, by its id, as in `session/4f…`. */
  readonly credential: string;
  /** The IP address that the request came from; empty for what this process sends. */
  readonly address: string;
}

export interface AnyEvent {
  readonly kind: string;
  readonly body: unknown;
}

/** An event with the id of the object that it happened to; the noun is the first word of its kind. */
export interface Happened extends AnyEvent {
  readonly id: string;
}

export type Decision<E, R extends string = string> = Either<Rejection<R>, readonly E[]>;

export const accept = <E>(...events: readonly E[]): Either<never, readonly E[]> => right(events);

export const reject = <R extends string>(code: R, detail?: Rejection['detail']): Either<Rejection<R>, never> =>
  left(detail === undefined ? { code } : { code, detail });

/** An event that its state cannot have caused: a defect of ours, never a refusal. */
export const impossible = (event: AnyEvent): never => {
  throw new Error(`impossible event ${event.kind}`);
};
