import { lockedDirectory } from '#log/segment/fault';
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Gives the directory back; may be called again. */
export type Release = () => Promise<void>;

interface Holder {
  readonly pid: number;
  /** Tells the process from a later one of the same number; empty where the system does not say. */
  readonly started: string;
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

/** The boot and the tick of it at which a process began; empty when there is none, or no /proc. */
const startOf = async (pid: number): Promise<string> => {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the second field is the name in brackets and may hold spaces; the start is the 22nd.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    return `${boot.trim()}/${ticks}`;
  } catch {
    return '';
  }
};

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
};

const alive = async ({ pid, started }: Holder): Promise<boolean> =>
  exists(pid) && (started === '' || (await startOf(pid)) === started);

const readHolder = async (path: string): Promise<Holder | undefined> => {
  try {
    const { pid, started } = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
    return { pid: Number(pid), started: String(started) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    // Locks are linked whole, so an unreadable one was left by a power cut.
    if (error instanceof SyntaxError) return { pid: 0, started: 'unreadable' };
    throw error;
  }
};

const linked = async (from: string, to: string): Promise<boolean> => {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
};

/**
 * Moves a dead holder's lock away. Of two processes that try at once one may catch the lock that the other has just
 * taken; it sees so by its content and puts it back.
 */
const clear = async (path: string, dead: Holder, aside: string): Promise<void> => {
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await readHolder(aside);
  if (moved?.pid !== dead.pid || moved.started !== dead.started) await linked(aside, path);
  await rm(aside, { force: true });
};

/**
 * Makes this process the only one that has the directory, as far as processes can see one another. The lock of a
 * process that is gone is taken over. Throws when another one, or this one, has it.
 */
export const lockDirectory = async (directory: string): Promise<Release> => {
  const path = join(directory, 'lock');
  const own = join(directory, `lock.${randomUUID()}`);
  const self: Holder = { pid: process.pid, started: await startOf(process.pid) };
  await writeFile(own, `${JSON.stringify(self)}\n`, { flag: 'wx', mode: 0o600 });
  try {
    while (!(await linked(own, path))) {
      const holder = await readHolder(path);
      if (holder === undefined) continue;
      if (await alive(holder)) throw lockedDirectory(path, holder.pid);
      await clear(path, holder, `${own}.dead`);
    }
  } finally {
    await rm(own, { force: true });
  }
  let held = true;
  return async () => {
    if (held) await rm(path, { force: true });
    held = false;
  };
};
