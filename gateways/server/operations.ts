import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '#log/engine';
import { decodeEntry } from '#log/entry';
import type { Log } from '#log/log';
import type { Authority } from '#log/authority';
import type { Store } from '#log/lmdb-rows';
import { checkSnapshot, dropSnapshots, listSnapshots, takeSnapshot, UNFINISHED, type Manifest } from '#log/snapshot';
import { BackupExists, type Backup, type EntryAt, type Operations } from '#gateways/node';
import type { DataDirectory } from '#gateways/server/data-directory';
import { verifyAgainst } from '#gateways/server/verify-log';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/;

export const operationsOf = (
  data: DataDirectory,
  parts: {
    readonly engine: Engine;
    readonly store: Store;
    readonly log: Log;
    readonly authority: Authority;
    readonly now: () => number;
    /** Told of what an operator should look at. */
    readonly tell: (why: string) => void;
  },
): Operations => {
  const { engine, store, log, authority, tell } = parts;
  const take = async (below: string, name: string, progress?: (rows: number) => void): Promise<Backup> => {
    await engine.flush();
    const path = join(below, name);
    const takenAt = new Date(parts.now()).toISOString();
    try {
      await takeSnapshot(store, path, { clusterId: data.cluster.clusterId, takenAt }, progress);
    } catch (error) {
      // On a full disk nothing is as good as the space that it takes.
      await rm(`${path}${UNFINISHED}`, { recursive: true, force: true });
      throw error;
    }
    return backupOf(path, await checkSnapshot(path));
  };
  const underway = new Set<string>();
  /** The first that is whole of those that stand for everything before a position; a new one when there is none. */
  const snapshotFor = async (before: number): Promise<Backup> => {
    for (const { path, manifest } of await listSnapshots(data.snapshotPath, tell)) {
      if (manifest.position < before - 1) continue;
      try {
        return backupOf(path, await checkSnapshot(path));
      } catch (error) {
        tell(error instanceof Error ? error.message : String(error));
      }
    }
    const name = String(engine.head.position).padStart(16, '0');
    let free = name;
    for (let number = 2; existsSync(join(data.snapshotPath, free)); number++) free = `${name}-${number}`;
    return take(data.snapshotPath, free);
  };
  let last: Promise<unknown> = Promise.resolve();
  /** Verification reads the snapshot and the entries that a truncation drops. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  return {
    createBackup: async (name, progress) => {
      const chosen = name ?? `backup-${new Date(parts.now()).toISOString().replaceAll(/[:.]/g, '-')}`;
      if (!NAME.test(chosen))
        throw new Error(`name: expected letters, digits, dots, dashes and underscores, got ${chosen}`);
      const path = join(data.backupPath, chosen);
      if (underway.has(chosen) || existsSync(path)) throw new BackupExists(path);
      underway.add(chosen);
      try {
        return await take(data.backupPath, chosen, progress);
      } finally {
        underway.delete(chosen);
      }
    },
    listBackups: async () =>
      (await listSnapshots(data.backupPath, tell)).map(({ path, manifest }) => backupOf(path, manifest)),
    logBounds: () => log.bounds(),
    readEntries: (from, to) => entriesOf(log, from, to),
    readEntry: async (position) => {
      const { first, end } = await log.bounds();
      if (position < first || position > end) return undefined;
      for await (const group of entriesOf(log, position, position)) return group[0]?.entry;
      return undefined;
    },
    truncateLog: (before) =>
      inTurn(async () => {
        const { position } = engine.head;
        if (before > position) throw new Error(`before: expected a position up to ${position}, got ${before}`);
        const snapshot = await snapshotFor(before);
        await log.truncate(Math.min(before, snapshot.position + 1));
        const { first } = await log.bounds();
        await dropSnapshots(data.snapshotPath, first - 1);
        return { first, snapshot };
      }),
    verifyLog: (progress) =>
      inTurn(async () => {
        await engine.flush();
        return verifyAgainst(data, { vocabulary: engine.vocabulary, authority, recorded: store, log }, progress);
      }),
  };
};

async function* entriesOf(log: Log, from: number, to: number): AsyncGenerator<readonly EntryAt[]> {
  if (from > to) return;
  const stop = new AbortController();
  try {
    for await (const { entries } of log.read(from, stop.signal)) {
      yield entries
        .filter(({ position }) => position <= to)
        .map(({ position, bytes }) => ({ position, entry: decodeEntry(bytes) }));
      if ((entries.at(-1)?.position ?? to) >= to) return;
    }
  } finally {
    stop.abort();
  }
}

const backupOf = (path: string, manifest: Manifest): Backup => ({
  name: path.slice(path.lastIndexOf('/') + 1),
  path,
  position: manifest.position,
  takenAt: manifest.takenAt,
  rows: manifest.tables.reduce((sum, table) => sum + table.rows, 0),
  bytes: manifest.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
  digest: manifest.digest,
});
