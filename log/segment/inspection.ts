import type { LogEntry, LogError } from '#log/log';
import { openCursor } from '#log/segment/cursor';
import { nodeDisk, type Disk } from '#log/segment/disk';
import { corruptEntry } from '#log/segment/fault';
import { readManifest } from '#log/segment/manifest';
import { scanTail, type TornTail } from '#log/segment/recovery';
import { loadSegments, nearest, type Segment } from '#log/segment/segment';
import { isLogError, logError } from '#log/log';
import { join } from 'node:path';

/** What one file holds, as far as it can be read. */
export interface SegmentReport {
  readonly file: string;
  readonly first: number;
  /** `first - 1` when there is none. */
  readonly last: number;
  readonly bytes: number;
  /** In the last file: what the next open will cut. */
  readonly torn: TornTail | undefined;
  readonly fault: LogError | undefined;
}

/**
 * Reads a whole log that nobody has open, entry by entry, and reports on each file; changes nothing. Throws when the
 * files do not make one log; damage inside a file is in its report, and the next file is read all the same.
 */
export async function* inspectLog(
  directory: string,
  visit: (entry: LogEntry) => void,
  disk: Disk = nodeDisk,
): AsyncGenerator<SegmentReport> {
  const manifest = await readManifest(disk, directory);
  if (manifest === undefined) {
    const place = join(directory, 'log.json');
    throw logError({ kind: 'missing', place, position: 1 }, `${place} is missing: ${directory} holds no log.`);
  }
  const segments = await loadSegments(disk, directory, manifest);
  for (const [place, segment] of segments.entries()) {
    const next = segments[place + 1]?.header.base;
    yield await inspectSegment(segment, next, manifest.reached, visit, disk);
  }
}

/** The files behind which another one begins: nothing is written to them any more, and no start reads them. */
const closedOf = (segments: readonly Segment[]): readonly Segment[] => segments.slice(0, -1);

export const closedBytes = async (disk: Disk, segments: readonly Segment[]): Promise<number> => {
  let bytes = 0;
  for (const { path } of closedOf(segments)) {
    const file = await disk.open(path, 'read');
    bytes += await file.size();
    await file.close();
  }
  return bytes;
};

/**
 * Reads the closed files of a log, which may be open; throws on the first damage. `breathe` is awaited after each
 * megabyte or so. A file that is truncated away meanwhile is left out.
 */
export const checkClosed = async (
  disk: Disk,
  segments: readonly Segment[],
  breathe: () => Promise<void> = () => Promise.resolve(),
): Promise<void> => {
  const closed = closedOf(segments).map((segment, place) => ({ segment, next: segments[place + 1]?.header.base }));
  for (const { segment, next } of closed) {
    try {
      const { fault } = await inspectSegment(segment, next, 0, () => undefined, disk, breathe);
      if (fault !== undefined) throw fault;
    } catch (error) {
      if (segments.includes(segment)) throw error;
    }
  }
};

const inspectSegment = async (
  segment: Segment,
  nextBase: number | undefined,
  reached: number,
  visit: (entry: LogEntry) => void,
  disk: Disk,
  breathe: () => Promise<void> = () => Promise.resolve(),
): Promise<SegmentReport> => {
  const file = await disk.open(segment.path, 'read');
  const first = segment.header.base + 1;
  try {
    const size = await file.size();
    const cursor = openCursor(
      file,
      nearest(segment, first),
      segment.header.salt,
      () => size,
      () => undefined,
    );
    for (let entries = await cursor.take(); entries.length > 0; entries = await cursor.take()) {
      entries.forEach(visit);
      await breathe();
    }
    const { offset, position } = cursor.at();
    const report = { file: segment.path, first, last: position - 1, bytes: size, torn: undefined, fault: undefined };
    if (nextBase === undefined) {
      const { torn } = await scanTail(segment, file, reached);
      return { ...report, torn };
    }
    if (position === nextBase + 1) return report;
    const found = `no readable entry, but the next file begins with position ${nextBase + 1}`;
    return { ...report, fault: corruptEntry(segment.path, offset, position, found) };
  } catch (error) {
    if (!isLogError(error) || error.fault.kind !== 'corrupt') throw error;
    const last = error.fault.position - 1;
    return { file: segment.path, first, last, bytes: await file.size(), torn: undefined, fault: error };
  } finally {
    await file.close();
  }
};
