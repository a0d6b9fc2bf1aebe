import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '#log/engine';
import type { Log } from '#log/log';
import type { Authorise } from '#log/transaction';
import type { Store } from '#log/lmdb-rows';
import { checkSnapshot, listSnapshots, takeSnapshot, UNFINISHED, type Manifest } from '#log/snapshot';
import { BackupExists, type Backup, type Operations } from '#gateways/node';
import type { DataDirectory } from '#gateways/server/data-directory';
import { verifyAgainst } from '#gateways/server/verify-log';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/;

export const operationsOf = (
  data: DataDirectory,
  parts: {
    readonly engine: Engine;
    readonly store: Store;
    readonly log: Log;
    readonly authorise: Authorise;
    readonly now: () => number;
    /** Told of what an operator should look at. */
    readonly tell: (why: string) => void;
  },
): Operations => {
  const { engine, store, log, authorise, tell } = parts;
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
    truncateLog: async (before) => {
      const { position } = engine.head;
      if (before > position) throw new Error(`before: expected a position up to ${position}, got ${before}`);
      const name = String(position).padStart(16, '0');
      const listed = await listSnapshots(data.snapshotPath, tell);
      const kept = listed.find(({ manifest }) => manifest.position >= before - 1);
      const snapshot = kept === undefined ? await take(data.snapshotPath, name) : backupOf(kept.path, kept.manifest);
      await log.truncate(Math.min(before, snapshot.position + 1));
      return { first: (await log.bounds()).first, snapshot };
    },
    verifyLog: async (progress) => {
      await engine.flush();
      return verifyAgainst(data, { vocabulary: engine.vocabulary, authorise, recorded: store, log }, progress);
    },
  };
};

const backupOf = (path: string, manifest: Manifest): Backup => ({
  name: path.slice(path.lastIndexOf('/') + 1),
  path,
  position: manifest.position,
  takenAt: manifest.takenAt,
  rows: manifest.tables.reduce((sum, table) => sum + table.rows, 0),
  bytes: manifest.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
  digest: manifest.digest,
});
