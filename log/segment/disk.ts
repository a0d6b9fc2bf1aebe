import { close, constants, fstat, open, read, write } from 'node:fs';
import { mkdir, open as openHandle, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * What the segment log needs of a file system. A port, so that tests can refuse space, fail a flush, or record
 * writes and syncs to rebuild what a power cut leaves.
 */
export interface Disk {
  readonly makeDirectory: (directory: string) => Promise<void>;
  readonly list: (directory: string) => Promise<readonly string[]>;
  /** `synced`: an existing file of which every write is durable when it returns; `create`: the same, new and empty. */
  readonly open: (path: string, mode: 'read' | 'synced' | 'create') => Promise<DiskFile>;
  /** Undefined when there is no such file. */
  readonly readText: (path: string) => Promise<string | undefined>;
  readonly rename: (from: string, to: string) => Promise<void>;
  /** Removing what is not there is no error. */
  readonly remove: (path: string) => Promise<void>;
  /** Makes creations, renames and removals in the directory durable. */
  readonly syncDirectory: (directory: string) => Promise<void>;
  readonly freeBytes: (directory: string) => Promise<number>;
}

export interface DiskFile {
  readonly size: () => Promise<number>;
  /** Fills the buffer from `offset`; gives how many bytes there were, fewer only at the end of the file. */
  readonly read: (buffer: Buffer, offset: number) => Promise<number>;
  /** Writes all of the buffer; the file never ends up with a part of it unless this rejects. */
  readonly write: (buffer: Buffer, offset: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

const { O_CREAT, O_DSYNC, O_EXCL, O_RDONLY, O_RDWR } = constants;
const FLAGS = { read: O_RDONLY, synced: O_RDWR | O_DSYNC, create: O_RDWR | O_DSYNC | O_CREAT | O_EXCL } as const;

const [openFile, closeFile, statFile] = [promisify(open), promisify(close), promisify(fstat)];

const readFully = (file: number, buffer: Buffer, offset: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const step = (done: number): void =>
      read(file, buffer, done, buffer.length - done, offset + done, (error, count) => {
        if (error !== null) reject(error);
        else if (count === 0 || done + count === buffer.length) resolve(done + count);
        else step(done + count);
      });
    step(0);
  });

const writeFully = (file: number, buffer: Buffer, offset: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const step = (done: number): void =>
      write(file, buffer, done, buffer.length - done, offset + done, (error, count) => {
        if (error !== null) reject(error);
        else if (done + count === buffer.length) resolve();
        else step(done + count);
      });
    step(0);
  });

const diskFile = (file: number): DiskFile => ({
  size: async () => (await statFile(file)).size,
  read: (buffer, offset) => readFully(file, buffer, offset),
  write: (buffer, offset) => writeFully(file, buffer, offset),
  close: () => closeFile(file),
});

const absent = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'ENOENT';

export const nodeDisk: Disk = {
  makeDirectory: async (directory) => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  },
  list: (directory) => readdir(directory),
  open: async (path, mode) => diskFile(await openFile(path, FLAGS[mode], 0o600)),
  readText: async (path) => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (absent(error)) return undefined;
      throw error;
    }
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  syncDirectory: async (directory) => {
    const handle = await openHandle(directory, O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  freeBytes: async (directory) => {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
};
