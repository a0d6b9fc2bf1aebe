import { randomBytes } from 'node:crypto';
import { kind } from '#aggregates/facts';
import { authorityOf } from '#log/authority';
import type { Component } from '#log/component';
import { Engine } from '#log/engine';
import type { Store } from '#log/lmdb-rows';
import type { TornTail } from '#log/segment/recovery';
import { openSegmentLog, type SegmentLog } from '#log/segment/segment-log';
import { dropSnapshots, removeUnfinished } from '#log/snapshot';
import { vocabularyOf } from '#log/vocabulary';
import { WatchHub } from '#log/watch';
import type { Node } from '#gateways/node';
import { breakGlassNotes } from '#gateways/server/break-glass-uses';
import { watchAlarms } from '#gateways/server/alarms';
import { startCertificates } from '#gateways/server/certificates/certificates';
import {
  openServerIdentity,
  type ServerIdentity,
  type ServerNames,
} from '#gateways/server/certificates/server-identity';
import { startClock, watchClock } from '#gateways/server/clock';
import type { DataDirectory } from '#gateways/server/data-directory';
import { startDiskGuard } from '#gateways/server/disk-guard';
import { hostsOf } from '#gateways/server/hosts';
import { startKeyring } from '#gateways/server/keyring/node-keyring';
import { found, isUnfounded, usualFounding, type Founding } from '#gateways/server/founding';
import { startIdentity } from '#gateways/server/identity/identity';
import { startLiveness } from '#gateways/server/liveness';
import { startLogCheck, usualLogCheck, type LogCheck } from '#gateways/server/log-check';
import { noticesOf, type Notices } from '#gateways/server/notices';
import { operationsOf } from '#gateways/server/operations';
import { tokenCheck } from '#gateways/server/policy';
import { refusalsOf } from '#gateways/server/refusals';
import { startPruner } from '#gateways/server/pruner';
import { openState, seedState } from '#gateways/server/state-directory';

const historyKind = kind<{ readonly position: number }>('history');

export interface RunningNode extends Node {
  readonly store: Store;
  readonly log: SegmentLog;
  /** A certificate for the servers of this process, from the cluster's own authority. */
  serverIdentity(names: ServerNames): Promise<ServerIdentity>;
  stop(): Promise<void>;
}

export interface NodeOptions {
  readonly components: readonly Component[];
  readonly version: string;
  readonly now: () => number;
  /** Commands are refused when less is free; nobody looks unless given. */
  readonly diskFloorBytes?: number;
  /** What is made on an empty directory; the usual unless given. */
  readonly founding?: Founding;
  readonly logCheck?: LogCheck;
  /** Lines for people; none unless given. */
  readonly say?: (line: string) => void;
  /** The process must stop; what is in memory may be ahead of the disk. */
  readonly onFault: (error: Error) => void;
}

