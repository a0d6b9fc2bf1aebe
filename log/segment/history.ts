import { logError, type LogEntry, type LogError } from '#log/log';
import { openCursor, type Cursor } from '#log/segment/cursor';
import type { Disk, DiskFile } from '#log/segment/disk';
import { corruptEntry } from '#log/segment/fault';
import { nearest, remember, type Segment } from '#log/segment/segment';

/** How far the log is durable: the last position, and the offset behind it in the last segment. */
export interface Edge {
  readonly position: number;
  readonly offset: number;
}

/** Reads durable entries from the files, for one reader. */
export interface History {
  /** Entries from `position` on, at least one. It must not be beyond the edge. */
  readonly take: (position: number) => Promise<readonly LogEntry[]>;
  readonly close: () => Promise<void>;
}

export const truncatedBefore = (position: number, first: number): LogError =>
  logError(
    { kind: 'truncated', first },
    `Position ${position} of the log has been dropped; the oldest kept is ${first}. Start from a snapshot at ` +
      `${first - 1} or later.`,
  );

export const openHistory = (disk: Disk, segments: readonly Segment[], edge: () => Edge): History => {
  let open: { readonly segment: Segment; readonly file: DiskFile; readonly cursor: Cursor } | undefined;

  const close = async (): Promise<void> => {
    const file = open?.file;
    open = undefined;
    await file?.close();
  };

  const locate = (position: number): Segment => {
    const segment = segments.findLast(({ header }) => header.base < position);
    if (segment === undefined) throw truncatedBefore(position, (segments[0]?.header.base ?? 0) + 1);
    return segment;
  };

  const cursorAt = async (segment: Segment, position: number): Promise<Cursor> => {
    if (open?.segment === segment && open.cursor.at().position === position) return open.cursor;
    await close();
    const file = await disk.open(segment.path, 'read').catch((error: unknown) => {
      // It may have been truncated away between looking it up and opening it.
      locate(position);
      throw error;
    });
    const size = await file.size();
    const limit = (): number => (segment === segments.at(-1) ? edge().offset : size);
    const cursor = openCursor(file, nearest(segment, position), segment.header.salt, limit, (place) =>
      remember(segment, place),
    );
    open = { segment, file, cursor };
    return cursor;
  };

  const take = async (position: number): Promise<readonly LogEntry[]> => {
    const segment = locate(position);
    const cursor = await cursorAt(segment, position);
    for (;;) {
      const entries = await cursor.take();
      const { offset, position: next } = cursor.at();
      if (entries.length === 0) throw corruptEntry(segment.path, offset, next, 'no readable entry');
      if (next <= position) continue;
      const skipped = position - (entries[0]?.position ?? position);
      return skipped === 0 ? entries : entries.slice(skipped);
    }
  };

  return { take, close };
};
