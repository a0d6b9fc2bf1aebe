import { left } from 'fp-ts/lib/Either';
import { billOf, type BillQuery } from '#aggregates/bill';
import { hourMs, priceListKind, recordsByEnd, timeKey, usageKind, usageRecordKind } from '#aggregates/metering';
import type { UsageRecord } from '#aggregates/metering';
import { projectKind } from '#aggregates/owners';
import { factsHolding, held } from '#harness/facts';

const gibibyte = 2 ** 30;
const records = {
  kind: usageRecordKind,
  indexes: { [recordsByEnd]: ({ project, toMs }: UsageRecord) => [timeKey(project, toMs)] },
};
const priced = { priceList: 'standard', prices: { vcpuHour: 100, memoryGibHour: 10 } };
const quantities = { vcpus: 2, memoryBytes: gibibyte / 2 };
const record = (fromHours: number, toHours: number, project = 'shop'): UsageRecord => ({
  ...{ project, fromMs: fromHours * hourMs, toMs: toHours * hourMs, quantities },
  ...priced,
});

const facts = factsHolding([
  held({ kind: projectKind }, 'shop', { organisation: 'acme' }, { createPosition: 5 }),
  held(records, 'shop/vm/web1/0', record(0, 10), { createPosition: 6 }),
  held(records, 'shop/vm/web1/1', record(20, 30), { createPosition: 7 }),
  held(records, 'shop/vm/former/0', record(0, 10), { createPosition: 4 }),
  held(records, 'shop-2/vm/web1/0', record(0, 10, 'shop-2'), { createPosition: 8 }),
  held({ kind: usageKind }, 'shop/disk/data', {
    ...{ project: 'shop', phase: 'funded' as const, fromMs: 0, quantities: { diskBytes: 3 * gibibyte }, prices: {} },
    ...{ paidUntilMs: 0, heldUntilMs: 24 * hourMs },
  }),
  held({ kind: usageKind }, 'shop/vm/web2', {
    ...{ project: 'shop', phase: 'funded' as const, fromMs: 28 * hourMs, quantities: { vcpus: 1 } },
    ...{ ...priced, paidUntilMs: 29 * hourMs, heldUntilMs: 30 * hourMs },
  }),
  held({ kind: priceListKind }, 'dear', { prices: { vcpuHour: 1_000, diskGibHour: 1 } }),
]);

const bill = (more: Partial<BillQuery> = {}) =>
  billOf(facts, { project: 'shop', fromMs: 0, toMs: 100 * hourMs, nowMs: 29.5 * hourMs, ...more });

const line = (object: string, meter: string, unitHours: number, price: number, amount: number, priceList?: string) => ({
  ...{ object, meter, milliUnitHours: unitHours * 1_000, priceMicroCredits: price, amountMicroCredits: amount },
  ...(priceList === undefined ? {} : { priceList }),
});

test('a bill has a line for each object and meter, and what runs is counted up to now', () => {
  expect(bill()).toMatchObject({
    right: {
      lines: [
        line('disk/data', 'diskGibHour', 72, 0, 0),
        line('vm/web1', 'vcpuHour', 40, 100, 4_000, 'standard'),
        line('vm/web1', 'memoryGibHour', 10, 10, 100, 'standard'),
        line('vm/web2', 'vcpuHour', 1.5, 100, 150, 'standard'),
      ],
      totalMicroCredits: 4_250,
      runningMicroCredits: 50,
      priceLists: ['standard'],
    },
  });
});

test('only what was used in its time is on it', () => {
  expect(bill({ fromMs: 5 * hourMs, toMs: 21 * hourMs })).toMatchObject({
    right: {
      lines: [
        line('disk/data', 'diskGibHour', 48, 0, 0),
        line('vm/web1', 'vcpuHour', 12, 100, 1_200, 'standard'),
        line('vm/web1', 'memoryGibHour', 3, 10, 30, 'standard'),
      ],
      runningMicroCredits: 0,
    },
  });
  expect(bill({ fromMs: 40 * hourMs })).toMatchObject({ right: { lines: [], totalMicroCredits: 0 } });
});

test('another price list computes all of it anew', () => {
  expect(bill({ prices: 'dear' })).toMatchObject({
    right: {
      lines: [
        line('disk/data', 'diskGibHour', 72, 1, 72, 'dear'),
        line('vm/web1', 'vcpuHour', 40, 1_000, 40_000, 'dear'),
        line('vm/web1', 'memoryGibHour', 10, 0, 0, 'dear'),
        line('vm/web2', 'vcpuHour', 1.5, 1_000, 1_500, 'dear'),
      ],
      totalMicroCredits: 41_572,
      priceLists: ['dear'],
    },
  });
});

test('there is none of what is not there', () => {
  expect(bill({ project: 'none' })).toEqual(left({ code: 'project.absent', detail: { project: 'none' } }));
  expect(bill({ prices: 'none' })).toEqual(left({ code: 'bill.pricesAbsent', detail: { priceList: 'none' } }));
});

test('what cannot be written down exactly is refused', () => {
  const most = factsHolding([
    held({ kind: projectKind }, 'shop', { organisation: 'acme' }),
    held(records, 'shop/vm/web1/0', {
      ...{ project: 'shop', fromMs: 0, toMs: 60 * 24 * hourMs, quantities: { vcpus: 2 ** 20 } },
      prices: { vcpuHour: 1_000_000_000 },
    }),
  ]);
  const asked = { project: 'shop', fromMs: 0, toMs: 100 * 24 * hourMs, nowMs: 0 };
  expect(billOf(most, asked)).toMatchObject({ left: { code: 'bill.tooLong' } });
  expect(billOf(most, { ...asked, toMs: hourMs })).toMatchObject({ right: { totalMicroCredits: 2 ** 20 * 1e9 } });
});
