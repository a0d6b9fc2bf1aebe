import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from '#log/component';
import type { Log } from '#log/log';
import { openStore, type Store } from '#log/lmdb-rows';
import { openSegmentLog } from '#log/segment/segment-log';
import { listSnapshots, loadSnapshot } from '#log/snapshot';
import { authorityOf, type Authority } from '#log/authority';
import { verify } from '#log/verify';
import { vocabularyOf, type Vocabulary } from '#log/vocabulary';
import type { Verification } from '#gateways/node';
import { openDataDirectory, type DataDirectory } from '#gateways/server/data-directory';
import { damageOf } from '#gateways/server/state-directory';

interface Parts {
  readonly vocabulary: Vocabulary;
  readonly authority: Authority;
  readonly recorded: Store;
  readonly log: Log;
}

/** Needs about as much disk as the state, for the time it runs. */
export const verifyAgainst = async (
  data: DataDirectory,
  { vocabulary, authority, recorded, log }: Parts,
  progress?: (position: number) => void,
): Promise<Verification> => {
  const path = join(data.path, 'verify');
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { mode: 0o700 });
  const fresh = await openStore(path, { noSync: true });
  const stop = new AbortController();
  try {
    const { first } = await log.bounds();
    if (first > 1) await startingState(data, fresh, first);
    const entries = async function* () {
      if (recorded.head.position < first) return;
      for await (const group of log.read(fresh.head.position + 1, stop.signal)) {
        yield group.entries;
        // Deciding is not allowed to starve the node that it runs beside.
        await new Promise((done) => setImmediate(done));
      }
    };
    return await verify(vocabulary, authority, recorded, fresh, entries(), progress);
  } finally {
    stop.abort();
    await fresh.close();
    rmSync(path, { recursive: true, force: true });
  }
};

const startingState = async (data: DataDirectory, fresh: Store, first: number): Promise<void> => {
  const found = (await listSnapshots(data.snapshotPath)).find(({ manifest }) => manifest.position >= first - 1);
  const start = found ?? (await listSnapshots(data.backupPath)).find(({ manifest }) => manifest.position >= first - 1);
  if (start === undefined) {
    throw new Error(
      `the log begins at position ${first} and no snapshot before it is kept, so there is nothing to decide it on. ` +
        'Put a backup of this cluster below backups/.',
    );
  }
  await loadSnapshot(start.path, fresh);
};

/** Verifies a data directory that no process serves. */
export const verifyDirectory = async (
  directory: string,
  components: readonly Component[],
  progress?: (position: number) => void,
): Promise<Verification> => {
  if (!existsSync(join(directory, 'cluster.json'))) {
    throw new Error(`${directory}: expected a data directory, which has a cluster.json. Name another with --data.`);
  }
  const data = openDataDirectory(directory);
  const { clusterId, incarnation, base } = data.cluster;
  const opened: { recorded?: Store } = {};
  const applied = async (): Promise<number> => {
    const damage = damageOf(data.statePath);
    if (damage !== undefined) {
      throw new Error(`${data.statePath}: ${damage}. Start the server once: it makes the state again from the log.`);
    }
    mkdirSync(data.statePath, { recursive: true, mode: 0o700 });
    opened.recorded = await openStore(data.statePath);
    return opened.recorded.head.position;
  };
  const now = (): number => Date.now();
  let log: Log | undefined;
  try {
    log = await openSegmentLog({ directory: data.logPath, clusterId, incarnation, base, now, applied });
    const { recorded } = opened;
    if (recorded === undefined) throw new Error('the log was opened without the state');
    const vocabulary = vocabularyOf(components);
    return await verifyAgainst(data, { vocabulary, authority: authorityOf(vocabulary), recorded, log }, progress);
  } finally {
    await opened.recorded?.close();
    await log?.close();
  }
};
