import { readdirSync, readFileSync, statSync } from 'node:fs';
import { until } from '#gateways/host/guest/waiting';

/** A process that is not mixed up with a later one of the same number. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since the machine started, at which it began. */
  readonly startTicks: number;
  /** Of this run of the machine: ticks begin anew with the next. */
  readonly bootId: string;
}

interface Stat {
  /** A letter of proc(5): `T` is stopped by a signal, `Z` has ended. */
  readonly state: string;
  readonly startTicks: number;
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

const statOf = (pid: number): Stat | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name is in brackets and may hold any character, brackets too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: Number(fields[19]) };
  } catch {
    return undefined;
  }
};

/** What a process is, for as long as it runs; undefined when there is none. */
export const identify = (pid: number): ProcessId | undefined => {
  const stat = statOf(pid);
  return stat === undefined || hasEnded(pid, stat) ? undefined : { pid, startTicks: stat.startTicks, bootId: bootId() };
};

/** Whether exactly this process is still there. One that has ended and waits for its parent is not. */
export const isAlive = (process: ProcessId): boolean => stateOf(process) !== undefined;

/** Whether a signal has stopped it: it holds all it has and does nothing. */
export const isFrozen = (process: ProcessId): boolean => stateOf(process)?.toLowerCase() === 't';

/** The first thread of a process may have ended before others, which still hold its files and locks. */
const hasEnded = (pid: number, { state }: Stat): boolean => {
  if (state !== 'Z' && state !== 'X') return false;
  try {
    return readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch {
    return true;
  }
};

const stateOf = ({ pid, startTicks, bootId: boot }: ProcessId): string | undefined => {
  const stat = statOf(pid);
  if (stat === undefined || stat.startTicks !== startTicks || hasEnded(pid, stat)) return undefined;
  return bootId() === boot ? stat.state : undefined;
};

/** Ends exactly this process without asking it, and waits until it is gone. */
export const killAndWait = async (target: ProcessId, timeoutMs: number): Promise<void> => {
  if (isAlive(target)) signal(target.pid);
  await until(`the end of process ${target.pid}`, timeoutMs, () => (isAlive(target) ? undefined : true));
};

const signal = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has just ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

export interface QemuProcess extends ProcessId {
  /** The socket that it was told to listen on for commands. */
  readonly qmp: string;
}

/**
 * Every QEMU whose monitor lies below this folder, found by what it was started with: also one whose driver was killed
 * before it could write down that it had started it.
 */
export const qemusBelow = (folder: string): readonly QemuProcess[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): readonly QemuProcess[] => {
      const qmp = monitorOf(name);
      if (qmp === undefined || !qmp.startsWith(`${folder}/`)) return [];
      const found = identify(Number(name));
      return found === undefined ? [] : [{ ...found, qmp }];
    });

const monitor = /^socket,id=monitor,path=(.+),server=on,wait=off$/;

const monitorOf = (pid: string): string | undefined => {
  try {
    // A process of somebody else may say what it likes of itself.
    const owner = statSync(`/proc/${pid}`).uid;
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    if (!words.some((word) => /(^|\/)qemu-system-[a-z0-9_]+$/.test(word))) return undefined;
    const own = process.getuid?.() ?? owner;
    if (own !== 0 && owner !== own) return undefined;
    return words
      .map((word) => monitor.exec(word)?.[1])
      .find((path) => path !== undefined)
      ?.replaceAll(',,', ',');
  } catch {
    return undefined;
  }
};
