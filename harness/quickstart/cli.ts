import { type ChildProcess, spawn } from 'node:child_process';

/** How one run of the command ended. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as operators use it: its bundle, in a process of its own, on the directory of the tour. */
export interface Cli {
  run(words: readonly string[], input?: string): Promise<Ran>;
  start(words: readonly string[]): ChildProcess;
}

export const cliOf = (program: string, data: string): Cli => {
  const environment = { ...process.env, ULTRACLOUD_DATA: data };
  // What a person has set for other servers does not matter here.
  for (const name of ['ULTRACLOUD_ENDPOINT', 'ULTRACLOUD_TOKEN', 'ULTRACLOUD_CONTEXT'])
    Reflect.deleteProperty(environment, name);
  const start = (words: readonly string[]): ChildProcess =>
    spawn(process.execPath, [program, ...words], { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  return {
    start,
    run: (words, input = '') => finished(start(words), input),
  };
};

/** Runs another program, with what it prints kept. */
export const runProgram = (
  program: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ran> =>
  finished(spawn(program, words, { env: { ...process.env, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] }), '');

export const finished = (child: ChildProcess, input: string | Uint8Array): Promise<Ran> =>
  new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? -1, stdout, stderr }));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
