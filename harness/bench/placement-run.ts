import type { Facts } from '#aggregates/facts';
import { hostKind } from '#aggregates/host';
import { hostLoad, type Hold } from '#aggregates/plasmavmc/host-load';
import { place, type Wish } from '#aggregates/plasmavmc/placement';
import { inNewDirectory } from '#harness/bench/engine-node';
import { held } from '#harness/facts';
import { hostFacts, loadOf, wishFor } from '#harness/fleet';
import { genesis } from '#log/decide';
import { factsOf } from '#log/facts';
import { indexKey, stateKey } from '#log/key';
import { openStore } from '#log/lmdb-rows';
import { Overlay } from '#log/overlay';

/** Machines on hosts, as they are on disk. */
export interface PlacementRun {
  readonly directory: string;
  readonly hosts: number;
  readonly machinesPerHost: number;
  readonly seconds: number;
}

const GiB = 2 ** 30;
const web = 'shop role=web';

/** Sizes and loads that differ, so that many cells of the index are used. */
const holdsOf = (at: number, count: number): Readonly<Record<string, Hold>> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, machine) => {
      const memoryBytes = (1 + ((at * 7 + machine * 3) % 4)) * GiB;
      const groups = machine % 10 === 0 ? [web] : [];
      return [`vm/shop/v${at}-${machine}`, { cpuCount: 1 + (at % 3), memoryBytes, diskBytes: 20 * GiB, groups }];
    }),
  );

const fill = (rows: Overlay, { hosts, machinesPerHost }: PlacementRun): void => {
  const totals = new Map<string, number>();
  const add = (name: string, key: string, amount: number): void => {
    const row = `${name}\0${key}`;
    totals.set(row, (totals.get(row) ?? 0) + amount);
  };
  for (let at = 0; at < hosts; at++) {
    const host = hostFacts({
      capacity: { cpuCount: 32 + (at % 4) * 16, memoryBytes: (96 + (at % 9) * 16) * GiB, diskBytes: 2_000 * GiB },
      labels: { zone: `z${at % 3}`, rack: `r${at % 50}` },
    });
    const load = held(hostLoad, `n${at}`, loadOf(host, holdsOf(at, machinesPerHost)));
    for (const { noun, id, versioned, indexRows, amounts } of [held({ kind: hostKind }, `n${at}`, host), load]) {
      rows.set('state', stateKey(noun, id), versioned);
      for (const [name, key] of indexRows) {
        rows.set('index', indexKey(name, key, id), true);
        add(name, key, 1);
      }
      for (const [name, key, amount] of amounts) add(name, key, amount);
    }
  }
  for (const [row, total] of totals) rows.set('count', row, total);
};

const wishes: readonly Wish[] = [
  wishFor(),
  wishFor({ need: { cpuCount: 8, memoryBytes: 32 * GiB, diskBytes: 200 * GiB } }),
  wishFor({ hostLabels: { zone: 'z1' }, accelerator: 'kvm' }),
  wishFor({ rules: [{ group: web, relation: 'apart', domain: 'rack', strength: 'prefer' }] }),
];

const measure = (facts: Facts, seconds: number): number => {
  let decided = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  while (performance.now() < until) {
    for (const wish of wishes) {
      if (place(facts, wish).host === undefined) throw new Error('no host was found');
      decided++;
    }
  }
  return ((performance.now() - startedAt) * 1_000) / decided;
};

/** Microseconds of one choice of a host, read from the rows on disk. */
export const placements = (run: PlacementRun): Promise<number> =>
  inNewDirectory(run.directory, async (directory) => {
    const store = await openStore(directory, { noSync: true });
    try {
      const rows = new Overlay(store);
      fill(rows, run);
      await store.commit(rows, { ...genesis, position: 1 });
      const facts = factsOf(store);
      measure(facts, run.seconds / 4);
      return measure(facts, run.seconds);
    } finally {
      await store.close();
    }
  });
