import { GuestFailure, isGuestFailure } from '#gateways/host/guest/guest-failure';
import { admitted, dropMonitor, findGuest, type GuestHost, inTurn, monitorOf } from '#gateways/host/guest/guest-host';
import { writeRecord } from '#gateways/host/guest/guest-record';
import type { GuestRef } from '#gateways/host/guest/guest-spec';
import { statusOf } from '#gateways/host/guest/observation';
import { end, launch } from '#gateways/host/guest/power';
import { type Qmp, recordOf } from '#gateways/host/guest/qmp';
import { until } from '#gateways/host/guest/waiting';

/** Where a guest that is migrated is taken. */
export type MigrationAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface MigrationProgress {
  readonly sentBytes: number;
  readonly remainingBytes: number;
  readonly totalBytes: number;
}

export interface SendOptions {
  /** For all of it; over it the migration is cancelled and the guest runs on here. */
  readonly timeoutMs: number;
  /** The longest that the guest may stand still; QEMU goes on copying until it may reach that. */
  readonly downtimeMs: number;
  /** Undefined is as fast as the network. */
  readonly bytesPerSecond?: number;
  readonly progress?: (progress: MigrationProgress) => void;
  /** Cancels it. */
  readonly signal?: AbortSignal;
}

export interface Sent {
  readonly totalMs: number;
  /** How long the guest stood still, as its QEMU says. */
  readonly downtimeMs: number;
  readonly sentBytes: number;
}

/** With a path back the source hears whether the guest was taken whole; without, it would take silence for success. */
const capabilities = ['events', 'return-path'].map((capability) => ({ capability, state: true }));

const MOST_DOWNTIME_MS = 60_000;

/**
 * Starts a guest that was prepared here as the destination of a migration, on disks that both hosts see, and gives the
 * address that it listens on: of port 0, the port that was free. What is not sent waits; stop it to give up.
 */
export const receiveGuest = (host: GuestHost, ref: GuestRef, on: MigrationAddress): Promise<MigrationAddress> =>
  inTurn(host, ref.id, async () => {
    const found = admitted(host, ref);
    if (found.process !== undefined && (await statusOf(host, ref.id)) !== 'inmigrate') {
      throw new GuestFailure('running', `${ref.id} cannot be received where it runs.`);
    }
    await launch(host, found, true);
    const monitor = await monitorOf(host, ref.id);
    const open = await listening(monitor);
    if (open !== undefined) return open;
    await monitor.execute('migrate-set-capabilities', { capabilities });
    await monitor.execute('migrate-incoming', { uri: uriOf(on) });
    return on.kind === 'unix' ? on : ((await listening(monitor)) ?? on);
  });

const uriOf = (address: MigrationAddress): string => {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `tcp:${host}:${address.port}`;
};

/** Where a destination waits, once it does. */
const listening = async (monitor: Qmp): Promise<MigrationAddress | undefined> => {
  const list = recordOf(await monitor.execute('query-migrate'))['socket-address'];
  const address = recordOf(Array.isArray(list) ? (list[0] as unknown) : undefined);
  if (address['type'] === 'inet') {
    return { kind: 'tcp', host: String(address['host']), port: Number(address['port']) };
  }
  return address['type'] === 'unix' ? { kind: 'unix', path: String(address['path']) } : undefined;
};

/**
 * Waits until a guest that is received runs here; only then it was migrated. Fails with `migration` when its process
 * ends before.
 */
export const guestReceived = async (host: GuestHost, ref: GuestRef, timeoutMs: number): Promise<void> => {
  const running = await until(`${ref.id} to run`, timeoutMs, async () => {
    try {
      const status = await statusOf(host, ref.id);
      return status === 'inmigrate' ? undefined : status;
    } catch (error) {
      if (isGuestFailure(error, 'lost', 'notRunning')) return 'lost';
      throw error;
    }
  });
  if (running !== 'running') throw new GuestFailure('migration', `${ref.id} was not taken: ${running}.`);
  const found = findGuest(host, ref.id);
  if (found?.run.phase === 'started') {
    writeRecord(found.places, { spec: found.spec, run: { ...found.run, incoming: false } });
  }
};

/**
 * Sends a running guest to a destination that waits. When this gives an answer the source stands still for good and
 * has let go of its disks, and the destination has all of it: ask there with `guestReceived`, then end the source with
 * `endSource`. When it fails the guest runs on here.
 */
