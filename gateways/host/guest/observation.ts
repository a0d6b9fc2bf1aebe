import type { GuestSpec } from '#gateways/host/guest/guest-spec';
import { trimHistory } from '#gateways/host/guest/console';
import { isGuestFailure } from '#gateways/host/guest/guest-failure';
import {
  canAnswer,
  dropMonitor,
  findGuest,
  type Found,
  type GuestHost,
  monitorOf,
} from '#gateways/host/guest/guest-host';
import { recordsBelow, writeRecord } from '#gateways/host/guest/guest-record';
import { isAlive, isFrozen } from '#gateways/host/guest/qemu-process';
import { recordOf } from '#gateways/host/guest/qmp';

/** What a guest is seen to do. */
export const guestPhases = {
  absent: 'Nothing is known of it here.',
  stopped: 'It has no process, and shall have none.',
  running: 'Its processors run.',
  paused: 'It was paused.',
  shutDown: 'It has shut itself down; its process waits to be ended.',
  receiving: 'It waits for a migration, or takes one.',
  sent: 'It was migrated away; its process waits to be ended.',
  faulted: 'A disk failed, such as by being full; the guest waits and can be resumed.',
  crashed: 'Its processors cannot go on.',
  hung: 'Its process is there and does not answer.',
  lost: 'Its process has ended without having been ended.',
} as const;

export type GuestPhase = keyof typeof guestPhases;

export interface ObservedGuest {
  readonly id: string;
  readonly phase: GuestPhase;
  /** The word of QEMU, or why there is none. */
  readonly detail: string;
  /** What it was started with, or would be; undefined when it is absent. */
  readonly spec: GuestSpec | undefined;
  readonly pid: number | undefined;
}

/** QEMU's words (RunState in its documentation) as ours; what is not here is on the way to something else. */
const phases: Readonly<Record<string, GuestPhase>> = {
  running: 'running',
  paused: 'paused',
  prelaunch: 'paused',
  suspended: 'paused',
  inmigrate: 'receiving',
  'finish-migrate': 'running',
  postmigrate: 'sent',
  shutdown: 'shutDown',
  'io-error': 'faulted',
  'internal-error': 'crashed',
  'guest-panicked': 'crashed',
  watchdog: 'crashed',
};

/** What the guest does now. Never fails and never hangs: a QEMU that does not answer is an observation too. */
export const observe = async (host: GuestHost, id: string): Promise<ObservedGuest> => {
  const found = findGuest(host, id);
  if (found === undefined) return { id, phase: 'absent', detail: '', spec: undefined, pid: undefined };
  const { spec, process } = found;
  trimHistory(found.places);
  const seen = (phase: GuestPhase, detail: string): ObservedGuest => ({ id, phase, detail, spec, pid: process?.pid });
  if (process === undefined) return withoutProcess(found, seen);
  if (!canAnswer(process)) return seen('hung', 'its process was stopped by a signal');
  try {
    const word = await statusOf(host, id);
    return seen(phases[word] ?? 'running', word);
  } catch (error) {
    if (!isGuestFailure(error)) throw error;
    dropMonitor(host, id);
    // It may have ended meanwhile, and been started anew: what was read before does not hold.
    if (!isAlive(process)) return observe(host, id);
    return seen('hung', isFrozen(process) ? 'its process was stopped by a signal' : error.message);
  }
};

const withoutProcess = (
  { places, spec, run }: Found,
  seen: (phase: GuestPhase, detail: string) => ObservedGuest,
): ObservedGuest => {
  if (run.phase === 'started') return { ...seen('lost', `process ${run.process.pid} has ended`), pid: undefined };
  if (run.phase !== 'stopped') writeRecord(places, { spec, run: { phase: 'stopped' } });
  return { ...seen('stopped', ''), pid: undefined };
};

/** QEMU's own word for what the guest does. */
export const statusOf = async (host: GuestHost, id: string): Promise<string> => {
  const monitor = await monitorOf(host, id);
  return String(recordOf(await monitor.execute('query-status', {}, host.deadlines.answerMs))['status']);
};

/** Every guest that this host knows of. */
export const observeAll = async (host: GuestHost): Promise<readonly ObservedGuest[]> => {
  const ids = recordsBelow(host.root).map(({ spec }) => spec.id);
  return Promise.all([...ids].sort().map((id) => observe(host, id)));
};

/** Events after which a guest may do something else. */
const telling = ['STOP', 'RESUME', 'SHUTDOWN', 'RESET', 'BLOCK_IO_ERROR', 'GUEST_PANICKED', 'MIGRATION'];

/**
 * Tells of each change of what a guest does, at once where QEMU tells of it or ends, within `everyMs` and the deadline
 * of an answer where it does not. Gives the way to stop.
 */
export const watchGuest = (
  host: GuestHost,
  id: string,
  everyMs: number,
  changed: (guest: ObservedGuest) => void,
): (() => void) => {
  let last = '';
  let looking = false;
  let again = false;
  let stopped = false;
  let listening: (() => void) | undefined;
  const look = async (): Promise<void> => {
    if (stopped) return;
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    again = false;
    const guest = await observe(host, id);
    looking = false;
    if (stopped) return;
    listen();
    const told = `${guest.phase} ${guest.pid ?? ''}`;
    if (told !== last) {
      last = told;
      changed(guest);
    }
    if (again) void look();
  };
  const listen = (): void => {
    const monitor = host.monitors.get(id);
    if (listening !== undefined || monitor === undefined || monitor.closed) return;
    listening = monitor.listen(({ name }) => {
      if (telling.includes(name)) void look();
    });
    monitor.onClose(() => {
      listening = undefined;
      void look();
    });
  };
  const timer = setInterval(() => void look(), everyMs);
  void look();
  return () => {
    stopped = true;
    clearInterval(timer);
    listening?.();
  };
};
