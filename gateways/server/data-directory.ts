import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** What a data directory says of itself, in `cluster.json`. */
export interface Cluster {
  readonly format: number;
  /** 32 hex digits, made at first start; entries of another cluster are refused. */
  readonly clusterId: string;
  /** Grows with each restore, so that positions and generations never run backwards. */
  readonly incarnation: number;
  /** The position before the first entry of this incarnation. */
  readonly base: number;
}

export interface DataDirectory {
  readonly path: string;
  readonly cluster: Cluster;
  readonly logPath: string;
  readonly statePath: string;
  readonly backupPath: string;
  /** What `log truncate` has kept, and a verification or a lost state begins with. */
  readonly snapshotPath: string;
  /** Keys of sealed values, which are in no log, state, snapshot or backup. */
  readonly keyringPath: string;
  readonly token: string;
  /** What opening it had to mend. */
  readonly notices: readonly string[];
}

const directoryFormat = 1;

/** Opens a data directory, making what a first start needs. Errors name the file and what to do. */
export const openDataDirectory = (path: string): DataDirectory => {
  makeDirectory(path);
  if (!existsSync(clusterFile(path))) makeCluster(path);
  const cluster = readCluster(path);
  const notices: string[] = [];
  return {
    path,
    cluster,
    logPath: join(path, 'log'),
    statePath: join(path, 'state'),
    backupPath: join(path, 'backups'),
    snapshotPath: join(path, 'snapshots'),
    keyringPath: join(path, 'keyring'),
    token: administratorToken(path, notices),
    notices,
  };
};

export const newCluster = (clusterId = randomBytes(16).toString('hex')): Cluster => ({
  format: directoryFormat,
  clusterId,
  incarnation: 1,
  base: 0,
});

/** The file is written before the log and the state are made, and by a restore behind them. */
const makeCluster = (path: string): void => {
  const lost = ['log', 'state'].find((name) => existsSync(join(path, name)));
  if (lost === undefined) {
    writeWhole(clusterFile(path), textOf(newCluster()), 0o600, linkSync);
    return;
  }
  if (existsSync(clusterFile(path))) return;
  throw new Error(
    `${clusterFile(path)} is missing, but ${lost}/ is there: the file was lost, or a restore was cut off. ` +
      'Nothing was changed. Put the file back from a copy, or restore a backup into an empty directory.',
  );
};

const clusterFile = (path: string): string => join(path, 'cluster.json');

const textOf = (cluster: Cluster): string => `${JSON.stringify(cluster, null, 2)}\n`;

const readCluster = (path: string): Cluster => {
  const file = clusterFile(path);
  const { format, clusterId, incarnation, base } = fieldsOf(readText(file));
  if (typeof format === 'number' && format > directoryFormat) {
    throw new Error(
      `${file} is of format ${format}; this release understands ${directoryFormat} and older. Nothing was changed. ` +
        'Start the release that wrote it, or a later one; docs/operating/upgrade.md says how to go back.',
    );
  }
  if (
    format !== directoryFormat ||
    typeof clusterId !== 'string' ||
    !/^[0-9a-f]{32}$/.test(clusterId) ||
    !isWhole(incarnation) ||
    !isWhole(base)
  ) {
    throw new Error(
      `${file} should be a JSON object with format, clusterId, incarnation and base, and is not. ` +
        'Nothing was changed. ' +
        'Put the file back from a copy, or restore a backup into another directory.',
    );
  }
  return { format, clusterId, incarnation, base };
};

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** None when it is no JSON object. */
const fieldsOf = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
};

export const writeCluster = (path: string, cluster: Cluster): Cluster => {
  writeWhole(clusterFile(path), textOf(cluster), 0o600, renameSync);
  return cluster;
};

/** One level at a time: below a place where nothing can be made, such as /proc, Node's own recursion does not end. */
const makeLevels = (path: string): void => {
  const above = dirname(path);
  if (above !== path && !existsSync(above)) makeLevels(above);
  if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
};