export const sendGuest = (host: GuestHost, ref: GuestRef, to: MigrationAddress, options: SendOptions): Promise<Sent> =>
  inTurn(host, ref.id, async () => {
    const { spec } = admitted(host, ref);
    const status = await statusOf(host, spec.id);
    if (status === 'postmigrate') return sentOf(await (await monitorOf(host, spec.id)).execute('query-migrate'));
    if (status !== 'running') throw new GuestFailure('notRunning', `${spec.id} is ${status}.`);
    const monitor = await monitorOf(host, spec.id);
    await monitor.execute('migrate-set-capabilities', { capabilities });
    await monitor.execute('migrate-set-parameters', {
      'downtime-limit': Math.min(options.downtimeMs, MOST_DOWNTIME_MS),
      'max-bandwidth': options.bytesPerSecond ?? 2 ** 50,
    });
    await monitor.execute('migrate', { uri: uriOf(to) });
    try {
      return await followed(monitor, spec.id, options);
    } catch (error) {
      await takeBack(host, spec.id);
      throw error;
    }
  });

const followed = (monitor: Qmp, id: string, options: SendOptions): Promise<Sent> =>
  until(`the migration of ${id}`, options.timeoutMs, async () => {
    if (options.signal?.aborted === true) throw new GuestFailure('migration', `That of ${id} was cancelled.`);
    const answer = recordOf(await monitor.execute('query-migrate'));
    const ram = recordOf(answer['ram']);
    if ('total' in ram) {
      options.progress?.({
        sentBytes: Number(ram['transferred']),
        remainingBytes: Number(ram['remaining']),
        totalBytes: Number(ram['total']),
      });
    }
    const status = answer['status'];
    if (status === 'completed') return sentOf(answer);
    if (status === 'failed' || status === 'cancelled') {
      const reason = answer['error-desc'];
      const told = typeof reason === 'string' ? reason : 'no reason told';
      throw new GuestFailure('migration', `That of ${id} ${status}: ${told}.`);
    }
    return undefined;
  });

const sentOf = (given: unknown): Sent => {
  const answer = recordOf(given);
  return {
    totalMs: Number(answer['total-time'] ?? 0),
    downtimeMs: Number(answer['downtime'] ?? 0),
    sentBytes: Number(recordOf(answer['ram'])['transferred'] ?? 0),
  };
};

const CANCEL_MS = 10_000;

/** Ends what is left of a migration, and sees to it that the guest runs here. */
const takeBack = async (host: GuestHost, id: string): Promise<void> => {
  const monitor = await monitorOf(host, id);
  await monitor.execute('migrate_cancel');
  const over = await until('the end of the migration', CANCEL_MS, async () => {
    const status = String(recordOf(await monitor.execute('query-migrate'))['status']);
    return ['cancelled', 'failed', 'completed', 'none', 'undefined'].includes(status) ? status : undefined;
  });
  // It was over before it could be cancelled: the guest is at the destination, and must not run twice.
  if (over === 'completed') throw new GuestFailure('migration', `${id} was sent before it could be cancelled.`);
  const status = await statusOf(host, id);
  if (status === 'paused' || status === 'postmigrate') await monitor.execute('cont');
};

/**
 * Lets a guest that was sent run on here after all. Only for when its destination never ran it and is known to be gone:
 * QEMU cannot know, and two that run would write to the same disks.
 */
export const reclaimGuest = (host: GuestHost, ref: GuestRef): Promise<void> =>
  inTurn(host, ref.id, async () => {
    const { spec } = admitted(host, ref);
    if ((await statusOf(host, spec.id)) !== 'postmigrate') return;
    await (await monitorOf(host, spec.id)).execute('cont');
  });

/** Ends the process of a guest that was sent, once it runs elsewhere. One that still runs here is left alone. */
export const endSource = (host: GuestHost, ref: GuestRef): Promise<void> =>
  inTurn(host, ref.id, async () => {
    const found = admitted(host, ref);
    if (found.process !== undefined && (await statusOf(host, ref.id)) !== 'postmigrate') {
      throw new GuestFailure('running', `${ref.id} was not sent.`);
    }
    await end(host, found);
    dropMonitor(host, ref.id);
  });
