import { kind } from '#aggregates/facts';
import { hostKind, ttlSecondsOf } from '#aggregates/host';
import type { Engine } from '#log/engine';
import type { Liveness } from '#gateways/node';
import { bySystem } from '#gateways/server/by-system';
import { pulsesOf } from '#gateways/server/pulses';

const leaseKind = kind<{ readonly ttlSeconds: number }>('lease');

const TICK_MS = 250;
/** Ticks that are further apart: this process was suspended or starved, and heard no renewals meanwhile. */
const AWAY_MS = 1_000;
/** Ends submitted per tick; more are due at once only after a pause, and none is urgent. */
const ENDED_PER_TICK = 200;

export interface RunningLiveness extends Liveness {
  stop(): void;
}

/**
 * Takes the liveness duty, which gives every lease and host its full time again, since what was heard before is not
 * known here. Those that are not heard of are ended by a command that names this tenure, so a process that lost the
 * duty ends none. Time in which this process did not run does not count.
 */
export const startLiveness = async (engine: Engine, holder: string): Promise<RunningLiveness> => {
  const now = (): number => performance.now();
  const acquired = await engine.submit({ kind: 'duty.acquire', id: 'liveness', body: { holder }, ...bySystem });
  const holderPosition = acquired.position;
  const leases = pulsesOf(
    engine,
    {
      kind: leaseKind,
      events: ['lease.granted', 'lease.revoked', 'lease.expired'],
      life: ({ state, createPosition }) => ({ ttlSeconds: state.ttlSeconds, tenure: createPosition }),
      end: (id) => ({ kind: 'lease.expire', id, body: { holderPosition } }),
    },
    now,
  );
  const hosts = pulsesOf(
    engine,
    {
      kind: hostKind,
      events: ['host.joined', 'host.updated', 'host.lost', 'host.deleted'],
      life: ({ state }) =>
        state.phase === 'up' ? { ttlSeconds: ttlSecondsOf(state), tenure: state.epoch } : undefined,
      end: (id, epoch) => ({ kind: 'host.lose', id, body: { epoch, holderPosition } }),
    },
    now,
  );
  const both = [leases, hosts];
  let tickedMs = now();
  const tick = (): void => {
    const awayMs = now() - tickedMs;
    tickedMs += awayMs;
    if (awayMs > AWAY_MS) for (const each of both) each.extend(awayMs);
    for (const each of both) each.sweep(ENDED_PER_TICK);
  };
  const timer = setInterval(tick, TICK_MS);
  return {
    renew: (lease) => leases.hear(lease),
    remainingSeconds: (lease) => leases.remainingSeconds(lease),
    hear: (host, epoch) => hosts.hear(host, epoch),
    stop: () => {
      clearInterval(timer);
      for (const each of both) each.stop();
    },
  };
};