const makeDirectory = (path: string): void => {
  try {
    makeLevels(resolve(path));
  } catch (error) {
    throw new Error(`${path}: cannot be made (${reason(error)}). Choose another directory with --data, or make it.`, {
      cause: error,
    });
  }
  if (!statSync(path).isDirectory()) {
    throw new Error(`${path}: expected a directory, found a file. Choose another one with --data.`);
  }
  try {
    const trial = join(path, `trial.${process.pid}.new`);
    writeFileSync(trial, '');
    rmSync(trial);
  } catch (error) {
    const full = (error as { readonly code?: unknown }).code === 'ENOSPC';
    const fix = full
      ? 'Free some space and start again; nothing was lost.'
      : 'Give this user the right to write there, or choose another directory with --data.';
    throw new Error(`${path}: cannot be written (${reason(error)}). ${fix}`, { cause: error });
  }
};

/** Made at first start, in a file that only its owner reads; a looser mode is mended and told. */
const administratorToken = (path: string, notices: string[]): string => {
  const file = join(path, 'admin.token');
  if (!existsSync(file)) writeWhole(file, `uca_${randomBytes(32).toString('base64url')}\n`, 0o600, linkSync);
  const token = readText(file).trim();
  if (!/^[!-~]{16,512}$/.test(token)) {
    throw new Error(
      `${file}: expected a token of 16 to 512 visible ASCII characters, found something else. Put it back from a ` +
        'copy, or delete the file to have a new one made.',
    );
  }
  closeToOthers(file, notices, 'If somebody may have read it, delete the file and start again: a new token is made.');
  return token;
};

/** A looser mode of a file that only its owner may read is mended and told, with what to do then. */
export const closeToOthers = (file: string, notices: string[], then: string): void => {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  try {
    chmodSync(file, 0o600);
  } catch (error) {
    throw new Error(
      `${file}: expected mode 600, found ${mode.toString(8)}, and it cannot be changed (${reason(error)}). ` +
        'Run `chmod 600` on it as its owner.',
      { cause: error },
    );
  }
  notices.push(`${file} had mode ${mode.toString(8)}, so that others could read it; it has 600 now. ${then}`);
};

/** Errors name the file and what to do. */
export const readText = (file: string): string => {
  if (statSync(file).isDirectory()) {
    throw new Error(`${file}: expected a file, found a directory. Put the file back from a copy.`);
  }
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(
      `${file}: cannot be read (${reason(error)}). Start the server as the user that owns the data directory.`,
      { cause: error },
    );
  }
};

/** The system's words, without the call and the path behind them. */
const reason = (error: unknown): string => {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === 'string' && typeof message === 'string' ? (message.split(',')[0] ?? code) : String(error);
};

/**
 * Durable when it returns; a crash leaves the old file or the new one, never a part of it. By `linkSync` a file that
 * another process has made meanwhile stays as it is.
 */
export const writeWhole = (
  file: string,
  text: string,
  mode: number,
  place: typeof renameSync | typeof linkSync,
): void => {
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, text, { mode, flush: true });
  try {
    place(draft, file);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncDirectory(dirname(file));
};

/** Makes creations, renames and removals in the directory durable. */
export const syncDirectory = (path: string): void => {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
};

/** Clients wait for this file: it is whole or not there. */
export const writeEndpoints = (path: string, endpoints: Readonly<Record<string, unknown>>): void =>
  writeWhole(join(path, 'endpoints.json'), `${JSON.stringify(endpoints)}\n`, 0o644, renameSync);

/** Removes what a server that died has left; the file of one that runs stays. */
export const removeStaleEndpoints = (path: string): void => {
  let pid: unknown;
  try {
    pid = (JSON.parse(readFileSync(join(path, 'endpoints.json'), 'utf8')) as { readonly pid?: unknown }).pid;
  } catch {
    // Absent or not ours: nothing names a server.
  }
  if (typeof pid !== 'number' || pid === process.pid || !isAlive(pid)) removeEndpoints(path);
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { readonly code?: unknown }).code === 'EPERM';
  }
};

export const removeEndpoints = (path: string): void => rmSync(join(path, 'endpoints.json'), { force: true });
