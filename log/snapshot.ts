import { createHash } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Head } from '#log/decide';
import { packr } from '#log/entry';
import { integerOfKey, stateKey } from '#log/key';
import type { RawRows, Store } from '#log/lmdb-rows';
import { tables, type Table } from '#log/rows';

const CHUNK_BYTES = 4 * 2 ** 20;
/** Ends the name of a snapshot that is being written; a start removes what bears it. */
export const UNFINISHED = '.unfinished';
const FORMAT = 1;

/**
 * All replicated rows at one position. Equal positions of one cluster give equal manifests but for `takenAt`, whatever
 * was written to the disk in between, because digests are taken before compression.
 */
export interface Manifest {
  readonly format: number;
  readonly clusterId: string;
  readonly position: number;
  readonly nowMs: number;
  readonly level: number;
  /** Hex of the chain hash at the position. */
  readonly hash: string;
  readonly tables: readonly { readonly name: Table; readonly rows: number }[];
  readonly chunks: readonly { readonly file: string; readonly bytes: number; readonly sha256: string }[];
  /** SHA-256 over all of the above: one value that compares whole states. */
  readonly digest: string;
  readonly takenAt: string;
}

/** Writes a snapshot of what the store holds into a new directory; it appears under its name only when whole. */
export const takeSnapshot = (
  store: Store,
  directory: string,
  about: { readonly clusterId: string; readonly takenAt: string },
  progress: (rows: number) => void = () => undefined,
): Promise<Manifest> =>
  store.snapshot(async (rows) => {
    const unfinished = `${directory}${UNFINISHED}`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    const chunks: Manifest['chunks'][number][] = [];
    const counts = new Map<Table, number>(tables.map((table) => [table, 0]));
    let pending: Buffer[] = [];
    let pendingBytes = 0;
    let written = 0;
    const write = async (): Promise<void> => {
      if (pendingBytes === 0) return;
      const plain = Buffer.concat(pending);
      pending = [];
      pendingBytes = 0;
      const file = `${String(chunks.length).padStart(6, '0')}.gz`;
      await writeFile(join(unfinished, file), await promisify(gzip)(plain, { level: 1 }), { mode: 0o600, flush: true });
      chunks.push({ file, bytes: plain.length, sha256: createHash('sha256').update(plain).digest('hex') });
      progress(written);
    };
    for (const [number, table] of tables.entries()) {
      for (const [key, value] of kept(rows, table)) {
        const head = Buffer.allocUnsafe(7);
        head.writeUInt8(number, 0);
        head.writeUInt16BE(key.length, 1);
        head.writeUInt32BE(value.length, 3);
        pending.push(head, key, value);
        pendingBytes += 7 + key.length + value.length;
        counts.set(table, (counts.get(table) ?? 0) + 1);
        written++;
        if (pendingBytes >= CHUNK_BYTES) await write();
      }
    }
    await write();
    const { head } = rows;
    const content = {
      format: FORMAT,
      clusterId: about.clusterId,
      position: head.position,
      nowMs: head.nowMs,
      level: head.level,
      hash: head.hash.toString('hex'),
      tables: tables.map((name) => ({ name, rows: counts.get(name) ?? 0 })),
      chunks,
    };
    const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
    const manifest = { ...content, digest, takenAt: about.takenAt };
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    await writeFile(join(unfinished, 'manifest.json'), text, { mode: 0o600, flush: true });
    await syncDirectory(unfinished);
    await rename(unfinished, directory);
    // Entries are dropped because a snapshot stands for them, so its name has to outlast a power failure.
    await syncDirectory(dirname(directory));
    await syncDirectory(dirname(dirname(directory)));
    return manifest;
  });

/** Rows but for versions that were compacted away and merely wait to be deleted: those differ between replicas. */
function* kept(rows: RawRows, table: Table): Iterable<readonly [Buffer, Buffer]> {
  if (table !== 'version') {
    yield* rows.raw(table);
    return;
  }
  const floors = floorsOf(rows);
  for (const [key, value] of rows.raw(table)) {
    const text = key.toString('latin1');
    const floor = floors.get(text.slice(0, text.indexOf('\0')));
    if (floor === undefined || integerOfKey(text, text.length - 8) > floor) yield [key, value];
  }
}

const floorsOf = (rows: RawRows): ReadonlyMap<string, number> => {
  const floors = new Map<string, number>();
  const prefix = stateKey('history', '');
  for (const [key, value] of rows.raw('state')) {
    const text = key.toString('latin1');
    if (!text.startsWith(prefix)) continue;
    const [, , , state] = packr.unpack(value) as readonly [number, number, number, { position: number }];
    floors.set(text.slice(prefix.length), state.position);
  }
  return floors;
};

