import { isLogError, logError, type Log, type LogBounds, type LogError, type LogGroup } from '#log/log';
import { lockDirectory, type Release } from '#log/segment/directory-lock';
import { nodeDisk, type Disk } from '#log/segment/disk';
import { foreignFile, missingLog, missingManifest } from '#log/segment/fault';
import { createFeed } from '#log/segment/feed';
import { encodeHeader, FIRST_RECORD } from '#log/segment/format';
import { openHistory } from '#log/segment/history';
import { checkClosed, closedBytes } from '#log/segment/inspection';
import { readManifest, writeManifest, type Manifest } from '#log/segment/manifest';
import { followLog } from '#log/segment/reader';
import { cutTail, scanTail, writeZeros, type TailScan, type TornTail } from '#log/segment/recovery';
import { listBases, loadSegments, segmentOf, type Segment } from '#log/segment/segment';
import { openSpare } from '#log/segment/spare';
import { openWriter } from '#log/segment/writer';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

export interface SegmentLogOptions {
  readonly directory: string;
  /** 32 hexadecimal digits. A new log without one draws its own; an existing one must agree with what is given. */
  readonly clusterId?: string;
  /** 1 unless given, for a new log; an existing one must agree with what is given. */
  readonly incarnation?: number;
  /** The position before the first entry, for a new log: 0 unless given; an existing one must agree. */
  readonly base?: number;
  /** Most bytes of a segment file, 32 MiB unless given. The first of a log is smaller, and each doubles. */
  readonly segmentBytes?: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /**
   * Asked once the directory is this process's own and before anything in it is changed: the position up to which
   * whoever applies the entries has seen them. They were durable, so the log must still hold them.
   */
  readonly applied?: () => Promise<number>;
  /** When the closed files have no more bytes, opening checks them too: 64 MiB unless given. */
  readonly checkedBytes?: number;
  readonly disk?: Disk;
}

/** A log in files of one directory, for one process. */
export interface SegmentLog extends Log {
  readonly identity: Manifest;
  /** What opening had to cut, if the process before was stopped in the middle of a write. */
  readonly torn: TornTail | undefined;
  /** Whether opening has read every file. */
  readonly checked: boolean;
  /** Reads the files that opening may have left out; rejects on the first damage. Pauses by `breathe`. */
  readonly check: (breathe: () => Promise<void>) => Promise<void>;
  readonly health: () => Promise<LogHealth>;
}

export interface LogHealth {
  readonly freeBytes: number;
  /** Bytes that can be appended without asking the file system for space. */
  readonly roomBytes: number;
  /** Segments ready behind the current one. */
  readonly preparedSegments: number;
  /** Why the next segment could not be prepared: appending stops when the current one is full. */
  readonly problem: string | undefined;
  readonly lastFlushMs: number;
}

const SEGMENT_BYTES = 32 * 1024 * 1024;
const CHECKED_BYTES = 64 * 1024 * 1024;
/** A first start should not wait for, nor a small log take, a full segment. */
const FIRST_SEGMENT_BYTES = 8 * 1024 * 1024;

/** A crash in between leaves no manifest and no entries, and the next open begins anew. */
const createLog = async (options: SegmentLogOptions, disk: Disk): Promise<Manifest> => {
  const { directory, base = 0, incarnation = 1, segmentBytes = SEGMENT_BYTES } = options;
  const clusterId = options.clusterId ?? randomBytes(16).toString('hex');
  const header = { clusterId, incarnation, base, previousBase: base, salt: randomBytes(4).readUInt32LE() };
  const { path } = segmentOf(directory, header);
  await disk.remove(path);
  const file = await disk.open(path, 'create');
  try {
    await writeZeros(file, 0, Math.min(segmentBytes, FIRST_SEGMENT_BYTES));
    await file.write(encodeHeader(header), 0);
  } finally {
    await file.close();
  }
  // Not every file system keeps the order of names, and a manifest without its segment is a damaged log.
  await disk.syncDirectory(directory);
  const manifest = { clusterId, incarnation, base, keptBase: base, reached: base };
  await writeManifest(disk, directory, manifest);
  return manifest;
};

/** Whether a directory without a manifest holds no more than a log whose making was cut off. */
const checkUnborn = async (disk: Disk, directory: string): Promise<void> => {
  for (const base of await listBases(disk, directory)) {
    const { path } = segmentOf(directory, { clusterId: '', incarnation: 0, base, previousBase: base, salt: 0 });
    const file = await disk.open(path, 'read');
    try {
      const block = Buffer.alloc(64);
      const count = await file.read(block, FIRST_RECORD);
      if (block.subarray(0, count).every((byte) => byte === 0)) continue;
    } finally {
      await file.close();
    }
    throw missingManifest(join(directory, 'log.json'), base + 1, path);
  }
};

const checkIdentity = (place: string, manifest: Manifest, options: SegmentLogOptions): void => {
  const given = [
    ['cluster', manifest.clusterId, options.clusterId],
    ['incarnation', manifest.incarnation, options.incarnation],
    ['base', manifest.base, options.base],
  ] as const;
  for (const [what, found, expected] of given) {
    if (expected !== undefined && found !== expected) throw foreignFile(place, what, String(found), String(expected));
  }
};

