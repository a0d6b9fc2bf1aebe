import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '#log/lmdb-rows';
import { loadSnapshot, readManifest, takeSnapshot } from '#log/snapshot';
import { newCluster, openDataDirectory, writeCluster } from '#gateways/server/data-directory';

/** Positions skipped by a restore, so that watches and generations never run backwards. */
const SKIPPED = 1_000_000_000;

export interface Restored {
  readonly directory: string;
  readonly clusterId: string;
  /** Where the backup was taken. */
  readonly position: number;
  /** Where the restored log goes on. */
  readonly base: number;
  readonly rows: number;
}

/**
 * Makes a data directory from a backup: a new incarnation of the log whose positions go on far behind the backup's.
 * With `newId` it becomes another cluster, which old agents and replicas refuse.
 */
export const restoreBackup = async (options: {
  readonly backup: string;
  readonly data: string;
  readonly newId?: boolean;
}): Promise<Restored> => {
  const { backup, data } = options;
  if (existsSync(data) && readdirSync(data).length > 0) {
    throw new Error(`${data}: expected an empty or absent directory. Move the old one away first, or choose another.`);
  }
  const manifest = await readManifest(backup);
  const base = manifest.position + SKIPPED;
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const clusterId = options.newId === true ? newCluster().clusterId : manifest.clusterId;
  const incarnation = 1 + Math.floor(manifest.position / SKIPPED) + 1;
  const statePath = join(data, 'state');
  mkdirSync(statePath, { recursive: true, mode: 0o700 });
  const store = await openStore(statePath);
  await loadSnapshot(backup, store, base);
  // What the new incarnation is decided on: without it its history could not be verified.
  const takenAt = new Date().toISOString();
  await takeSnapshot(store, join(data, 'snapshots', String(base).padStart(16, '0')), { clusterId, takenAt });
  await store.close();
  // Last, so that a directory whose restore was cut off is refused at start instead of being served half empty.
  writeCluster(data, { ...newCluster(clusterId), incarnation, base });
  openDataDirectory(data);
  return {
    directory: data,
    clusterId,
    position: manifest.position,
    base,
    rows: manifest.tables.reduce((sum, table) => sum + table.rows, 0),
  };
};
