import type { Engine } from '#log/engine';
import { integerOfKey } from '#log/key';
import type { Store } from '#log/lmdb-rows';
import { startRetention } from '#gateways/server/retention';

const KEYS_PER_TURN = 1_000;

/**
 * Compacts what a retention no longer keeps, and deletes versions that a compaction made unreadable, a bounded part per
 * turn. That changes no answer and no snapshot, since both leave such versions out by the floor, so replicas need not
 * do it at the same time.
 */
export const startPruner = (engine: Engine, store: Store): (() => void) => {
  let stopped = false;
  let running = Promise.resolve();
  const prune = async (noun: string, floor: number): Promise<void> => {
    let from = `${noun}\0`;
    while (!stopped) {
      const dead: string[] = [];
      let seen = 0;
      for (const [key] of store.range('version', { from, to: `${noun}\x01` })) {
        from = `${key}\0`;
        if (integerOfKey(key, key.length - 8) <= floor) dead.push(key);
        if (++seen >= KEYS_PER_TURN) break;
      }
      if (dead.length > 0) await store.prune('version', dead);
      if (seen < KEYS_PER_TURN) return;
      await new Promise((done) => setImmediate(done));
    }
  };
  const stopListening = engine.onApplied((batch) => {
    for (const { result } of batch) {
      if (result.status !== 'accepted') continue;
      for (const event of result.events) {
        if (event.kind !== 'history.compacted') continue;
        const { position } = event.body as { readonly position: number };
        // After a flush, so that the versions up to the floor are in the store and none of them comes back.
        running = running
          .then(() => engine.flush())
          .then(() => prune(event.id, position))
          .catch(() => undefined); // The next compaction deletes what this one left.
      }
    }
  });
  const stopRetention = startRetention(engine);
  return () => {
    stopped = true;
    stopRetention();
    stopListening();
  };
};