/** Left by a truncation, a preparation or a change of the manifest that was cut off. */
const removeLeftovers = async (disk: Disk, directory: string, { keptBase }: Manifest): Promise<void> => {
  await disk.remove(join(directory, 'spare'));
  for (const base of await listBases(disk, directory)) {
    const { path } = segmentOf(directory, { clusterId: '', incarnation: 0, base, previousBase: base, salt: 0 });
    if (base < keptBase) await disk.remove(path);
  }
};

/**
 * Opens the log in a directory, or makes one. Reads the last segment, and the others while they are few. What a crash
 * has cut off is removed and reported; anything else that is not as it was written is a `LogError`, and nothing is
 * changed.
 */
export const openSegmentLog = async (options: SegmentLogOptions): Promise<SegmentLog> => {
  const { directory, disk = nodeDisk } = options;
  const own = async (): Promise<Release> => {
    await disk.makeDirectory(directory);
    return lockDirectory(directory);
  };
  const release = await named(directory, own());
  try {
    const applied = (await options.applied?.()) ?? 0;
    return await named(directory, openLocked(options, disk, release, applied));
  } catch (error) {
    await release();
    throw error;
  }
};

/** Errors of the system do not say what was being done. */
const named = <T>(directory: string, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw isLogError(error) ? error : unopened(directory, error);
  });

const unopened = (directory: string, cause: unknown): LogError => {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  const text = `The log in ${directory} cannot be opened: ${typeof message === 'string' ? message : String(cause)}.`;
  if (code === 'ENOSPC') {
    return logError({ kind: 'full' }, `${text} Free some space and start again; nothing was lost.`, cause);
  }
  const denied = code === 'EACCES' || code === 'EPERM';
  const fix = denied ? ' Start the server as the user that owns the data directory.' : '';
  return logError({ kind: 'unopened', place: directory }, `${text}${fix}`, cause);
};

const openTail = async (disk: Disk, segments: readonly Segment[], reached: number) => {
  const last = segments.at(-1) as Segment;
  const file = await disk.open(last.path, 'synced');
  try {
    const scan: TailScan = await scanTail(last, file, reached);
    await cutTail(file, scan);
    return { file, scan };
  } catch (error) {
    await file.close();
    throw error;
  }
};

const openLocked = async (
  options: SegmentLogOptions,
  disk: Disk,
  release: Release,
  applied: number,
): Promise<SegmentLog> => {
  const { directory, segmentBytes = SEGMENT_BYTES, checkedBytes = CHECKED_BYTES } = options;
  const existing = await readManifest(disk, directory);
  if (existing === undefined) {
    await checkUnborn(disk, directory);
    if (applied > (options.base ?? 0)) throw missingLog(join(directory, 'log.json'), applied);
  } else checkIdentity(join(directory, 'log.json'), existing, options);
  let manifest = existing ?? (await createLog(options, disk));
  const segments = [...(await loadSegments(disk, directory, manifest))];
  const checked = (await closedBytes(disk, segments)) <= checkedBytes;
  if (checked) await checkClosed(disk, segments);
  const { file, scan } = await openTail(disk, segments, Math.max(applied, manifest.reached));
  await removeLeftovers(disk, directory, manifest);

  const feed = createFeed(scan.end.position - 1);
  const spare = openSpare(disk, directory);
  const writer = openWriter({ ...options, disk, segmentBytes, feed, spare, segments, file, scan });
  const firstKept = (): number => (segments[0]?.header.base ?? 0) + 1;

  const keep = async (keptBase: number): Promise<void> => {
    manifest = { ...manifest, keptBase, reached: writer.edge().position };
    await writeManifest(disk, directory, manifest);
  };

  const dropBelow = async (before: number): Promise<void> => {
    if (feed.state() === 'closed') throw logError({ kind: 'closed' }, 'The log is closed.');
    const keptFrom = segments.findLastIndex(({ header }) => header.base < before);
    if (keptFrom <= 0) return;
    // The manifest decides: files that it leaves out are removed at the next open if this process does not get to it.
    await keep((segments[keptFrom] as Segment).header.base);
    for (const { path } of segments.splice(0, keptFrom)) await disk.remove(path);
    await disk.syncDirectory(directory);
  };
  let truncating = Promise.resolve();
  const truncate = (before: number): Promise<void> => {
    const done = truncating.then(() => dropBelow(before));
    truncating = done.catch(() => undefined);
    return done;
  };

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    feed.close();
    try {
      await writer.close();
      await truncating;
      await spare.discard();
      if (feed.state() === 'closed' && writer.edge().position !== manifest.reached) await keep(firstKept() - 1);
    } finally {
      await release();
    }
  };

  return {
    identity: manifest,
    torn: scan.torn,
    append: (entries) => writer.append(entries),
    read: (from: number, signal: AbortSignal): AsyncIterable<LogGroup> => ({
      [Symbol.asyncIterator]: () =>
        followLog(from, signal, feed, firstKept, () => openHistory(disk, segments, writer.edge)),
    }),
    bounds: async (): Promise<LogBounds> => ({ first: firstKept(), end: writer.edge().position }),
    truncate,
    checked,
    check: (breathe) => checkClosed(disk, segments, breathe),
    close: () => (closing ??= close()),
    health: async () => ({
      freeBytes: await disk.freeBytes(directory),
      roomBytes: writer.roomBytes(),
      preparedSegments: spare.ready() ? 1 : 0,
      problem: spare.problem(),
      lastFlushMs: writer.lastFlushMs(),
    }),
  };
};
