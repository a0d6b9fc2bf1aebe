import type { Id } from '#commands/codec/scalar';
import { usageRecord, type UsageRecordEvent } from '#aggregates/creditservice/usage-record';
import { decisions } from '#harness/decisions';

const id = 'shop/vm/web1/0' as Id<'usage-record'>;
const segment = {
  ...{ project: 'shop' as Id<'project'>, from: 0, to: 3_600_000 },
  ...{ quantities: { vcpus: 2 }, priceList: 'standard' as Id<'price-list'>, prices: { vcpuHour: 10 } },
};
const keep = { kind: 'usage-record.keep' as const, id, body: { segment } };
const drop = { kind: 'usage-record.drop' as const, id, body: {} };
const kept: UsageRecordEvent = { kind: 'usage-record.kept', body: { segment } };
const dropped: UsageRecordEvent = { kind: 'usage-record.dropped', body: {} };

decisions(usageRecord, [
  ['is kept', [], keep, [kept]],
  ['is kept once', [kept], keep, []],
  ['is forgotten', [kept], drop, [dropped]],
  ['has nothing to forget twice', [kept, dropped], drop, []],
]);

test('it is kept for 400 days', () => {
  const moment = { position: 1, now: 0, level: 1, principal: '', credential: '', address: '' };
  const state = usageRecord.evolve(undefined, kept, moment);
  expect(state === undefined ? undefined : usageRecord.due?.(state)).toBe(400 * 86_400_000 + 3_600_000);
});
