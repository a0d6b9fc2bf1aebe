import type { AnyCommand } from '#commands/command';
import type { Fact, Kind } from '#aggregates/facts';
import type { Engine } from '#log/engine';
import { bySystem } from '#gateways/server/by-system';

/** Objects that live for as long as they are heard of. */
export interface Mortal<S> {
  readonly kind: Kind<S>;
  /** Kinds of the events after which an object may live otherwise. */
  readonly events: readonly string[];
  /** Undefined: nobody waits for it. */
  readonly life: (fact: Fact<S>) => Life | undefined;
  /** What is sent when it was not heard of in time. */
  readonly end: (id: string, tenure: number) => AnyCommand;
}

interface Life {
  readonly ttlSeconds: number;
  /** Another number: it lives anew. */
  readonly tenure: number;
}

export interface Pulses {
  /** Starts the time of an object again; undefined when it is not waited for, or lives another life. */
  hear(id: string, tenure?: number): { readonly ttlSeconds: number } | undefined;
  /** Seconds until it ends unless it is heard of; undefined when it is not waited for. */
  remainingSeconds(id: string): number | undefined;
  /** Ends those whose time is over, `limit` of them at most; gives how many. */
  sweep(limit: number): number;
  /** Gives everything that much more time, in which nothing could be heard. */
  extend(ms: number): void;
  stop(): void;
}

interface Tracked {
  readonly ttlMs: number;
  readonly tenure: number;
  endsMs: number;
  ending: boolean;
}

/** Hears in memory who is alive; every object has its whole time from the start on. */
export const pulsesOf = <S>(engine: Engine, { kind, events, life, end }: Mortal<S>, now: () => number): Pulses => {
  const tracked = new Map<string, Tracked>();
  const look = (fact: Fact<S>): void => {
    const lives = life(fact);
    if (lives === undefined) {
      tracked.delete(fact.id);
      return;
    }
    const known = tracked.get(fact.id);
    const ttlMs = lives.ttlSeconds * 1_000;
    if (known?.tenure === lives.tenure && known.ttlMs === ttlMs) return;
    tracked.set(fact.id, { ttlMs, tenure: lives.tenure, endsMs: now() + ttlMs, ending: false });
  };
  const concerning = new Set(events);
  const stop = engine.onApplied((batch) => {
    for (const { result } of batch) {
      if (result.status !== 'accepted') continue;
      for (const event of result.events) {
        if (!concerning.has(event.kind)) continue;
        const found = engine.facts.get(kind, event.id);
        if (found === undefined) tracked.delete(event.id);
        else look({ id: event.id, ...found });
      }
    }
  });
  for (const fact of engine.facts.range(kind, { from: '', limit: Infinity })) look(fact);
  return {
    hear: (id, tenure) => {
      const known = tracked.get(id);
      if (known === undefined || known.ending || (tenure !== undefined && known.tenure !== tenure)) return undefined;
      known.endsMs = now() + known.ttlMs;
      return { ttlSeconds: known.ttlMs / 1_000 };
    },
    remainingSeconds: (id) => {
      const known = tracked.get(id);
      return known === undefined ? undefined : Math.max(0, (known.endsMs - now()) / 1_000);
    },
    sweep: (limit) => {
      let ended = 0;
      for (const [id, one] of tracked) {
        if (one.ending || one.endsMs > now()) continue;
        if (ended >= limit) break;
        ended += 1;
        one.ending = true;
        engine.submit({ ...end(id, one.tenure), ...bySystem }).catch(() => (one.ending = false));
      }
      return ended;
    },
    extend: (ms) => {
      for (const one of tracked.values()) one.endsMs += ms;
    },
    stop,
  };
};
