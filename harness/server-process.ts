import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The built command, as `npm test` and `npm run build` leave it. */
export const builtProgram = (root: string): string => join(root, 'dist', 'bin', 'ultracloud.js');

export interface ServerPlace {
  /** The bundle of the command. */
  readonly program: string;
  readonly data: string;
  /** The file that takes what it says. */
  readonly log: string;
  /** Beside `--data`; free ports of this machine unless they name others. */
  readonly flags?: readonly string[];
  /** What runs the server, such as another user: `['setpriv', '--reuid=…']`. */
  readonly through?: readonly string[];
}

export interface Endpoints {
  readonly http: string;
  readonly etcd: string;
  readonly pid: number;
}

/** How a server ended; one of the two is not null. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that was started. */
export interface StartedProgram {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** All that programs with this log have said. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** Asks it to stop; rejects when it does not. */
  stop(): Promise<Ended>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  /** It does not keep this process up any more. */
  letGo(): void;
}

/** A server that was started, ready or not. */
export interface StartingServer extends StartedProgram {
  /** Waits until it answers, telling how long that takes; rejects with what it said when it ends instead. */
  ready(waiting?: (seconds: number) => void): Promise<ServerProcess>;
}

/** A server that answers. */
export interface ServerProcess extends StartingServer {
  readonly endpoints: Endpoints;
  /** From its start until it answered. */
  readonly readyMs: number;
}

const READY_MS = 60_000;
const STOP_MS = 30_000;

/** Starts a program, the first of `words`, as a process of its own; what it says goes to the end of the file `log`. */
export const startProgram = ([command = '', ...args]: readonly string[], log: string): StartedProgram => {
  const output = openSync(log, 'a', 0o600);
  // In a group of its own, so that Ctrl-C reaches it through us and a kept one outlives this terminal.
  const child = spawn(command, args, { detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    child.once('error', () => resolve({ exitCode: 127, signal: null }));
  });
  const said = (): string => readFileSync(log, 'utf8').trim();
  const kill = async (): Promise<void> => {
    child.ref();
    child.kill('SIGKILL');
    await ended;
  };
  const stop = async (): Promise<Ended> => {
    child.ref();
    child.kill('SIGTERM');
    const late = sleep(STOP_MS, 'late' as const, { ref: false });
    const first = await Promise.race([ended, late]);
    if (first !== 'late') return first;
    await kill();
    throw new Error(`${command} did not stop within ${STOP_MS / 1000} s:\n${said()}`);
  };
  return {
    pid: child.pid ?? 0,
    ended,
    output: said,
    signal: (name) => void child.kill(name),
    stop,
    kill,
    letGo: () => child.unref(),
  };
};

/** Starts the built server. */
export const startServer = (place: ServerPlace): StartingServer => {
  const started = performance.now();
  const anywhere = '127.0.0.1:0';
  const words = [...(place.through ?? []), process.execPath, place.program, 'serve', '--data', place.data];
  const flags = ['--http', anywhere, '--etcd', anywhere, ...(place.flags ?? [])];
  const program = startProgram([...words, ...flags], place.log);
  let hasEnded = false;
  void program.ended.then(() => (hasEnded = true));

  const ready = async (waiting: (seconds: number) => void = () => undefined): Promise<ServerProcess> => {
    let told = 0;
    for (;;) {
      const elapsed = performance.now() - started;
      const endpoints = readEndpoints(place.data);
      if (endpoints !== undefined && endpoints.pid === program.pid && (await isReady(endpoints))) {
        program.letGo();
        return { ...program, ready, endpoints, readyMs: elapsed };
      }
      if (hasEnded) throw new Error(`the server ended while it started:\n${program.output()}`);
      if (elapsed > READY_MS) {
        await program.kill();
        throw new Error(`the server was not ready within ${READY_MS / 1000} s:\n${program.output()}`);
      }
      if (elapsed - told > 1_000) {
        told = elapsed;
        waiting(Math.floor(elapsed / 1000));
      }
      await sleep(25);
    }
  };
  return { ...program, ready };
};

/** What a server has written for its clients; undefined when there is none. */
const readEndpoints = (data: string): Endpoints | undefined => {
  try {
    return JSON.parse(readFileSync(join(data, 'endpoints.json'), 'utf8')) as Endpoints; // Ours, and written whole.
  } catch {
    return undefined;
  }
};

const isReady = async ({ http }: Endpoints): Promise<boolean> => {
  try {
    return (await fetch(`${http}/readyz`, { headers: { connection: 'close' } })).ok;
  } catch {
    return false;
  }
};

/** Stops a server that nobody holds any more, told by its command line; gives its process id. */
export const stopLeftServer = async (data: string): Promise<number | undefined> => {
  const pid = readEndpoints(data)?.pid;
  if (pid === undefined || !isServerOf(pid, data)) return undefined;
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; isServerOf(pid, data); waited += 50) {
    if (waited > STOP_MS) process.kill(pid, 'SIGKILL');
    await sleep(50);
  }
  return pid;
};

const isServerOf = (pid: number, data: string): boolean => {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.includes('serve') && words.includes(data);
  } catch {
    return false;
  }
};
