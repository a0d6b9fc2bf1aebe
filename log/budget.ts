import type { Rejection } from '#commands/rejection';

/**
 * What one command may do at its position. It is counted in what the log holds and never in time or memory, so that a
 * runaway command stops alike on every replica.
 */
export const budget = {
  /** Its own, and those of all that follow from it. */
  events: 10_000,
  /** Changes of rows: states, versions, index rows, counts and timers. */
  rows: 60_000,
  /** Of the states that it reads. */
  readBytes: 64 * 2 ** 20,
  /** Of its events and its reply, which stay in the log for ever. */
  recordedBytes: 8 * 2 ** 20,
  /** Reactions to reactions. */
  depth: 8,
} as const;

export type Limit = keyof typeof budget;

/** Thrown to leave a decision wherever it is; `decideEntry` makes a refusal of it that changes nothing. */
export class OverBudget extends Error {
  readonly rejection: Rejection;

  constructor(limit: Limit) {
    super(`more ${limit} than a command may have at one position`);
    this.rejection = { code: 'budget.exceeded', detail: { limit, allowed: budget[limit] } };
  }
}
