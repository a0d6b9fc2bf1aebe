import { spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { argvOf, overheadBytes } from '#gateways/host/guest/argv';
import { joiningArgv, makeGroup, removeGroup } from '#gateways/host/guest/cgroup';
import { makeDiskFile } from '#gateways/host/guest/disk-file';
import { GuestFailure, isGuestFailure } from '#gateways/host/guest/guest-failure';
import {
  admitted,
  canAnswer,
  dropMonitor,
  type Found,
  findGuest,
  type GuestHost,
  inTurn,
  monitorOf,
} from '#gateways/host/guest/guest-host';
import { refuseOlder, writeRecord } from '#gateways/host/guest/guest-record';
import { type GuestRef, type GuestSpec, specProblems } from '#gateways/host/guest/guest-spec';
import { type Account, handOver, setprivArgv } from '#gateways/host/guest/host-account';
import { trimHistory } from '#gateways/host/guest/console';
import { statusOf } from '#gateways/host/guest/observation';
import { type Places, placesOf } from '#gateways/host/guest/places';
import { identify, isAlive, killAndWait, type ProcessId } from '#gateways/host/guest/qemu-process';
import { LONGEST_SOCKET_PATH } from '#gateways/host/guest/qmp';
import { seedImage } from '#gateways/host/guest/seed';
import { checkTap } from '#gateways/host/guest/tap';
import { until } from '#gateways/host/guest/waiting';

/**
 * Writes down what a guest shall be and makes its folder and disks; starts nothing. While it runs only the word is
 * taken: devices come and go by their own actions, and the rest holds from the next start.
 */
export const prepareGuest = (host: GuestHost, spec: GuestSpec): Promise<void> =>
  inTurn(host, spec.id, async () => {
    const problems = specProblems(spec);
    if (problems.length > 0) throw new GuestFailure('unusable', `${spec.id}: ${problems.join('; ')}.`);
    const places = placesOf(host.root, spec.id);
    if (Buffer.byteLength(places.console) > LONGEST_SOCKET_PATH) {
      throw new GuestFailure('unusable', `Sockets have at most ${LONGEST_SOCKET_PATH} bytes: ${places.console}`);
    }
    const found = findGuest(host, spec.id);
    if (found !== undefined) refuseOlder(found.spec, spec);
    if (found?.process !== undefined) {
      const { uid, epoch, generation } = spec;
      return writeRecord(places, { spec: { ...found.spec, uid, epoch, generation }, run: found.run });
    }
    mkdirSync(places.run, { recursive: true });
    chmodSync(places.folder, 0o711);
    chmodSync(places.run, 0o700);
    handOver(places.run, host.account);
    // QEMU may write it, and may not put another file in its place: the driver reads it with rights of its own.
    closeSync(openSync(places.history, 'a', 0o600));
    handOver(places.history, host.account);
    if (spec.seed !== undefined) writeSeed(places.seed, seedImage(spec.seed), host.account);
    else rmSync(places.seed, { force: true });
    for (const disk of spec.disks) await makeDiskFile(disk, host.account);
    writeRecord(places, { spec, run: found?.run.phase === 'started' ? found.run : { phase: 'stopped' } });
  });

/** User data may hold secrets, so nobody else reads it. */
const writeSeed = (file: string, image: Buffer, account: Account | undefined): void => {
  writeFileSync(file, image, { mode: 0o400 });
  handOver(file, account);
};

/** Starts a guest that was prepared, or finds that it runs. */
export const startGuest = (host: GuestHost, ref: GuestRef): Promise<void> =>
  inTurn(host, ref.id, () => launch(host, admitted(host, ref), false));

/** As `startGuest`, in its turn already; `incoming` waits for a migration. */
export const launch = async (host: GuestHost, found: Found, incoming: boolean): Promise<void> => {
  const { places, spec } = found;
  if (found.process !== undefined) {
    const status = await statusOf(host, spec.id);
    if (status === 'postmigrate') throw new GuestFailure('unusable', `${spec.id} was sent away from here.`);
    if (status !== 'shutdown') return;
    await end(host, found);
  }
  for (const nic of spec.nics) checkTap(nic, host.account);
  for (const path of [places.qmp, places.console, places.vnc]) rmSync(path, { force: true });
  writeRecord(places, { spec, run: { phase: 'starting', incoming } });
  const process = spawnQemu(host, spec, places, incoming);
  writeRecord(places, { spec, run: { phase: 'started', incoming, process } });
  try {
    await greeted(host, spec.id, process);
  } catch (error) {
    const reason = lastComplaint(places);
    await end(host, { ...found, process });
    if (!isGuestFailure(error)) throw error;
    throw new GuestFailure('start', `${spec.id}: ${reason === '' ? error.message : reason}`, error);
  }
};

const MOST_THREADS = 512;

const spawnQemu = (host: GuestHost, spec: GuestSpec, places: Places, incoming: boolean): ProcessId => {
  const group = makeGroup(places.group, {
    cpuCount: spec.cpuCount,
    memoryBytes: spec.memoryBytes + overheadBytes(spec),
    threadCount: MOST_THREADS,
  });
  const [program = '', ...args] = [
    ...joiningArgv(group),
    ...setprivArgv(host.account, spec.accelerator),
    host.qemu,
    ...argvOf(spec, places, incoming),
  ];
  const complaints = openSync(places.complaints, 'w', 0o600);
  try {
    const environment = { PATH: globalThis.process.env['PATH'] ?? '', LC_ALL: 'C' };
    // A session of its own: what ends the driver must not end the guest.
    const child = spawn(program, args, {
      cwd: '/',
      detached: true,
      env: environment,
      stdio: ['ignore', complaints, complaints],
    });
    child.on('error', () => undefined);
    child.unref();
    const process = child.pid === undefined ? undefined : identify(child.pid);
    if (process === undefined) throw new GuestFailure('start', `${spec.id}: ${program} cannot be run.`);
    return process;
  } finally {
    closeSync(complaints);
  }
};

const greeted = (host: GuestHost, id: string, process: ProcessId): Promise<true> => {
  const end = performance.now() + host.deadlines.startMs;
  return until(`QEMU of ${id}`, host.deadlines.startMs, async () => {
    if (!isAlive(process)) throw new GuestFailure('start', 'It ended.');
    try {
      await monitorOf(host, id, Math.max(1, end - performance.now()));
      return true;
    } catch (error) {
      // The socket is not there yet, or not listened on.
      if (isGuestFailure(error, 'lost')) return undefined;
      throw error;
    }
  });
};

const lastComplaint = (places: Places): string =>
  existsSync(places.complaints) ? (readFileSync(places.complaints, 'utf8').trim().split('\n').at(-1) ?? '') : '';

export type StoppedBy = 'already' | 'guest' | 'power';

/** How often the button is pressed: a guest that is still starting does not feel the first time. */
const PRESS_MS = 4_000;

/**
 * Presses the power button and waits for the guest to shut down; after `graceMs`, 0 for at once, its power is cut.
 * A guest that is paused, hung or broken has its power cut at once.
 */
export const stopGuest = (host: GuestHost, ref: GuestRef, graceMs: number): Promise<StoppedBy> =>
  inTurn(host, ref.id, async () => {
    const found = admitted(host, ref);
    const { places, spec, process } = found;
    if (process === undefined) {
      if (found.run.phase !== 'stopped') writeRecord(places, { spec, run: { phase: 'stopped' } });
      await end(host, found);
      return 'already';
    }
    const byGuest = graceMs > 0 && canAnswer(process) && (await shutDown(host, spec.id, graceMs));
    await end(host, found);
    return byGuest ? 'guest' : 'power';
  });

const shutDown = async (host: GuestHost, id: string, graceMs: number): Promise<boolean> => {
  const began = performance.now();
  let pressed = -Infinity;
  try {
    const monitor = await monitorOf(host, id);
    return await until('the guest to shut down', graceMs, async () => {
      const status = await statusOf(host, id);
      if (status === 'shutdown') return true;
      if (status !== 'running') return false;
      const now = performance.now() - began;
      if (now - pressed >= PRESS_MS) {
        pressed = now;
        await monitor.execute('system_powerdown');
      }
      return undefined;
    });
  } catch (error) {
    if (isGuestFailure(error)) return false;
    throw error;
  }
};

const QUIT_MS = 3_000;

/** Ends the process of a guest, if it has one, and removes what only a process needs. In its turn already. */
export const end = async (host: GuestHost, { places, spec, process }: Found): Promise<void> => {
  if (process !== undefined) {
    writeRecord(places, { spec, run: { phase: 'ending', process } });
    await quit(host, spec.id, process);
    await killAndWait(process, host.deadlines.killMs);
    writeRecord(places, { spec, run: { phase: 'stopped' } });
  }
  dropMonitor(host, spec.id);
  for (const path of [places.qmp, places.console, places.vnc]) rmSync(path, { force: true });
  trimHistory(places);
  removeGroup(places.group);
};

/** QEMU writes out what it holds back when it is asked; one that cannot answer is not. */
const quit = async (host: GuestHost, id: string, process: ProcessId): Promise<void> => {
  if (!canAnswer(process)) return;
  try {
    const monitor = await monitorOf(host, id, QUIT_MS);
    await monitor.execute('quit', {}, QUIT_MS);
    await until('the end of QEMU', QUIT_MS, () => (isAlive(process) ? undefined : true), 5);
  } catch (error) {
    if (!isGuestFailure(error)) throw error;
  }
};

/** As if the reset button were pressed: devices and memory begin anew, the process stays. */
export const resetGuest = (host: GuestHost, ref: GuestRef): Promise<void> =>
  inTurn(host, ref.id, async () => {
    const { id } = admitted(host, ref).spec;
    const monitor = await monitorOf(host, id);
    const shutDownBefore = (await statusOf(host, id)) === 'shutdown';
    await monitor.execute('system_reset');
    // It stands still until it is told to go on.
    if (shutDownBefore) await monitor.execute('cont');
  });

export const pauseGuest = (host: GuestHost, ref: GuestRef): Promise<void> =>
  inTurn(host, ref.id, async () => {
    await (await monitorOf(host, admitted(host, ref).spec.id)).execute('stop');
  });

/** Also ends the wait of a guest whose disk had failed. */
export const resumeGuest = (host: GuestHost, ref: GuestRef): Promise<void> =>
  inTurn(host, ref.id, async () => {
    await (await monitorOf(host, admitted(host, ref).spec.id)).execute('cont');
  });