/** Reads and checks a manifest. Errors name the file and what was expected. */
export const readManifest = async (directory: string): Promise<Manifest> => {
  const file = join(directory, 'manifest.json');
  let manifest: Manifest;
  try {
    manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest;
  } catch (error) {
    throw new Error(`${file}: expected the manifest of a snapshot. Name a directory that backup create made.`, {
      cause: error,
    });
  }
  if (manifest.format !== FORMAT) {
    throw new Error(
      `${file}: format ${String(manifest.format)}, this release reads ${FORMAT}. Use the release that wrote it.`,
    );
  }
  const { digest, takenAt: _, ...content } = manifest;
  if (createHash('sha256').update(JSON.stringify(content)).digest('hex') !== digest) {
    throw new Error(`${file}: its digest does not match its content. The backup is damaged; use another one.`);
  }
  return manifest;
};

/** Loads a snapshot into a store, checking every chunk, and gives the head at which it was taken. */
export const loadSnapshot = async (directory: string, store: Store, position?: number): Promise<Head> => {
  const manifest = await readManifest(directory);
  const head = {
    position: position ?? manifest.position,
    nowMs: manifest.nowMs,
    level: manifest.level,
    hash: Buffer.from(manifest.hash, 'hex'),
  };
  await store.load(rowsOf(directory, manifest), head);
  return head;
};

/** Checks every chunk of a snapshot without loading it. */
export const checkSnapshot = async (directory: string): Promise<Manifest> => {
  const manifest = await readManifest(directory);
  for (const chunk of manifest.chunks) await readChunk(directory, chunk);
  return manifest;
};

async function* rowsOf(directory: string, manifest: Manifest): AsyncIterable<readonly [Table, Buffer, Buffer]> {
  for (const chunk of manifest.chunks) {
    const plain = await readChunk(directory, chunk);
    for (let at = 0; at < plain.length;) {
      const table = tables[plain.readUInt8(at)];
      const keyEnd = at + 7 + plain.readUInt16BE(at + 1);
      const end = keyEnd + plain.readUInt32BE(at + 3);
      if (table === undefined || end > plain.length)
        throw new Error(`${join(directory, chunk.file)}: a row is cut off`);
      yield [table, plain.subarray(at + 7, keyEnd), plain.subarray(keyEnd, end)];
      at = end;
    }
  }
}

const readChunk = async (directory: string, chunk: Manifest['chunks'][number]): Promise<Buffer> => {
  const file = join(directory, chunk.file);
  let plain: Buffer;
  try {
    plain = await promisify(gunzip)(await readFile(file));
  } catch (error) {
    throw new Error(`${file}: cannot be read. The backup is damaged; use another one.`, { cause: error });
  }
  if (createHash('sha256').update(plain).digest('hex') !== chunk.sha256) {
    throw new Error(`${file}: its content is not what the manifest says. The backup is damaged; use another one.`);
  }
  return plain;
};

/** Snapshots below a directory, oldest first. One that cannot be read hides no other: `damaged` is told of it. */
export const listSnapshots = async (
  directory: string,
  damaged: (why: string) => void = () => undefined,
): Promise<readonly { readonly path: string; readonly manifest: Manifest }[]> => {
  const names = await readdir(directory).catch(() => []);
  const found: { path: string; manifest: Manifest }[] = [];
  for (const name of names.sort()) {
    if (name.endsWith(UNFINISHED)) continue;
    const path = join(directory, name);
    try {
      found.push({ path, manifest: await readManifest(path) });
    } catch (error) {
      damaged(error instanceof Error ? error.message : String(error));
    }
  }
  return found.sort((a, b) => a.manifest.position - b.manifest.position);
};

/** Removes what snapshots left that were never finished. Only for who knows that none is being taken. */
export const removeUnfinished = async (directory: string): Promise<void> => {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    if (name.endsWith(UNFINISHED)) await rm(join(directory, name), { recursive: true, force: true });
  }
};

/**
 * Removes the snapshots below a directory that were taken before a position. One whose removal is cut off has the name
 * of one that is unfinished.
 */
export const dropSnapshots = async (directory: string, before: number): Promise<void> => {
  for (const { path, manifest } of await listSnapshots(directory)) {
    if (manifest.position >= before) break;
    const unfinished = `${path}${UNFINISHED}`;
    await rm(unfinished, { recursive: true, force: true });
    await rename(path, unfinished);
    await rm(unfinished, { recursive: true });
  }
};

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory);
  await handle.sync();
  await handle.close();
};
