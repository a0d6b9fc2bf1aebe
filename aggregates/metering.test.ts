import * as fc from 'fast-check';
import { meterNames } from '#commands/meters';
import { chargeBetween, hourlyOf, hourMs, meteredBetween, type Segment } from '#aggregates/metering';

const gibibyte = 2 ** 30;

const segments: fc.Arbitrary<Segment> = fc.record({
  fromMs: fc.nat(1_000_000),
  quantities: fc.record({ vcpus: fc.nat(64), memoryBytes: fc.nat(1_000 * gibibyte), floatingIps: fc.nat(3) }),
  prices: fc.record({ vcpuHour: fc.nat(100_000), memoryGibHour: fc.nat(100_000), floatingIpHour: fc.nat(7) }),
});

test('an hour costs quantity times price, by the gibibyte where that is the unit', () => {
  expect(hourlyOf({ vcpus: 2, memoryBytes: gibibyte / 2 }, { vcpuHour: 10, memoryGibHour: 8 })).toBe(24);
  expect(hourlyOf({ vcpus: 2 }, { memoryGibHour: 8 })).toBe(0);
  expect(hourlyOf({ vcpus: 2 }, {})).toBe(0);
});

test('it is rounded down to whole micro-credits once, at the end of what is charged', () => {
  const third = { fromMs: 0, quantities: { vcpus: 1 }, prices: { vcpuHour: 1 } };
  expect([1, 2, 3].map((thirds) => chargeBetween(third, 0, (thirds * hourMs) / 3))).toEqual([0, 0, 1]);
});

test('parts add up to the whole, over however many hours', () => {
  fc.assert(
    fc.property(segments, fc.array(fc.nat(400_000_000), { maxLength: 50 }), (segment, cuts) => {
      const times = [0, ...[...cuts].sort((a, b) => a - b), 400_000_000].map((ms) => segment.fromMs + ms);
      const parts = times.slice(1).map((to, at) => chargeBetween(segment, times[at] ?? 0, to));
      const whole = chargeBetween(segment, segment.fromMs, segment.fromMs + 400_000_000);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(whole);
      // Each meter is within one micro-credit of the exact product.
      for (const meter of meterNames) {
        expect(meteredBetween(segment, meter, segment.fromMs, segment.fromMs)).toBe(0n);
      }
    }),
  );
});

test('a year of hours has no drift: whole hours cost hours times the rate', () => {
  const segment = { fromMs: 7, quantities: { vcpus: 3 }, prices: { vcpuHour: 12_347 } };
  let sum = 0;
  for (let hour = 0; hour < 8_760; hour++) {
    sum += chargeBetween(segment, segment.fromMs + hour * hourMs, segment.fromMs + (hour + 1) * hourMs);
  }
  expect(sum).toBe(8_760 * 3 * 12_347);
});

test('what no number holds exactly is the highest that one does', () => {
  const most = { fromMs: 0, quantities: { vcpus: 2 ** 20 }, prices: { vcpuHour: 1_000_000_000 } };
  expect(chargeBetween(most, 0, hourMs)).toBe(2 ** 20 * 1_000_000_000);
  expect(chargeBetween(most, 0, 100 * hourMs)).toBe(Number.MAX_SAFE_INTEGER);
});
