import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, type Store } from '#log/lmdb-rows';
import { listSnapshots, loadSnapshot } from '#log/snapshot';
import type { DataDirectory } from '#gateways/server/data-directory';

/**
 * Opens the state. Everything in it follows from the log and the snapshots, so that a damaged one is put aside and
 * made anew, as one that is lost; `tell` says so.
 */
export const openState = async (data: DataDirectory, tell: (notice: string) => void): Promise<Store> => {
  if (!existsSync(data.statePath) && existsSync(join(data.logPath, 'log.json'))) {
    tell(`${data.statePath} was missing and is made again from the log; nothing is lost.`);
  }
  const found = damageOf(data.statePath);
  if (found !== undefined) {
    const aside = `${data.statePath}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    renameSync(data.statePath, aside);
    tell(
      `${data.statePath}: ${found}. It was put aside as ${aside} and is made again from the log; nothing is lost. ` +
        'Check the disk, then delete what was put aside.',
    );
  }
  mkdirSync(data.statePath, { recursive: true, mode: 0o700 });
  return openStore(data.statePath);
};

/** Gives the state what the log no longer holds: the newest snapshot that the log, which begins at `first`, goes on. */
export const seedState = async (data: DataDirectory, store: Store, first: number): Promise<string> => {
  const below = [data.snapshotPath, data.backupPath];
  const listed = (await Promise.all(below.map((path) => listSnapshots(path)))).flat();
  const usable = listed.filter(({ manifest }) => manifest.position >= first - 1);
  const newest = usable.sort((a, b) => b.manifest.position - a.manifest.position)[0];
  if (newest === undefined) {
    throw new Error(
      `${data.path}: the log begins at position ${first}, and neither the state nor a snapshot below ` +
        `${below.join(' or ')} holds what was before. Put state/ back from a copy, put a backup of this cluster of ` +
        `position ${first - 1} or later into backups/, or restore a backup into another directory.`,
    );
  }
  await loadSnapshot(newest.path, store);
  return newest.path;
};

const META_MAGIC = 0xbeefc0de;
const PAGE_BYTES = 8192;
/** Of LMDB's two meta pages: behind the page's header, the magic number, and the last page in use. */
const META = { magic: 24, lastPage: 144, bytes: 152 } as const;

/** What is wrong with the file of the state; LMDB itself crashes the process on some of these. */
export const damageOf = (statePath: string): string | undefined => {
  if (statSync(statePath, { throwIfNoEntry: false })?.isDirectory() === false)
    return 'expected a directory, found a file';
  const path = join(statePath, 'data.mdb');
  if (!existsSync(path)) return undefined;
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size === 0) return undefined;
    const meta = Buffer.alloc(META.bytes);
    let pages = 2;
    for (const at of [0, PAGE_BYTES]) {
      const read = readSync(file, meta, 0, meta.length, at);
      if (read < meta.length) return `data.mdb has ${size} bytes, which is less than its two first pages`;
      if (meta.readUInt32LE(META.magic) !== META_MAGIC) return `data.mdb is no file of LMDB (byte ${at + META.magic})`;
      pages = Math.max(pages, Number(meta.readBigUInt64LE(META.lastPage)) + 1);
    }
    const wanted = pages * PAGE_BYTES;
    return size < wanted ? `data.mdb has ${size} bytes of the ${wanted} that it should have` : undefined;
  } finally {
    closeSync(file);
  }
};
