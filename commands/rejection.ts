/**
 * Why a command was refused. A rejection is an ordinary outcome, recorded like any other. It is not an
 * exception: an exception means a defect.
 */
export interface Rejection<Code extends string = string> {
  readonly code: Code;
  /** Facts for the caller, such as the version that was found. Names no internals. */
  readonly detail?: Readonly<Record<string, string | number>>;
}

/** What the caller should do next, which is all that HTTP statuses and CLI exit codes can express. */
export const categories = {
  invalid: { status: 400, exitCode: 2, advice: 'Correct the input. Repeating it as it is cannot succeed.' },
  forbidden: { status: 403, exitCode: 6, advice: 'Ask an owner for the permission that is named.' },
  absent: { status: 404, exitCode: 4, advice: 'Check the id, and that it was not deleted.' },
  conflict: { status: 409, exitCode: 5, advice: 'Read the current state, then decide again.' },
  exhausted: { status: 507, exitCode: 7, advice: 'Free capacity or raise the limit, then repeat.' },
  unavailable: {
    status: 503,
    exitCode: 1,
    advice: 'Repeat with the same idempotency key after a pause; the command may have been recorded.',
  },
} as const;

export type Category = keyof typeof categories;

export interface RejectionSpec {
  readonly category: Category;
  /** A full sentence for the user. It names no internals. */
  readonly summary: string;
  /** What this caller can do about it, more precise than the advice of the category. */
  readonly fix: string;
}