/** Opens the log and the state, decides the tail that the state has not seen, and starts what appends by itself. */
export const startNode = async (data: DataDirectory, options: NodeOptions): Promise<RunningNode> => {
  const { cluster } = data;
  const say = options.say ?? (() => undefined);
  const notices = noticesOf(say);
  for (const notice of data.notices) notices.tell(notice, notice);
  const { logCheck = usualLogCheck } = options;
  const { log, store } = await openLogAndState(data, options.now, logCheck, notices);
  const vocabulary = vocabularyOf(options.components);
  const authority = authorityOf(vocabulary);
  const engine = new Engine({ vocabulary, log, store, authority, now: options.now, onFault: options.onFault });
  await catchUp(engine, (await log.bounds()).end, say);
  for (const path of [data.backupPath, data.snapshotPath]) await removeUnfinished(path);
  await dropSnapshots(data.snapshotPath, (await log.bounds()).first - 1);
  const secrets = startKeyring(data, engine, notices);
  const refusals = refusalsOf(engine, options.now);
  const hub = new WatchHub(engine);
  const liveness = await startLiveness(engine, randomBytes(8).toString('hex'));
  if (isUnfounded(engine)) await found(engine, options.founding ?? usualFounding);
  const disk =
    options.diskFloorBytes === undefined
      ? undefined
      : await startDiskGuard(data.path, engine, options.diskFloorBytes, notices);
  const tell = (why: string): void => notices.tell(why, why);
  const certificates = startCertificates({ engine, keyring: secrets.keyring, clusterId: cluster.clusterId, tell });
  const identity = startIdentity({
    engine,
    keyring: secrets.keyring,
    clusterId: cluster.clusterId,
    breakGlass: tokenCheck(data.token),
    tell,
  });
  const stops = [
    () => identity.stop(),
    () => secrets.stop(),
    () => certificates.stop(),
    startLogCheck(log, notices, logCheck),
    startClock(engine),
    watchClock(engine, notices),
    watchAlarms(engine, notices),
    startPruner(engine, store),
  ];
  return {
    engine,
    liveness,
    operations: operationsOf(data, {
      engine,
      store,
      log,
      authority,
      now: options.now,
      tell,
    }),
    keyring: secrets.keyring,
    certificates,
    hosts: hostsOf({ engine, certificates }),
    serverIdentity: (names) =>
      openServerIdentity({ engine, certificates, keyring: secrets.keyring, directory: data.path, tell }, names),
    store,
    log,
    disk,
    notices: () => notices.list(),
    clusterId: cluster.clusterId,
    directory: data.path,
    version: options.version,
    startedMs: options.now(),
    identity,
    admitted: breakGlassNotes(engine, options.now, say),
    authenticate: (token) => identity.authenticate(token),
    ...refusals,
    watch: (ranges, from, sink) => hub.watch(ranges, from, sink),
    watchCount: () => hub.size,
    oldestPosition: (noun) => engine.facts.get(historyKind, noun)?.state.position ?? 0,
    stop: async () => {
      for (const stop of stops) stop();
      disk?.stop();
      liveness.stop();
      hub.close();
      await engine.close();
    },
  };
};

/** Both, one agreeing with the other; tells what had to be mended. Holds nothing when it throws. */
const openLogAndState = async (
  data: DataDirectory,
  now: () => number,
  { startBytes }: LogCheck,
  notices: Notices,
): Promise<{ readonly log: SegmentLog; readonly store: Store }> => {
  const { clusterId, incarnation, base } = data.cluster;
  const opened: { store?: Store } = {};
  const applied = async (): Promise<number> => {
    opened.store = await openState(data, (notice) => notices.tell('state', notice));
    return opened.store.head.position;
  };
  let log: SegmentLog | undefined;
  try {
    log = await openSegmentLog({
      directory: data.logPath,
      clusterId,
      incarnation,
      base,
      now,
      applied,
      ...(startBytes === undefined ? {} : { checkedBytes: startBytes }),
    });
    const { store } = opened;
    if (store === undefined) throw new Error('the log was opened without the state');
    if (log.torn !== undefined) notices.tell('torn tail', tornNotice(data.logPath, log.torn));
    const { first } = await log.bounds();
    const { position } = store.head;
    if (position < first - 1) {
      const snapshot = await seedState(data, store, first);
      notices.tell('seed', `${data.statePath}: it was begun again from ${snapshot}, since the log goes on there`);
    }
    return { log, store };
  } catch (error) {
    await opened.store?.close();
    await log?.close();
    throw error;
  }
};

const tornNotice = (logPath: string, { cutFrom, cutEntries }: TornTail): string =>
  `${logPath}: the last write was cut off by a crash and was removed, from position ${cutFrom} on ` +
  `(${cutEntries === 0 ? 'a part of an entry' : `${cutEntries} whole entries and a part of one`}). ` +
  'Nobody was told that it was done, so nothing acknowledged is lost.';

const PROGRESS_MS = 5_000;

/** Decides what the state has not seen, saying how far it is when that lasts. */
const catchUp = async (engine: Engine, end: number, say: (line: string) => void): Promise<void> => {
  const progress = setInterval(() => say(`deciding the log: position ${engine.head.position} of ${end}`), PROGRESS_MS);
  try {
    await engine.start();
  } catch (error) {
    await engine.close().catch(() => undefined);
    throw error;
  } finally {
    clearInterval(progress);
  }
};
