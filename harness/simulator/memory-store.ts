import { genesis, type Head } from '#log/decide';
import type { Store } from '#log/lmdb-rows';
import { Overlay } from '#log/overlay';
import { noRows } from '#harness/facts';

/** A disk that outlives the processes which write to it. */
export interface SimulatedDisk {
  readonly rows: Overlay;
  head: Head;
}

export const emptyDisk = (): SimulatedDisk => ({ rows: new Overlay(noRows), head: genesis });

const absent = (): Promise<never> => Promise.reject(new Error('a simulated store has no snapshots'));

/** The store of one process. A commit is all there or not at all after `pause`, and not at all once `alive` says no. */
export const memoryStore = (disk: SimulatedDisk, pause: () => Promise<void>, alive: () => boolean): Store => ({
  get head() {
    return disk.head;
  },
  get: (table, key) => disk.rows.get(table, key),
  range: (table, range) => disk.rows.range(table, range),
  commit: async (changes, head) => {
    await pause();
    if (!alive()) return new Promise(() => undefined);
    disk.rows.absorb(changes);
    disk.head = head;
    return undefined;
  },
  hold: () => undefined,
  snapshot: absent,
  load: absent,
  prune: async (table, keys) => {
    for (const key of keys) disk.rows.delete(table, key);
  },
  close: async () => undefined,
});
