import { spawn } from 'node:child_process';

/** A program of the system that refused or is not there. */
export class ProgramFailure extends Error {
  readonly exitCode: number;

  constructor(words: readonly string[], exitCode: number, said: string) {
    super(`${words.join(' ')}: ${said.trim() === '' ? `exit code ${exitCode}` : said.trim()}`);
    this.name = 'ProgramFailure';
    this.exitCode = exitCode;
  }
}

/** Runs a program with this input; gives what it printed. Rejects with a `ProgramFailure`. */
export type Run = (words: readonly string[], input?: string) => Promise<string>;

const LATE_MS = 60_000;

/** Runs programs in the network namespace of this process. */
export const runHere: Run = (words, input = '') =>
  new Promise((resolve, reject) => {
    const [program = '', ...args] = words;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: LATE_MS, killSignal: 'SIGKILL' });
    const printed: Buffer[] = [];
    const said: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    // A program that refuses early does not read its input.
    child.stdin.on('error', () => undefined);
    child.once('error', (error) => reject(new ProgramFailure(words, 127, error.message)));
    child.once('close', (exitCode, signal) => {
      const problem = Buffer.concat(said).toString();
      if (exitCode === 0) resolve(Buffer.concat(printed).toString());
      else reject(new ProgramFailure(words, exitCode ?? 1, signal === null ? problem : `${signal} ${problem}`));
    });
    child.stdin.end(input);
  });

/** What comes before a program so that it runs in a named network namespace. */
export const within = (namespace: string): readonly string[] => ['nsenter', `--net=/run/netns/${namespace}`, '--'];

/** Runs programs in a named network namespace, or here when there is no name. */
export const runWithin = (namespace: string | undefined): Run =>
  namespace === undefined ? runHere : (words, input) => runHere([...within(namespace), ...words], input);

/** Runs lines of `ip` or `bridge`, as many as there are, in one process; the first that fails ends it. */
export const runBatch = async (run: Run, program: 'ip' | 'bridge', lines: readonly string[]): Promise<void> => {
  if (lines.length > 0) await run([program, '-batch', '-'], lines.map((line) => `${line}\n`).join(''));
};
