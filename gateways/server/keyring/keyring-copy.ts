import { existsSync, linkSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lockDirectory } from '#log/segment/directory-lock';
import { readText, writeWhole } from '#gateways/server/data-directory';
import { clusterKeyOf } from '#gateways/server/keyring/cluster-key';
import { keyringDisk } from '#gateways/server/keyring/keyring-disk';
import { readRing, type Ring, type RingText } from '#gateways/server/keyring/ring';

/** What a copy of a keyring is, for whoever made or used it. */
export interface KeyringCopy {
  readonly file: string;
  readonly generation: number;
  /** Names the cluster key that opens it, which is not in it. */
  readonly clusterKeyId: string;
  /** Whether that is the one in the data directory; unknown where there is none. */
  readonly clusterKey: 'same' | 'another' | 'unknown';
  readonly subjects: number;
  readonly keys: number;
}

interface Named {
  readonly data: string;
  readonly file: string;
}

/** Copies the keyring of a data directory, served or not, to a new file. Errors name the file and what to do. */
export const copyKeyring = ({ data, file }: Named): KeyringCopy => {
  const own = ringFile(data);
  if (!existsSync(own)) throw new Error(`${own}: there is no keyring yet, since nothing was sealed here.`);
  const text = readText(own);
  const read = readRing(text);
  const copy = read === undefined ? undefined : aboutCopy(data, file, read);
  if (copy === undefined) {
    throw new Error(
      `${own} is damaged, so it is not copied. Restore an older backup of it: ultracloud keyring restore.`,
    );
  }
  if (existsSync(file)) throw new Error(`${file} exists. Choose another name.`);
  writeWhole(file, text, 0o600, linkSync);
  return copy;
};

/**
 * Puts a copy in the place of the keyring of a data directory that no process serves. Refused where keys would be lost
 * that the copy does not have; a damaged keyring is moved aside.
 */
export const putKeyringBack = async ({ data, file }: Named): Promise<KeyringCopy & { readonly movedTo?: string }> => {
  if (!existsSync(join(data, 'cluster.json')))
    throw new Error(`${data}: expected a data directory, found something else.`);
  const text = readFileSync(file, 'utf8');
  const read = readRing(text);
  const copy = read === undefined ? undefined : aboutCopy(data, file, read);
  if (read === undefined || copy === undefined) {
    throw new Error(`${file} is no backup of a keyring, or is damaged. Nothing was changed. Choose another one.`);
  }
  const log = join(data, 'log');
  const release = existsSync(log) ? await lockDirectory(log) : undefined;
  try {
    const moved = makeWay(data, read.ring);
    const disk = keyringDisk(join(data, 'keyring'), []);
    disk.prepare();
    disk.write('keyring.json', text);
    return { ...copy, ...moved };
  } finally {
    await release?.();
  }
};

const ringFile = (data: string): string => join(data, 'keyring', 'keyring.json');

/** Undefined when the cluster key of the directory shows that it was changed. */
const aboutCopy = (data: string, file: string, read: RingText): KeyringCopy | undefined => {
  const { ring } = read;
  const keyFile = join(data, 'keyring', 'cluster.key');
  const own = existsSync(keyFile) ? clusterKeyOf(readText(keyFile), 'file') : undefined;
  const isSame = own?.id === ring.clusterKey;
  if (own !== undefined && isSame && !read.isSignedBy(own)) return undefined;
  const kept = ring.keys.filter(({ wrapped }) => wrapped !== undefined);
  return {
    file,
    generation: ring.generation,
    clusterKeyId: ring.clusterKey,
    clusterKey: own === undefined ? 'unknown' : isSame ? 'same' : 'another',
    subjects: new Set(kept.map(({ subject }) => subject)).size,
    keys: kept.length,
  };
};

/** What stands where a keyring is to be restored. */
const makeWay = (data: string, restored: Ring): { readonly movedTo?: string } => {
  const own = ringFile(data);
  if (!existsSync(own)) return {};
  const present = statSync(own).isFile() ? readRing(readFileSync(own, 'utf8')) : undefined;
  if (present === undefined) {
    const movedTo = `${own}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    renameSync(own, movedTo);
    return { movedTo };
  }
  const restoredIds = new Set(restored.keys.map(({ id }) => id));
  const lost = present.ring.keys.filter(({ id, wrapped }) => wrapped !== undefined && !restoredIds.has(id));
  if (lost.length === 0) return {};
  throw new Error(
    `${own} has ${lost.length} ${lost.length === 1 ? 'key' : 'keys'} that the backup lacks, which would be lost. ` +
      'Nothing was changed. Restore a newer backup, or move this file away first if it is of no use.',
  );
};
