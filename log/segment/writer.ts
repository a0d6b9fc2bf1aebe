import { isLogError, logError, type LogEntry, type LogError } from '#log/log';
import type { Disk, DiskFile } from '#log/segment/disk';
import type { Feed } from '#log/segment/feed';
import {
  encodeHeader,
  encodeRecord,
  FIRST_RECORD,
  MOST_ENTRY_BYTES,
  recordBytes,
  type SegmentHeader,
} from '#log/segment/format';
import type { Edge } from '#log/segment/history';
import { writeZeros, type TailScan } from '#log/segment/recovery';
import { remember, segmentOf, type Segment } from '#log/segment/segment';
import type { Spare } from '#log/segment/spare';
import { randomBytes } from 'node:crypto';

/** One group is one write; a longer append is several groups. Also what one write may need for its records. */
const GROUP_BYTES = 8 * 1024 * 1024;
const SCRATCH_BYTES = 256 * 1024;
/** Bytes between two remembered places of a segment that is being written. */
const INDEX_EVERY_BYTES = 1024 * 1024;

const DURABLE = Promise.resolve();

export interface WriterOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly segmentBytes: number;
  readonly now: () => number;
  readonly feed: Feed;
  readonly spare: Spare;
  /** The kept segments, shared with the readers; the writer adds to it. */
  readonly segments: Segment[];
  /** The last of them, opened for synced writes, and what is in it. */
  readonly file: DiskFile;
  readonly scan: TailScan;
}

export interface Writer {
  readonly append: (entries: readonly Buffer[]) => Promise<void>;
  readonly edge: () => Edge;
  readonly lastFlushMs: () => number;
  /** Bytes until a new segment is needed. */
  readonly roomBytes: () => number;
  /** Waits for an append in flight. */
  readonly close: () => Promise<void>;
}

const bytesOf = (entries: readonly Buffer[]): number => {
  let bytes = 0;
  for (const entry of entries) bytes += recordBytes(entry.length);
  return bytes;
};

const refused = (reason: string): LogError => logError({ kind: 'refused' }, `Nothing was appended: ${reason}.`);

/** Consecutive groups, each of at most `GROUP_BYTES` unless one entry alone is larger. */
const split = (entries: readonly Buffer[]): readonly (readonly Buffer[])[] => {
  const groups: Buffer[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    bytes += recordBytes(entry.length);
    if (bytes > GROUP_BYTES) {
      groups.push([]);
      bytes = recordBytes(entry.length);
    }
    groups.at(-1)?.push(entry);
  }
  return groups;
};

const noSpace = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'ENOSPC';

