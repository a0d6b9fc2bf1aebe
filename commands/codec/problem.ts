/** One thing wrong with an input, in words that its writer can act on. */
export interface Problem {
  /** Into the input, as in `compare[0].op`; empty for the input itself. */
  readonly path: string;
  readonly expected: string;
  readonly got: string;
  readonly hint?: string;
}

export const formatProblem = (problem: Problem): string => {
  const at = problem.path === '' ? '' : `${problem.path}: `;
  const hint = problem.hint === undefined ? '' : ` (${problem.hint})`;
  return `${at}expected ${problem.expected}, got ${problem.got}${hint}`;
};
