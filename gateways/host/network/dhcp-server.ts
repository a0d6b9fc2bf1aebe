import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DhcpFiles } from '#gateways/host/network/dhcp';
import { digest } from '#gateways/host/network/host-network';
import { runWithin } from '#gateways/host/network/programs';

const STOP_MS = 2_000;

const writeWhole = (path: string, text: string): boolean => {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return false;
  writeFileSync(`${path}.new`, text, { mode: 0o644 });
  renameSync(`${path}.new`, path);
  return true;
};

/** The arguments of a process; none when there is no such process. */
const argumentsOf = (pid: number): readonly string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
};

const settingsPrefix = (directory: string): string => `--conf-file=${join(directory, 'settings-')}`;

interface RunningServer {
  readonly pid: number;
  readonly settings: string;
}

/** The server of this directory, told by what it was started with: its process id alone may be another's by now. */
const runningDhcpServer = (directory: string): RunningServer | undefined => {
  const file = join(directory, 'pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  const settings = pid > 0 ? argumentsOf(pid).find((word) => word.startsWith(settingsPrefix(directory))) : undefined;
  return settings === undefined ? undefined : { pid, settings: settings.slice('--conf-file='.length) };
};

const settingsFile = (directory: string, { settings }: DhcpFiles): string =>
  join(directory, `settings-${digest(settings, 12)}`);

/** Whether the server of this directory runs with these settings. */
export const servesDhcp = (directory: string, files: DhcpFiles): boolean =>
  runningDhcpServer(directory)?.settings === settingsFile(directory, files);

/** Ends a process of ours, and waits until it is gone. */
const endProcess = async (pid: number, isStill: () => boolean): Promise<void> => {
  for (let waited = 0; isStill(); waited += 10) {
    if (waited === 0 || waited >= STOP_MS) process.kill(pid, waited === 0 ? 'SIGTERM' : 'SIGKILL');
    await pause(10);
  }
};

export const stopDhcpServer = async (directory: string): Promise<void> => {
  const running = runningDhcpServer(directory);
  if (running !== undefined) await endProcess(running.pid, () => runningDhcpServer(directory)?.pid === running.pid);
  rmSync(directory, { recursive: true, force: true });
};

/**
 * Has the server of this directory answer as the files say, whether it runs already or not. With `tell` it is told to
 * read them again even when they are as they were, since it may have been forgotten before.
 */
export const serveDhcp = async (
  directory: string,
  namespace: string,
  files: DhcpFiles,
  { tell, keepsUser }: { readonly tell: boolean; readonly keepsUser: boolean },
): Promise<void> => {
  mkdirSync(directory, { recursive: true });
  // The server is not root once it runs.
  chmodSync(directory, 0o755);
  const settings = settingsFile(directory, files);
  const isChanged = [
    writeWhole(join(directory, 'hosts'), files.hosts),
    writeWhole(join(directory, 'options'), files.options),
  ].some((each) => each);
  const running = runningDhcpServer(directory);
  if (running?.settings === settings) {
    if (isChanged || tell) process.kill(running.pid, 'SIGHUP');
    return;
  }
  if (running !== undefined) {
    await endProcess(running.pid, () => runningDhcpServer(directory)?.pid === running.pid);
    rmSync(running.settings, { force: true });
  }
  writeWhole(settings, files.settings);
  const words = ['dnsmasq', `--conf-file=${settings}`];
  // As a daemon it would become another user, and write the file itself.
  const staying = ['sh', '-c', '"$@" --no-daemon </dev/null >/dev/null 2>&1 & echo $! > "$0"', join(directory, 'pid')];
  await runWithin(namespace)(keepsUser ? [...staying, ...words] : words);
};
