import * as fc from 'fast-check';
import type { Resources } from '#aggregates/host';
import { bounds, findCandidates, hasRoom } from '#aggregates/plasmavmc/candidates';
import { cellOf } from '#aggregates/plasmavmc/room';
import { factsHolding } from '#harness/facts';
import { counting, heldHost, hostFacts } from '#harness/fleet';

const GiB = 2 ** 30;

const resources: fc.Arbitrary<Resources> = fc.record({
  cpuCount: fc.nat(40),
  memoryBytes: fc.nat(64).map((count) => count * GiB),
  diskBytes: fc.nat(64).map((count) => count * GiB),
});

const factsOf = (all: readonly Resources[]) =>
  factsHolding(
    all.flatMap(({ cpuCount, ...capacity }, at) =>
      heldHost(
        `n${at}`,
        hostFacts({
          capacity: { cpuCount, ...capacity },
          overcommit: { cpuPercent: 100, memoryPercent: 100, diskPercent: 100 },
        }),
      ),
    ),
  );

test('every host with room is found, while there are few', () => {
  fc.assert(
    fc.property(fc.array(resources, { maxLength: bounds.perCell }), resources, (all, need) => {
      const found = findCandidates(factsOf(all), '', need, () => undefined);
      const ids = all.flatMap((free, at) => (hasRoom(free, need) ? [`n${at}`] : []));
      expect(found.candidates.map(({ id }) => id).sort()).toEqual(ids.sort());
      expect(found.whole).toBe(true);
    }),
  );
});

test('of many, some of each cell are found, and the roomiest first', () => {
  fc.assert(
    fc.property(fc.array(resources, { minLength: 100, maxLength: 150 }), resources, (all, need) => {
      const { candidates, whole } = findCandidates(factsOf(all), '', need, () => undefined);
      const fit = all.filter((free) => hasRoom(free, need));
      expect(candidates.length).toBeLessThanOrEqual(bounds.candidates);
      expect(candidates.every(({ free }) => hasRoom(free, need))).toBe(true);
      expect(candidates.length > 0).toBe(fit.length > 0);
      if (whole) expect(candidates.length).toBe(fit.length);
      const cells = (some: readonly Resources[]) => [...new Set(some.map((free) => cellOf(free).join('')))].sort();
      if (candidates.length < bounds.candidates) expect(cells(candidates.map(({ free }) => free))).toEqual(cells(fit));
      const memory = candidates.map(({ free }) => 32 - Math.clz32(free.memoryBytes / 2 ** 20));
      expect(memory).toEqual(memory.toSorted((a, b) => b - a));
    }),
  );
});

test('what is refused is counted by its reason, and looking ends at a bound', () => {
  const all = Array.from({ length: 2_000 }, () => ({ cpuCount: 1, memoryBytes: GiB, diskBytes: GiB }));
  const counted = counting(factsOf(all));
  const found = findCandidates(
    counted.facts,
    '',
    { cpuCount: 1, memoryBytes: 1, diskBytes: 1 },
    () => 'apart' as const,
  );
  expect([...found.refused]).toEqual([['apart', bounds.rows]]);
  expect(found).toMatchObject({ candidates: [], whole: false });
  expect(counted.reads()).toBeLessThan(2 * bounds.rows);
});
