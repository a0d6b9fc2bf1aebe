import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { kind } from '#aggregates/facts';
import type { Component } from '#log/component';
import { Engine } from '#log/engine';
import { openStore, type Store } from '#log/lmdb-rows';
import { openSegmentLog, type SegmentLog } from '#log/segment/segment-log';
import { vocabularyOf } from '#log/vocabulary';
import { WatchHub } from '#log/watch';
import type { Node } from '#gateways/node';
import { startClock } from '#gateways/server/clock';
import type { DataDirectory } from '#gateways/server/data-directory';
import { startLiveness } from '#gateways/server/liveness';
import { operationsOf } from '#gateways/server/operations';
import { administratorOnly, tokenCheck } from '#gateways/server/policy';
import { startPruner } from '#gateways/server/pruner';

const historyKind = kind<{ readonly position: number }>('history');

export interface RunningNode extends Node {
  readonly store: Store;
  readonly log: SegmentLog;
  readonly watchCount: () => number;
  stop(): Promise<void>;
}

export interface NodeOptions {
  readonly components: readonly Component[];
  readonly version: string;
  readonly now: () => number;
  /** The process must stop; what is in memory may be ahead of the disk. */
  readonly onFault: (error: Error) => void;
}

/** Opens the log and the state, decides the tail that the state has not seen, and starts what appends by itself. */
export const startNode = async (data: DataDirectory, options: NodeOptions): Promise<RunningNode> => {
  const { cluster } = data;
  mkdirSync(data.logPath, { recursive: true, mode: 0o700 });
  mkdirSync(data.statePath, { recursive: true, mode: 0o700 });
  const log = await openSegmentLog({
    directory: data.logPath,
    clusterId: cluster.clusterId,
    incarnation: cluster.incarnation,
    base: cluster.base,
    now: options.now,
  });
  const store = await openStore(data.statePath);
  const vocabulary = vocabularyOf(options.components);
  const authorise = administratorOnly(vocabulary);
  const engine = new Engine({ vocabulary, log, store, authorise, now: options.now, onFault: options.onFault });
  await engine.start();
  const hub = new WatchHub(engine);
  const liveness = await startLiveness(engine, randomBytes(8).toString('hex'));
  const stopClock = startClock(engine);
  const stopPruner = startPruner(engine, store);
  return {
    engine,
    liveness,
    operations: operationsOf(data, { engine, store, log, authorise, now: options.now }),
    store,
    log,
    clusterId: cluster.clusterId,
    directory: data.path,
    version: options.version,
    startedMs: options.now(),
    authenticate: tokenCheck(data.token),
    watch: (ranges, from, sink) => hub.watch(ranges, from, sink),
    watchCount: () => hub.size,
    oldestPosition: (noun) => engine.facts.get(historyKind, noun)?.state.position ?? 0,
    stop: async () => {
      stopClock();
      stopPruner();
      liveness.stop();
      hub.close();
      await engine.close();
    },
  };
};
