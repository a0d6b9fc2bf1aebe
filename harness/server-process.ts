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

/** A server that was started, ready or not. */
export interface StartingServer {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** All that servers with this log have said. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** Waits until it answers, telling how long that takes; rejects with what it said when it ends instead. */
  ready(waiting?: (seconds: number) => void): Promise<ServerProcess>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
}

/** A server that answers. */
export interface ServerProcess extends StartingServer {
  readonly endpoints: Endpoints;
  /** From its start until it answered. */
  readonly readyMs: number;
  /** Asks it to stop; rejects when it does not. */
  stop(): Promise<Ended>;
}

const READY_MS = 60_000;
const STOP_MS = 30_000;

/** Starts the built server as a process of its own. */
export const startServer = (place: ServerPlace): StartingServer => {
  const started = performance.now();
  const output = openSync(place.log, 'a', 0o600);
  const anywhere = '127.0.0.1:0';
  const words = [...(place.through ?? []), process.execPath, place.program, 'serve', '--data', place.data];
  const flags = ['--http', anywhere, '--etcd', anywhere, ...(place.flags ?? [])];
  const [command = '', ...rest] = [...words, ...flags];
  // In a group of its own, so that Ctrl-C reaches it through us and a kept one outlives this terminal.
  const child = spawn(command, rest, { detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  let end: Ended | undefined;
  const ended = new Promise<Ended>((resolve) => {
    const settle = (exitCode: number | null, signal: NodeJS.Signals | null): void =>
      resolve((end = { exitCode, signal }));
    child.once('exit', settle);
    child.once('error', () => settle(127, null));
  });
  const said = (): string => readFileSync(place.log, 'utf8').trim();
  const kill = async (): Promise<void> => {
    child.ref();
    child.kill('SIGKILL');
    await ended;
  };
  const starting: Omit<StartingServer, 'ready'> = {
    pid: child.pid ?? 0,
    ended,
    output: said,
    signal: (name) => void child.kill(name),
    kill,
  };

  const stop = async (): Promise<Ended> => {
    child.ref();
    child.kill('SIGTERM');
    const late = sleep(STOP_MS, 'late' as const, { ref: false });
    const first = await Promise.race([ended, late]);
    if (first !== 'late') return first;
    await kill();
    throw new Error(`the server did not stop within ${STOP_MS / 1000} s:\n${said()}`);
  };

  const ready = async (waiting: (seconds: number) => void = () => undefined): Promise<ServerProcess> => {
    let told = 0;
    for (;;) {
      const elapsed = performance.now() - started;
      const endpoints = readEndpoints(place.data);
      if (endpoints !== undefined && endpoints.pid === child.pid && (await isReady(endpoints))) {
        child.unref();
        return { ...starting, ready, endpoints, readyMs: elapsed, stop };
      }
      if (end !== undefined) throw new Error(`the server ended while it started:\n${said()}`);
      if (elapsed > READY_MS) {
        await kill();
        throw new Error(`the server was not ready within ${READY_MS / 1000} s:\n${said()}`);
      }
      if (elapsed - told > 1_000) {
        told = elapsed;
        waiting(Math.floor(elapsed / 1000));
      }
      await sleep(25);
    }
  };
  return { ...starting, ready };
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
