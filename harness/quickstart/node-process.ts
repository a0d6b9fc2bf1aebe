import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The server of the tour, as a process of its own. */
export interface NodeProcess {
  readonly pid: number;
  readonly endpoints: Endpoints;
  /** From its start until it answered. */
  readonly readyMs: number;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface Endpoints {
  readonly http: string;
  readonly etcd: string;
  readonly pid: number;
}

const READY_MS = 60_000;
const STOP_MS = 15_000;

export interface NodePlace {
  /** The bundle of the command. */
  readonly program: string;
  readonly data: string;
  readonly log: string;
}

/** Starts a node and waits until it is ready, telling how long that takes. */
export const startNode = async (place: NodePlace, waiting: (seconds: number) => void): Promise<NodeProcess> => {
  const started = performance.now();
  const output = openSync(place.log, 'a', 0o600);
  const address = '127.0.0.1:0';
  const child = spawn(
    process.execPath,
    [place.program, 'serve', '--data', place.data, '--http', address, '--etcd', address],
    // In a group of its own, so that Ctrl-C reaches it through us and a kept one outlives this terminal.
    { detached: true, stdio: ['ignore', output, output] },
  );
  closeSync(output);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let told = 0;
  for (;;) {
    const elapsed = performance.now() - started;
    const endpoints = readEndpoints(place.data);
    if (endpoints !== undefined && endpoints.pid === child.pid && (await isReady(endpoints))) {
      child.unref();
      return { pid: endpoints.pid, endpoints, readyMs: elapsed, ...endings(child, gone) };
    }
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server ended while it started:\n${readFileSync(place.log, 'utf8').trim()}`);
    }
    if (elapsed > READY_MS) {
      child.kill('SIGKILL');
      throw new Error(
        `the server was not ready within ${READY_MS / 1000} s:\n${readFileSync(place.log, 'utf8').trim()}`,
      );
    }
    if (elapsed - told > 1_000) {
      told = elapsed;
      waiting(Math.floor(elapsed / 1000));
    }
    await sleep(25);
  }
};

const endings = (child: ChildProcess, gone: Promise<void>): Pick<NodeProcess, 'kill' | 'stop'> => ({
  kill: async () => {
    child.ref();
    child.kill('SIGKILL');
    await gone;
  },
  stop: async () => {
    child.ref();
    child.kill('SIGTERM');
    const late = sleep(STOP_MS, 'late', { ref: false });
    if ((await Promise.race([gone, late])) !== 'late') return;
    child.kill('SIGKILL');
    throw new Error(`the server did not stop within ${STOP_MS / 1000} s`);
  },
});

const readEndpoints = (data: string): Endpoints | undefined => {
  const file = join(data, 'endpoints.json');
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Endpoints; // Ours, and written whole.
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

/** Stops what an earlier `--keep` left running on this directory, told by its command line. */
export const stopKept = async (data: string): Promise<number | undefined> => {
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
