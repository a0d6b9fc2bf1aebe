import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { reasonOf } from '#gateways/cli/failure';
import { systemCode } from '#gateways/system-code';
import { at, numberAt, parsed, textAt } from '#gateways/cli/json';
import { idWordOf } from '#gateways/cli/key-text';
import { visible } from '#gateways/cli/visible';

/** One thing that the doctor looked at. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'problem' | 'skipped';
  readonly found: string;
  readonly fix?: string;
}

export const ok = (name: string, found: string): Check => ({ name, state: 'ok', found });
export const skipped = (name: string, found: string): Check => ({ name, state: 'skipped', found });
export const warning = (name: string, found: string, fix: string): Check => ({ name, state: 'warning', found, fix });
export const problem = (name: string, found: string, fix: string): Check => ({ name, state: 'problem', found, fix });

/** The node stops taking writes below this (`serve --disk-floor`). */
const floorBytes = 256 * 2 ** 20;

/** Looks at a data directory without touching what is in it. */
export const checkDirectory = (data: string): readonly Check[] => {
  let mode: number;
  try {
    const stat = statSync(data);
    if (!stat.isDirectory())
      return [problem('directory', `${data} is no directory`, 'Name the data directory with --data.')];
    mode = stat.mode & 0o777;
    readdirSync(data);
  } catch (error) {
    return [problem('directory', `${data}: ${reasonOf(error)}`, 'Name the data directory with --data, as its user.')];
  }
  const closed = (mode & 0o077) === 0;
  return [
    closed
      ? ok('directory', `${data}, mode ${mode.toString(8)}`)
      : warning('directory', `${data} has mode ${mode.toString(8)}`, `chmod 700 ${data}`),
    checkToken(join(data, 'admin.token')),
    checkSpace(data),
    checkLatency(data),
    ...checkLeftovers(data),
  ];
};

const checkToken = (file: string): Check => {
  try {
    const mode = statSync(file).mode & 0o777;
    readFileSync(file);
    if ((mode & 0o077) === 0) return ok('token', `${file}, mode ${mode.toString(8)}`);
    return problem('token', `${file} has mode ${mode.toString(8)}: others can read it`, `chmod 600 ${file}`);
  } catch (error) {
    return problem(
      'token',
      `${file}: ${reasonOf(error)}`,
      'The server makes it at its first start; run this as its user.',
    );
  }
};

const checkSpace = (data: string): Check => {
  const { bavail, bsize, blocks } = statfsSync(data);
  const free = bavail * bsize;
  const found = `${sizeText(free)} free of ${sizeText(blocks * bsize)}`;
  if (free < floorBytes) return problem('disk space', found, 'Writes are refused. Free space, or move the directory.');
  if (free < 4 * floorBytes)
    return warning('disk space', found, `Writes stop at ${sizeText(floorBytes)}. Free space soon.`);
  return ok('disk space', found);
};

const SYNCS = 16;

/** How long the disk takes to make 4 KiB durable, which bounds how soon a command is acknowledged. */
const checkLatency = (data: string): Check => {
  const file = join(data, `.doctor-${process.pid}`);
  const times: number[] = [];
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    try {
      const block = Buffer.alloc(4096, 1);
      for (let i = 0; i < SYNCS; i++) {
        const started = performance.now();
        writeSync(descriptor, block);
        fsyncSync(descriptor);
        times.push(performance.now() - started);
      }
    } finally {
      closeSync(descriptor);
      rmSync(file, { force: true });
    }
  } catch (error) {
    return problem(
      'disk latency',
      `${data} cannot be written: ${reasonOf(error)}`,
      'Run this as the user of the server.',
    );
  }
  times.sort((a, b) => a - b);
  const median = times[SYNCS / 2] ?? 0;
  const found = `a sync takes ${median.toFixed(1)} ms (at most ${(times.at(-1) ?? 0).toFixed(1)} ms)`;
  if (median > 100) return problem('disk latency', found, 'This disk is too slow; use an SSD.');
  if (median > 10) return warning('disk latency', found, 'Each command waits that long; an SSD takes under 1 ms.');
  return ok('disk latency', found);
};

/** What a process that died has left. */
const checkLeftovers = (data: string): readonly Check[] => {
  const found: string[] = [];
  const endpoints = join(data, 'endpoints.json');
  const pid = existsSync(endpoints) ? numberAt(parsed(readFileSync(endpoints, 'utf8')), 'pid') : undefined;
  if (pid !== undefined && !isAlive(pid)) found.push(`endpoints.json names process ${pid}, which is gone`);
  const lock = join(data, 'log', 'lock');
  const holder = existsSync(lock) ? numberAt(parsed(readFileSync(lock, 'utf8')), 'pid') : undefined;
  if (holder !== undefined && !isAlive(holder)) found.push(`log/lock is held by process ${holder}, which is gone`);
  for (const name of readdirSync(data)) {
    if (name.endsWith('.new') || name.startsWith('.doctor-') || name === '.writable')
      found.push(`${name} is unfinished`);
  }
  if (found.length === 0) return [ok('leftovers', 'none')];
  return [warning('leftovers', found.join('; '), 'A server that starts clears them; nothing is lost.')];
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
};

/** What the log asks an operator to look at: rows of the alarms' listing, of which there may be more. */
export const checkAlarms = (rows: readonly unknown[], more: boolean): readonly Check[] => {
  if (rows.length === 0) return [ok('alarms', 'none stands')];
  const found = rows.map((row) => {
    const word = idWordOf(row, 'alarm') ?? '?';
    const fix =
      at(row, 'standing') === true
        ? 'Remove its cause; then it ends by itself. docs/operating/limits.md says how.'
        : `Remove its cause, then try again: ultracloud alarm disarm ${word}`;
    return warning('alarm', `${word}: ${visible(textAt(row, 'message') ?? '')}`, fix);
  });
  return more ? [...found, warning('alarm', 'there are more', 'ultracloud alarm list shows all.')] : found;
};

/** Whether a server could listen there. */
export const checkPort = (flag: string, address: string): Promise<Check> =>
  new Promise((resolve) => {
    const cut = address.lastIndexOf(':');
    const server = createServer();
    server.once('error', (error) => {
      resolve(
        problem(
          `port ${flag}`,
          `${address}: ${reasonOf(error)}`,
          `Give another address with --${flag}; port 0 takes a free one.`,
        ),
      );
    });
    server.listen(
      { host: address.slice(0, cut).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(cut + 1)) },
      () => {
        server.close(() => resolve(ok(`port ${flag}`, `${address} is free`)));
      },
    );
  });

/** Each watch is a connection, and each connection a file. */
export const checkFiles = (): Check => {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return skipped('open files', 'this system does not tell its limits');
  }
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1] ?? '';
  if (soft === 'unlimited' || Number(soft) >= 16_384) return ok('open files', `up to ${soft}`);
  return warning(
    'open files',
    `up to ${soft}`,
    'Raise it for many watches: LimitNOFILE=65536 in the unit, or ulimit -n.',
  );
};

export const checkNode = (version: string): Check => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return ok('node', version);
  return problem('node', version, 'UltraCloud needs Node 20.19 or newer.');
};

export const sizeText = (bytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${(bytes / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? ''}`;
};
