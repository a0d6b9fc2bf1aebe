import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished, type Ran } from '#harness/quickstart/cli';
import { builtProgram, type ServerProcess, startServer } from '#harness/server-process';

/** What a run of the command is given beside its words. */
export interface Given {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
}

/** A directory with one server on it, and the built command as operators run it. */
export interface Stage {
  readonly directory: string;
  readonly data: string;
  readonly server: ServerProcess;
  /** Runs the command on the data directory of the server. */
  run(words: readonly string[], given?: Given): Promise<Ran>;
  close(): Promise<void>;
}

export const program = builtProgram(join(__dirname, '..', '..'));

export const makeDirectory = (): string => mkdtempSync(join(tmpdir(), 'command-'));

/** Nothing of the surroundings of a test but where programs are found reaches the command. */
export const startCommand = (words: readonly string[], environment: Given['environment'] = {}): ChildProcess =>
  spawn(process.execPath, [program, ...words], {
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });

export const runCommand = (words: readonly string[], { environment = {}, input = '' }: Given = {}): Promise<Ran> =>
  finished(startCommand(words, environment), input);

export const openStage = async (flags: readonly string[] = []): Promise<Stage> => {
  const directory = makeDirectory();
  const data = join(directory, 'data');
  const server = await startServer({ program, data, log: join(directory, 'server.log'), flags }).ready();
  return {
    directory,
    data,
    server,
    run: (words, { environment = {}, input = '' } = {}) =>
      runCommand(words, { environment: { ULTRACLOUD_DATA: data, ...environment }, input }),
    close: async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
