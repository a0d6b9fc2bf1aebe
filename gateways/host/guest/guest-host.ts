import { chmodSync, mkdirSync } from 'node:fs';
import type { GuestRef, GuestSpec } from '#gateways/host/guest/guest-spec';
import { GuestFailure } from '#gateways/host/guest/guest-failure';
import { type GuestRecord, readRecord, refuseOlder, type Run, writeRecord } from '#gateways/host/guest/guest-record';
import type { Account } from '#gateways/host/guest/host-account';
import { type Places, placesOf } from '#gateways/host/guest/places';
import { identify, isAlive, isFrozen, type ProcessId, qemusBelow } from '#gateways/host/guest/qemu-process';
import { connectQmp, type Qmp } from '#gateways/host/guest/qmp';

/** How long things may take, in milliseconds. */
export interface Deadlines {
  /** From the start of the process to its greeting. */
  readonly startMs: number;
  /** One answer of QEMU; when it takes longer, the guest counts as hung. */
  readonly answerMs: number;
  /** The end of a process that was killed. */
  readonly killMs: number;
  /** A guest giving up a device. */
  readonly unplugMs: number;
}

const usualDeadlines: Deadlines = { startMs: 30_000, answerMs: 5_000, killMs: 10_000, unplugMs: 20_000 };

/** Guests below one folder of this machine. One process drives them at a time. */
export interface GuestHost {
  readonly root: string;
  readonly qemu: string;
  readonly account: Account | undefined;
  readonly deadlines: Deadlines;
  /** Open connections by id: QEMU talks to one client at a time. */
  readonly monitors: Map<string, Qmp>;
  /** The end of the last action on each guest: actions on one guest follow each other. */
  readonly turns: Map<string, Promise<unknown>>;
}

export interface GuestHostOptions {
  /** Absolute and short: sockets lie below it. */
  readonly root: string;
  readonly account: Account | undefined;
  readonly qemu?: string;
  readonly deadlines?: Partial<Deadlines>;
}

/** Takes over the guests below a folder, those that run too. */
export const openGuestHost = ({ root, account, qemu, deadlines }: GuestHostOptions): GuestHost => {
  mkdirSync(root, { recursive: true });
  // QEMU's user passes through, and sees no names.
  chmodSync(root, 0o711);
  return {
    root,
    account,
    qemu: qemu ?? 'qemu-system-x86_64',
    deadlines: { ...usualDeadlines, ...deadlines },
    monitors: new Map(),
    turns: new Map(),
  };
};

/** Lets go of the guests, which run on. */
export const closeGuestHost = (host: GuestHost): void => {
  for (const monitor of host.monitors.values()) monitor.close();
  host.monitors.clear();
};

/** Runs the work after all that was asked of the same guest before it. */
export const inTurn = <A>(host: GuestHost, id: string, work: () => Promise<A>): Promise<A> => {
  const before = host.turns.get(id) ?? Promise.resolve();
  const own = before.then(work, work);
  const settled = own.then(
    () => undefined,
    () => undefined,
  );
  host.turns.set(id, settled);
  void settled.then(() => {
    if (host.turns.get(id) === settled) host.turns.delete(id);
  });
  return own;
};

/** One guest as an action finds it. */
export interface Found {
  readonly places: Places;
  readonly spec: GuestSpec;
  readonly run: Run;
  /** Its QEMU, if one is there. */
  readonly process: ProcessId | undefined;
}

/** The guest of an action, whose word must not be older than what was here; a newer one is kept. */
export const admitted = (host: GuestHost, ref: GuestRef): Found => {
  const found = findGuest(host, ref.id);
  if (found === undefined) throw new GuestFailure('absent', ref.id);
  refuseOlder(found.spec, ref);
  const { uid, epoch, generation } = ref;
  const spec = { ...found.spec, uid, epoch, generation };
  if (found.spec.epoch !== epoch || found.spec.generation !== generation) {
    writeRecord(found.places, { spec, run: found.run });
  }
  return { ...found, spec };
};

/** What is known of a guest, and its process: by what was written down, else by looking through all processes. */
export const findGuest = (host: GuestHost, id: string): Found | undefined => {
  const places = placesOf(host.root, id);
  const record = readRecord(places);
  if (record === undefined || record.spec.id !== id) return undefined;
  return { places, ...adopted(places, record) };
};

const adopted = (places: Places, record: GuestRecord): GuestRecord & { readonly process: ProcessId | undefined } => {
  const { spec, run } = record;
  // Before anything is started it is written down that it will be.
  if (run.phase === 'stopped') return { spec, run, process: undefined };
  if (run.phase !== 'starting' && isAlive(run.process)) {
    return { spec, run, process: run.process };
  }
  const process = qemusBelow(places.run)[0];
  if (process === undefined) return { spec, run, process: undefined };
  const { pid, startTicks, bootId } = process;
  const found = { pid, startTicks, bootId };
  // Its driver ended between starting it and writing that down.
  const adoptedRun: Run = { phase: 'started', incoming: run.phase === 'starting' && run.incoming, process: found };
  writeRecord(places, { spec, run: adoptedRun });
  return { spec, run: adoptedRun, process: found };
};

/** The connection to the guest's QEMU, opened when there is none. A stopped QEMU fails with `deadline`. */
export const monitorOf = async (host: GuestHost, id: string, timeoutMs?: number): Promise<Qmp> => {
  const open = host.monitors.get(id);
  if (open !== undefined && !open.closed) return open;
  const found = findGuest(host, id);
  if (found?.process === undefined) throw new GuestFailure('notRunning', id);
  const monitor = await connectQmp(found.places.qmp, timeoutMs ?? host.deadlines.answerMs);
  host.monitors.set(id, monitor);
  monitor.onClose(() => {
    if (host.monitors.get(id) === monitor) host.monitors.delete(id);
  });
  return monitor;
};

/** Forgets the connection, as after the end of its process. */
export const dropMonitor = (host: GuestHost, id: string): void => {
  host.monitors.get(id)?.close();
  host.monitors.delete(id);
};

/** Whether a guest's process is there and able to answer at all. */
export const canAnswer = (process: ProcessId | undefined): process is ProcessId =>
  process !== undefined && identify(process.pid) !== undefined && !isFrozen(process);
