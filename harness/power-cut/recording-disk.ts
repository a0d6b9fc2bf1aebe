import { mkdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Disk, DiskFile } from '#log/segment/disk';

/** What is on a disk: each file with its bytes, by its path. */
export type Image = ReadonlyMap<string, Buffer>;

/** What a program did to a disk, and what it then told others, in the order in which it happened. */
export type Step =
  /** From here on a part of the bytes may be on stable storage. */
  | { readonly kind: 'write'; readonly number: number; readonly file: number; readonly offset: number; bytes: Buffer }
  /** From here on all of them are. */
  | { readonly kind: 'written'; readonly number: number }
  /** Names of files change at once for the program, and on stable storage at some time up to the next sync. */
  | { readonly kind: 'create'; readonly path: string; readonly file: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'directorySynced' }
  /** Somebody was told that everything up to this position is durable. */
  | { readonly kind: 'acknowledged'; readonly position: number }
  /** Somebody asked to forget what is below this position. */
  | { readonly kind: 'truncating'; readonly before: number };

export interface Trace {
  /** The files that were there at first; their numbers are their places. */
  readonly start: Image;
  readonly steps: Step[];
}

/** A planted fault: what is said to be durable and is not. */
export type Unsynced = 'nothing' | 'writes' | 'directories';

interface File {
  readonly number: number;
  bytes: Buffer;
}

export interface RecordingDisk {
  readonly disk: Disk;
  readonly trace: Trace;
  plant(fault: Unsynced): void;
}

/**
 * A disk in memory that writes down what is done to it. One directory is made on the real disk all the same, since
 * the lock of a log does not go through the port.
 */
export const recordingDisk = (start: Image): RecordingDisk => {
  let unsynced: Unsynced = 'nothing';
  const trace: Trace = { start, steps: [] };
  const { steps } = trace;
  const files = new Map([...start].map(([path, bytes], number) => [path, { number, bytes: Buffer.from(bytes) }]));
  let numberOfFiles = start.size;
  let numberOfWrites = 0;
  const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  const opened = (file: File): DiskFile => ({
    size: async () => file.bytes.length,
    read: async (buffer, offset) => (offset < file.bytes.length ? file.bytes.copy(buffer, 0, offset) : 0),
    write: async (buffer, offset) => {
      const number = numberOfWrites++;
      const bytes = Buffer.from(buffer);
      steps.push({ kind: 'write', number, file: file.number, offset, bytes });
      file.bytes = overwritten(file.bytes, bytes, offset);
      await later();
      if (unsynced !== 'writes') steps.push({ kind: 'written', number });
    },
    close: async () => undefined,
  });

  const disk: Disk = {
    makeDirectory: async (directory) => void mkdirSync(directory, { recursive: true }),
    list: async (directory) =>
      [...files.keys()].filter((path) => dirname(path) === directory).map((path) => basename(path)),
    open: async (path, mode) => {
      const known = files.get(path);
      if (mode === 'create') {
        if (known !== undefined) throw Object.assign(new Error(`${path} exists`), { code: 'EEXIST' });
        const file = { number: numberOfFiles++, bytes: Buffer.alloc(0) };
        files.set(path, file);
        steps.push({ kind: 'create', path, file: file.number });
        return opened(file);
      }
      if (known === undefined) throw Object.assign(new Error(`${path} is not there`), { code: 'ENOENT' });
      return opened(known);
    },
    readText: async (path) => files.get(path)?.bytes.toString('utf8'),
    rename: async (from, to) => {
      const file = files.get(from);
      if (file === undefined) throw Object.assign(new Error(`${from} is not there`), { code: 'ENOENT' });
      files.delete(from);
      files.set(to, file);
      steps.push({ kind: 'rename', from, to });
    },
    remove: async (path) => {
      if (files.delete(path)) steps.push({ kind: 'remove', path });
    },
    syncDirectory: async () => {
      await later();
      if (unsynced !== 'directories') steps.push({ kind: 'directorySynced' });
    },
    freeBytes: async () => 2 ** 40,
  };
  return {
    disk,
    trace,
    plant: (fault) => {
      unsynced = fault;
    },
  };
};

/** The bytes with others in their place; what was not there before is zeros. */
export const overwritten = (bytes: Buffer, others: Buffer, offset: number): Buffer => {
  const end = offset + others.length;
  const longer = end > bytes.length ? Buffer.concat([bytes, Buffer.alloc(end - bytes.length)]) : bytes;
  others.copy(longer, offset);
  return longer;
};
