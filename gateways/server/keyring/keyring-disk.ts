import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { closeToOthers, readText, syncDirectory, writeWhole } from '#gateways/server/data-directory';

/** The files of a keyring directory. */
export type KeyringFile = 'cluster.key' | 'cluster.key.next' | 'keyring.json' | 'keyring.json.next';

/**
 * What a keyring needs of a file system. A port, so that tests can cut it off at each step. Each change is whole and
 * durable when it returns; one that throws may have been made or not.
 */
export interface KeyringDisk {
  /** Called first: makes the directory when there is none, mends looser modes, and destroys what a crash left. */
  prepare(): void;
  /** For messages to people. */
  path(file: KeyringFile): string;
  /** Undefined when there is no such file. */
  read(file: KeyringFile): string | undefined;
  write(file: KeyringFile, text: string): void;
  /**
   * Puts a file in the place of another, whose bytes are overwritten before its blocks are given back. May be called
   * again when it threw.
   */
  replace(file: KeyringFile, by: KeyringFile): void;
  /** Removes a file after its bytes were overwritten; one that is not there is no error. */
  destroy(file: KeyringFile): void;
}

const DRAFT = '.new';

/** The directory of a node's keyring; what had to be mended is told. */
export const keyringDisk = (directory: string, notices: string[]): KeyringDisk => {
  const path = (file: KeyringFile): string => join(directory, file);
  return {
    prepare: () => prepared(directory, notices),
    path,
    read: (file) => {
      if (!existsSync(path(file))) return undefined;
      const text = readText(path(file));
      closeToOthers(path(file), notices, 'If somebody may have read it, run `ultracloud keyring rotate`.');
      return text;
    },
    write: (file, text) => writeWhole(path(file), text, 0o600, renameSync),
    replace: (file, by) => {
      if (existsSync(path(by))) destroyed(path(file), () => renameSync(path(by), path(file)));
      else syncDirectory(directory);
    },
    destroy: (file) => {
      if (existsSync(path(file))) destroyed(path(file), rmSync);
    },
  };
};

const prepared = (directory: string, notices: string[]): void => {
  if (!existsSync(directory)) {
    mkdirSync(directory, { mode: 0o700 });
    syncDirectory(join(directory, '..'));
  }
  const mode = statSync(directory).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    chmodSync(directory, 0o700);
    notices.push(`${directory} had mode ${mode.toString(8)}, so that others could look into it; it has 700 now.`);
  }
  // One may hold a cluster key.
  for (const name of readdirSync(directory)) if (name.endsWith(DRAFT)) destroyed(join(directory, name), rmSync);
};

/**
 * Overwrites what a file held, once its name is gone or stands for another file. A journal, a copy-on-write file
 * system or a flash disk may keep the old blocks all the same; therefore keys are wrapped, and what wraps them changes.
 */
const destroyed = (path: string, takeAway: (path: string) => void): void => {
  const old = existsSync(path) ? openSync(path, 'r+') : undefined;
  try {
    takeAway(path);
    syncDirectory(join(path, '..'));
    if (old === undefined) return;
    const { size } = fstatSync(old);
    writeSync(old, randomBytes(size), 0, size, 0);
    fsyncSync(old);
  } finally {
    if (old !== undefined) closeSync(old);
  }
};
