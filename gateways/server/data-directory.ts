import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
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
  readonly token: string;
}

const directoryFormat = 1;

/** Opens a data directory, making what a first start needs. Errors name the file and what to do. */
export const openDataDirectory = (path: string): DataDirectory => {
  makeDirectory(path);
  const cluster = readCluster(path) ?? writeCluster(path, newCluster());
  if (cluster.format !== directoryFormat) {
    throw new Error(
      `${join(path, 'cluster.json')}: format ${cluster.format} is not the ${directoryFormat} that this release ` +
        'reads. Start the release that wrote it; docs/operating/upgrade.md says how to go on.',
    );
  }
  return {
    path,
    cluster,
    logPath: join(path, 'log'),
    statePath: join(path, 'state'),
    backupPath: join(path, 'backups'),
    token: administratorToken(path),
  };
};

export const newCluster = (clusterId = randomBytes(16).toString('hex')): Cluster => ({
  format: directoryFormat,
  clusterId,
  incarnation: 1,
  base: 0,
});

const readCluster = (path: string): Cluster | undefined => {
  const file = join(path, 'cluster.json');
  if (!existsSync(file)) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file}: expected JSON. Put the file of this data directory back, or restore a backup.`, {
      cause: error,
    });
  }
  const { format, clusterId, incarnation, base } = parsed as Partial<Cluster>;
  if (
    typeof format !== 'number' ||
    typeof clusterId !== 'string' ||
    !/^[0-9a-f]{32}$/.test(clusterId) ||
    !Number.isSafeInteger(incarnation) ||
    !Number.isSafeInteger(base)
  ) {
    throw new Error(
      `${file}: expected format, clusterId, incarnation and base. Put the file back, or restore a backup.`,
    );
  }
  return parsed as Cluster;
};

export const writeCluster = (path: string, cluster: Cluster): Cluster => {
  writeFileSync(join(path, 'cluster.json'), `${JSON.stringify(cluster, null, 2)}\n`, { mode: 0o600, flush: true });
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
  if (!statSync(path).isDirectory()) throw new Error(`${path}: expected a directory. Choose another one with --data.`);
  try {
    writeFileSync(join(path, '.writable'), '');
    rmSync(join(path, '.writable'));
  } catch (error) {
    throw new Error(`${path}: cannot be written (${reason(error)}). Give this user the right to write there.`, {
      cause: error,
    });
  }
};

/** Made at first start, in a file that only its owner reads; a looser mode is mended, since it was an accident. */
const administratorToken = (path: string): string => {
  const file = join(path, 'admin.token');
  if (!existsSync(file)) {
    const token = `uca_${randomBytes(32).toString('base64url')}`;
    writeFileSync(file, `${token}\n`, { mode: 0o600, flush: true });
    return token;
  }
  if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  const token = readFileSync(file, 'utf8').trim();
  if (token.length < 16) throw new Error(`${file}: expected a token. Delete the file to have a new one made.`);
  return token;
};

const reason = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** Clients wait for this file: it is whole or not there. */
export const writeEndpoints = async (path: string, endpoints: Readonly<Record<string, unknown>>): Promise<void> => {
  const file = join(path, 'endpoints.json');
  const fresh = await open(`${file}.new`, 'w', 0o644);
  await fresh.writeFile(`${JSON.stringify(endpoints)}\n`);
  await fresh.sync();
  await fresh.close();
  await rename(`${file}.new`, file);
};

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
