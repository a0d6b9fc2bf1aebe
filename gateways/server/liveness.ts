import { kind } from '#aggregates/facts';
import type { Engine } from '#log/engine';
import type { Outcome } from '#log/outcome';
import type { Liveness } from '#gateways/node';
import { bySystem } from '#gateways/server/by-system';

const leaseKind = kind<{ readonly ttlSeconds: number }>('lease');

const TICK_MS = 250;
/** Ticks that are further apart: this process was suspended or starved, and heard no renewals meanwhile. */
const AWAY_MS = 1_000;
/** Expiries submitted per tick; more are due at once only after a pause, and none is urgent. */
const EXPIRED_PER_TICK = 200;

export interface RunningLiveness extends Liveness {
  stop(): void;
}

/**
 * Takes the liveness duty, which gives every lease its full time again, since renewals before are not known here.
 * Leases that are not renewed are ended by a command that names this tenure, so a process that lost the duty ends none.
 * Time in which this process did not run does not count.
 */
export const startLiveness = async (engine: Engine, holder: string): Promise<RunningLiveness> => {
  const leases = new Map<string, { ttlMs: number; endsMs: number; ending: boolean }>();
  const now = (): number => performance.now();
  const track = (id: string, ttlSeconds: number): void => {
    leases.set(id, { ttlMs: ttlSeconds * 1000, endsMs: now() + ttlSeconds * 1000, ending: false });
  };
  const acquired = await engine.submit({
    kind: 'duty.acquire',
    id: 'liveness',
    body: { holder },
    ...bySystem,
  });
  const stopListening = engine.onApplied((batch) => {
    for (const outcome of batch) follow(outcome);
  });
  const follow = ({ result }: Outcome): void => {
    if (result.status !== 'accepted') return;
    for (const event of result.events) {
      if (event.kind === 'lease.granted') track(event.id, (event.body as { ttlSeconds: number }).ttlSeconds);
      else if (event.kind === 'lease.revoked' || event.kind === 'lease.expired') leases.delete(event.id);
    }
  };
  for (const fact of engine.facts.range(leaseKind, { from: '', limit: Infinity }))
    track(fact.id, fact.state.ttlSeconds);

  let tickedMs = now();
  const tick = (): void => {
    const awayMs = now() - tickedMs;
    tickedMs += awayMs;
    if (awayMs > AWAY_MS) for (const lease of leases.values()) lease.endsMs += awayMs;
    let ended = 0;
    for (const [id, lease] of leases) {
      if (lease.ending || lease.endsMs > now()) continue;
      if (++ended > EXPIRED_PER_TICK) return;
      lease.ending = true;
      engine
        .submit({
          kind: 'lease.expire',
          id,
          body: { holderPosition: acquired.position },
          ...bySystem,
        })
        .catch(() => (lease.ending = false));
    }
  };
  const timer = setInterval(tick, TICK_MS);
  return {
    renew: (id) => {
      const lease = leases.get(id);
      if (lease === undefined || lease.ending) return undefined;
      lease.endsMs = now() + lease.ttlMs;
      return { ttlSeconds: lease.ttlMs / 1000 };
    },
    remainingSeconds: (id) => {
      const lease = leases.get(id);
      return lease === undefined ? undefined : Math.max(0, (lease.endsMs - now()) / 1000);
    },
    stop: () => {
      clearInterval(timer);
      stopListening();
    },
  };
};
