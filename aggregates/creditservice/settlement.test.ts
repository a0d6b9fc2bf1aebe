import {
  grows,
  reservedFrom,
  segmentFrom,
  settlementsOfHours,
  settlementsUntil,
} from '#aggregates/creditservice/settlement';
import { hourMs, type Usage } from '#aggregates/metering';
import { factsHolding } from '#harness/facts';

const dayMs = 24 * hourMs;
const usage: Usage = {
  ...{ project: 'shop', phase: 'funded', fromMs: 0, quantities: { vcpus: 2 }, prices: { vcpuHour: 10 } },
  ...{ paidUntilMs: 0, heldUntilMs: hourMs },
};
const facts = factsHolding([]);

test('an hour is reserved, or a day of what is free', () => {
  expect(reservedFrom(usage, 5)).toEqual({ held: 20, heldUntilMs: 5 + hourMs });
  expect(reservedFrom({ ...usage, prices: {} }, 5)).toEqual({ held: 0, heldUntilMs: 5 + dayMs });
});

test('what is due is all hours that are over, or else the one that is reserved', () => {
  expect(settlementsOfHours(usage, 3.5 * hourMs)).toEqual([
    { atMs: 3 * hourMs, amount: 60 },
    { atMs: hourMs, amount: 20 },
  ]);
});

test('what ends is paid up to now, or else up to where it is reserved', () => {
  expect(settlementsUntil(usage, 1.5 * hourMs)).toEqual([
    { atMs: 1.5 * hourMs, amount: 30 },
    { atMs: hourMs, amount: 20 },
  ]);
  expect(settlementsUntil({ ...usage, phase: 'lapsed' }, 9 * dayMs)).toEqual([{ atMs: 0, amount: 0 }]);
});

test('a segment ends when its prices change, and when it is thirty days old', () => {
  const free = { ...usage, prices: {} };
  expect(segmentFrom(free, hourMs, facts).fromMs).toBe(0);
  expect(segmentFrom(usage, hourMs, facts)).toEqual({ fromMs: hourMs, quantities: { vcpus: 2 }, prices: {} });
  expect(segmentFrom(free, 30 * dayMs, facts).fromMs).toBe(30 * dayMs);
});

test('something grows when there is more of any of it', () => {
  expect(grows({ vcpus: 2, diskBytes: 5 }, { vcpus: 1, diskBytes: 6 })).toBe(true);
  expect(grows({ vcpus: 2 }, { vcpus: 2, diskBytes: 1 })).toBe(true);
  expect(grows({ vcpus: 2, diskBytes: 5 }, { vcpus: 2 })).toBe(false);
});
