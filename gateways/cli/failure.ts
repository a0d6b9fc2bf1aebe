import { formatProblem, type Problem } from '#commands/codec/problem';
import { didYouMean } from '#commands/codec/suggest';
import { exitCodes } from '#gateways/cli/exit-code';
import { visible } from '#gateways/cli/visible';
import { systemCode } from '#gateways/system-code';

/** What a person or a script is told when a verb did not do its work; the fields are those of an HTTP problem. */
export interface Report {
  readonly code: string;
  readonly message: string;
  readonly category?: string;
  readonly fix?: string;
  readonly position?: number;
  readonly problems?: readonly Problem[];
  /** Facts of a refusal, such as the version that was found. */
  readonly detail?: Readonly<Record<string, unknown>>;
  /** With `history.gone`: the past before it cannot be read. */
  readonly oldestPosition?: number;
  /** The command line that shows every rule behind a refusal. */
  readonly why?: string;
}

/** Ends a verb with a report and an exit code. */
export class Failure extends Error {
  readonly report: Report;
  readonly exitCode: number;

  constructor(report: Report, exitCode: number = exitCodes.failed, cause?: unknown) {
    super(report.message, { cause });
    this.report = report;
    this.exitCode = exitCode;
  }
}

/** The command line itself is wrong. */
export const usage = (message: string, fix?: string): Failure =>
  new Failure({ code: 'usage', category: 'invalid', message, ...(fix === undefined ? {} : { fix }) }, exitCodes.usage);

/** What was meant instead of a word that is not known, if one is close to it. */
export const meantInstead = (given: string, known: readonly string[]): string | undefined =>
  didYouMean(given, known)?.replace(/^d/, 'D');

export const malformed = (message: string, problems: readonly Problem[]): Failure =>
  new Failure({ code: 'malformed', category: 'invalid', message, problems }, exitCodes.usage);

export const timedOut = (message: string, fix: string): Failure =>
  new Failure({ code: 'timedOut', message, fix }, exitCodes.timedOut);

const isError = (thrown: unknown): thrown is Error =>
  thrown instanceof Error || (systemCode(thrown) !== undefined && typeof (thrown as Error).message === 'string');

/** Anything thrown, as a failure. A system error says which file and what was wrong with it. */
export const failureOf = (thrown: unknown): Failure => {
  if (thrown instanceof Failure) return thrown;
  const error = isError(thrown) ? thrown : new Error(String(thrown));
  const path = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : '';
  const reason = systemReasons.get(systemCode(error) ?? '');
  return new Failure(
    { code: 'failed', message: reason === undefined ? error.message : `${path}${reason}.` },
    exitCodes.failed,
    error,
  );
};

const systemReasons: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'operation not permitted'],
  ['ENOENT', 'no such file or directory'],
  ['EISDIR', 'is a directory'],
  ['ENOTDIR', 'is not a directory'],
  ['EEXIST', 'exists already'],
  ['ENOSPC', 'no space left on the device'],
  ['EROFS', 'the file system is read-only'],
  ['EADDRINUSE', 'the address is in use'],
]);

/** What was thrown, in words for a person. */
export const reasonOf = (thrown: unknown): string => {
  const reason = systemReasons.get(systemCode(thrown) ?? '');
  return reason ?? (thrown instanceof Error ? thrown.message : String(thrown));
};

export const reportLines = (report: Report): readonly string[] => [
  `error: ${report.message}${report.code === 'usage' || report.code === 'failed' ? '' : ` (${report.code})`}`,
  ...(report.problems === undefined ? remedyLines(report) : problemLines(report.problems)),
];

/** Problems say themselves what to do, and that nothing was asked of the log. */
const problemLines = (problems: readonly Problem[]): readonly string[] =>
  problems.map((problem) => `  - ${formatProblem(problem)}`);

const remedyLines = (report: Report): readonly string[] => [
  ...detailLine({
    ...report.detail,
    ...(report.oldestPosition === undefined ? {} : { oldestPosition: report.oldestPosition }),
  }),
  ...(report.fix === undefined ? [] : [`  fix: ${report.fix}`]),
  ...(report.position === undefined ? [] : [`  position: ${report.position}`]),
  ...(report.why === undefined ? [] : [`  why: ${report.why}`]),
];

const detailLine = (detail: Readonly<Record<string, unknown>>): readonly string[] => {
  const facts = Object.entries(detail).map(([name, value]) => `${name} ${visible(String(value))}`);
  return facts.length === 0 ? [] : [`  ${facts.join(', ')}`];
};
