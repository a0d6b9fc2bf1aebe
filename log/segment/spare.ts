import { logError } from '#log/log';
import type { Disk, DiskFile } from '#log/segment/disk';
import { join } from 'node:path';

const PIECE = Buffer.alloc(1024 * 1024);
/** Between two pieces, so that the flushes of appends are not queued behind the whole file. */
const PAUSE_MS = 10;
const RETRY_MS = 1000;

/** The next segment file, filled with zeros before it is needed. */
export interface Spare {
  readonly ready: () => boolean;
  /** Why the last attempt failed, until one succeeds. */
  readonly problem: () => string | undefined;
  /** Begins to prepare one in the background unless there is one, or the last attempt failed a moment ago. */
  readonly prepare: (bytes: number) => void;
  /** A file of at least this size, made at once if need be, for the taker to rename. Throws `full` without space. */
  readonly take: (bytes: number) => Promise<string>;
  readonly discard: () => Promise<void>;
}

export const openSpare = (disk: Disk, directory: string): Spare => {
  const path = join(directory, 'spare');
  let readyBytes = 0;
  let working: Promise<void> | undefined;
  let urgent = false;
  let failure: { readonly error: unknown; readonly atMs: number } | undefined;
  let stopped = false;

  const fill = async (file: DiskFile, bytes: number): Promise<void> => {
    for (let at = 0; at < bytes && !stopped; at += PIECE.length) {
      await file.write(PIECE.subarray(0, Math.min(PIECE.length, bytes - at)), at);
      if (!urgent && at + PIECE.length < bytes) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };

  const make = async (bytes: number): Promise<void> => {
    readyBytes = 0;
    try {
      await disk.remove(path);
      const file = await disk.open(path, 'create');
      try {
        await fill(file, bytes);
      } finally {
        await file.close();
      }
      if (!stopped) readyBytes = bytes;
      failure = undefined;
    } catch (error) {
      failure = { error, atMs: performance.now() };
      await disk.remove(path).catch(() => undefined);
    }
    working = undefined;
  };

  const message = (): string | undefined => {
    if (failure === undefined) return undefined;
    return failure.error instanceof Error ? failure.error.message : String(failure.error);
  };

  return {
    ready: () => readyBytes > 0,
    problem: message,
    prepare: (bytes) => {
      if (readyBytes > 0 || working !== undefined || stopped) return;
      if (failure !== undefined && performance.now() - failure.atMs < RETRY_MS) return;
      working = make(bytes);
    },
    take: async (bytes) => {
      urgent = true;
      await working;
      if (readyBytes < bytes) await (working = make(bytes));
      urgent = false;
      if (readyBytes < bytes) {
        const text = `There is no space for the next ${bytes} bytes of the log in ${directory}: ${message() ?? ''}. `;
        const remedy = 'Nothing was lost. Free some space; appending works again then.';
        throw logError({ kind: 'full' }, `${text}${remedy}`, failure?.error);
      }
      readyBytes = 0;
      return path;
    },
    discard: async () => {
      stopped = true;
      urgent = true;
      await working;
      readyBytes = 0;
      await disk.remove(path);
    },
  };
};
