import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Measured } from '#harness/bench/row';
import {
  endServers,
  etcdInstalled,
  startEtcd,
  startUltraCloud,
  type Server,
  type StartServer,
} from '#harness/bench/server-process';
import { startWorker, type Worker } from '#harness/bench/worker';

export interface ArenaOptions {
  /** The directory that everything is written below; removed at the end. */
  readonly directory: string;
  /** The CLI's bundle. */
  readonly cli: string;
  /** This program, for the load generator. */
  readonly program: string;
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

/** What one side is measured on. */
export interface Side {
  readonly name: 'ultracloud' | 'etcd';
  readonly start: StartServer;
}

export interface Pair {
  readonly ours: Server;
  readonly peer?: Server;
}

/** Where the two sides meet: servers, the load generator, and how long and how often is measured. */
export interface Arena {
  readonly directory: string;
  readonly sides: readonly Side[];
  readonly worker: Worker;
  readonly runs: number;
  readonly seconds: number;
  readonly quick: boolean;
  readonly say: (line: string) => void;
  readonly newDirectory: (name: string) => string;
  /** Servers with the keys of the put and range rows, started at the first use. */
  readonly loaded: () => Promise<Pair>;
  readonly close: () => Promise<void>;
}

/** Random keys are drawn from so many. */
export const keySpace = 100_000;

export const openArena = (options: ArenaOptions): Arena => {
  const { directory, say, quick } = options;
  mkdirSync(directory, { recursive: true });
  const worker = startWorker(options.program);
  const ours: Side = { name: 'ultracloud', start: startUltraCloud(options.cli) };
  const sides: readonly Side[] = etcdInstalled() ? [ours, { name: 'etcd', start: startEtcd }] : [ours];
  let made = 0;
  const newDirectory = (name: string): string => {
    const path = join(directory, `${name}-${made++}`);
    mkdirSync(path, { mode: 0o700 });
    return path;
  };
  const startLoaded = async (): Promise<Pair> => {
    const pair: Server[] = [];
    for (const { name, start } of sides) {
      const server = await start(newDirectory(name));
      pair.push(server);
      const seconds = await worker.run('fill', { ...targetOf(server), address: server.grpc, keys: keySpace });
      say(`filled ${name} with ${keySpace} keys in ${seconds.toFixed(1)} s`);
    }
    const [first, second] = pair as [Server, Server?];
    return { ours: first, ...(second === undefined ? {} : { peer: second }) };
  };
  let loaded: Promise<Pair> | undefined;
  return {
    directory,
    sides,
    worker,
    runs: quick ? 3 : 5,
    seconds: quick ? 1.5 : 5,
    quick,
    say,
    newDirectory,
    loaded: () => (loaded ??= startLoaded()),
    close: async () => {
      await Promise.all([worker.stop(), endServers()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

export const targetOf = ({ token }: Server): { readonly token?: string } => (token === undefined ? {} : { token });

export interface Results {
  readonly ours: readonly Measured[];
  readonly peer: readonly Measured[];
}

/** Runs each side in turn, so that what else the machine does meets both; the first round only warms up. */
export const interleave = async (
  { runs, say }: Arena,
  name: string,
  ours: () => Promise<Measured>,
  peer: (() => Promise<Measured>) | undefined,
  warmUps = 1,
): Promise<Results> => {
  const results = { ours: [] as Measured[], peer: [] as Measured[] };
  for (let round = -warmUps; round < runs; round++) {
    for (const [side, measure] of [
      ['ours', ours],
      ['peer', peer],
    ] as const) {
      if (measure === undefined) continue;
      const measured = await measure();
      if (round >= 0) results[side].push(measured);
      say(`${name} ${side} ${round < 0 ? 'warm-up' : `run ${round + 1}`}: ${measured.value.toPrecision(4)}`);
    }
  }
  return results;
};