export const openWriter = (options: WriterOptions): Writer => {
  const { disk, directory, feed, spare, segments } = options;
  const mostEntryBytes = Math.min(MOST_ENTRY_BYTES, options.segmentBytes - FIRST_RECORD - recordBytes(0));
  const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  let { file } = options;
  let { size } = options.scan;
  /** Where the next record goes. */
  let { offset, position } = options.scan.end;
  let edge: Edge = { offset, position: position - 1 };
  let active = segments.at(-1) as Segment;
  let lastFlushMs = 0;
  let inFlight: Promise<void> | undefined;

  const fail = (error: unknown): LogError => {
    const failure = logError(
      { kind: 'failed' },
      `Writing ${active.path} failed: ${error instanceof Error ? error.message : String(error)}. Whether the entries ` +
        'in flight are there is unknown until the log is opened again.',
      error,
    );
    feed.fail(failure);
    return failure;
  };

  const nextBytes = (): number => Math.min(options.segmentBytes, size * 2);

  const encode = (entries: readonly Buffer[], bytes: number): { buffer: Buffer; stamped: readonly LogEntry[] } => {
    const buffer = bytes <= SCRATCH_BYTES ? scratch.subarray(0, bytes) : Buffer.allocUnsafeSlow(bytes);
    const appendedAtMs = Math.max(0, Math.floor(options.now()));
    const groupStart = position;
    let at = 0;
    const stamped = entries.map((payload, place): LogEntry => {
      const record = { position: groupStart + place, groupStart, appendedAtMs };
      at = encodeRecord(buffer, at, record, payload, active.header.salt);
      return { position: record.position, appendedAtMs, bytes: payload };
    });
    return { buffer, stamped };
  };

  const flushed = (startedMs: number): void => {
    lastFlushMs = performance.now() - startedMs;
    edge = { offset, position: position - 1 };
    if (offset - (active.index.at(-1)?.offset ?? 0) > INDEX_EVERY_BYTES) remember(active, { offset, position });
    if (offset > size / 4) spare.prepare(nextBytes());
  };

  /**
   * There must be room. The flush runs on a thread of the pool, beside whatever its readers do with the group; one on
   * this thread saves the way there and back, and was worse wherever the processor is shared (docs/decisions/0003).
   */
  const write = (entries: readonly Buffer[], bytes: number): Promise<void> => {
    const { buffer, stamped } = encode(entries, bytes);
    const at = offset;
    const startedMs = performance.now();
    offset += bytes;
    position += entries.length;
    const durable = file.write(buffer, at).then(
      () => flushed(startedMs),
      (error: unknown) => Promise.reject(fail(error)),
    );
    // Whoever holds the group need not look at it for the process to survive; the appender is told anyway.
    durable.catch(() => undefined);
    feed.publish({ entries: stamped, durable }, bytes);
    return durable;
  };

  /** Fills a segment that is empty but too short, as an earlier setting or a cut can leave it. */
  const lengthen = async (bytes: number): Promise<void> => {
    const wanted = Math.max(options.segmentBytes, FIRST_RECORD + bytes);
    try {
      await writeZeros(file, size, wanted);
    } catch (error) {
      if (!noSpace(error)) throw error;
      throw logError(
        { kind: 'full' },
        `There is no space for ${wanted} bytes in ${directory}. Free some space.`,
        error,
      );
    }
    size = wanted;
  };

  const rotate = async (bytes: number): Promise<void> => {
    if (position === active.header.base + 1) return lengthen(bytes);
    const wanted = Math.max(nextBytes(), FIRST_RECORD + bytes);
    const prepared = await spare.take(wanted);
    const { clusterId, incarnation, base: previousBase } = active.header;
    const salt = randomBytes(4).readUInt32LE();
    const header: SegmentHeader = { clusterId, incarnation, base: position - 1, previousBase, salt };
    const next = segmentOf(directory, header);
    const nextFile = await disk.open(prepared, 'synced');
    await nextFile.write(encodeHeader(header), 0);
    await disk.rename(prepared, next.path);
    await disk.syncDirectory(directory);
    const full = file;
    file = nextFile;
    size = await nextFile.size();
    offset = FIRST_RECORD;
    edge = { offset, position: position - 1 };
    active = next;
    segments.push(next);
    await full.close();
  };

  const writeAll = async (entries: readonly Buffer[]): Promise<void> => {
    for (const group of split(entries)) {
      const bytes = bytesOf(group);
      try {
        if (offset + bytes > size) await rotate(bytes);
      } catch (error) {
        throw isLogError(error) ? error : fail(error);
      }
      await write(group, bytes);
    }
  };

  const append = (entries: readonly Buffer[]): Promise<void> => {
    const state = feed.state();
    if (state === 'closed') return Promise.reject(logError({ kind: 'closed' }, 'The log is closed.'));
    if (state !== 'open') return Promise.reject(state);
    if (inFlight !== undefined) return Promise.reject(refused('another append is in flight'));
    if (entries.length === 0) return DURABLE;
    const large = entries.find(({ length }) => length > mostEntryBytes);
    if (large !== undefined) {
      return Promise.reject(refused(`an entry has ${large.length} bytes, at most ${mostEntryBytes} fit`));
    }
    const bytes = bytesOf(entries);
    const written = bytes <= GROUP_BYTES && offset + bytes <= size ? write(entries, bytes) : writeAll(entries);
    if (written === DURABLE) return written;
    const settled = (): void => {
      inFlight = undefined;
    };
    inFlight = written.then(settled, settled);
    return written;
  };

  return {
    append,
    edge: () => edge,
    lastFlushMs: () => lastFlushMs,
    roomBytes: () => size - offset,
    close: async () => {
      await inFlight;
      await file.close();
    },
  };
};
