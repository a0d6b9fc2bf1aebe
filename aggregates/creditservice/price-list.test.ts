import type { Id } from '#commands/codec/scalar';
import { priceList, type PriceListEvent } from '#aggregates/creditservice/price-list';
import { currentPrices } from '#aggregates/metering';
import { decisions } from '#harness/decisions';
import { factsHolding, held } from '#harness/facts';

const id = 'standard' as Id<'price-list'>;
const create = (vcpuHour: number) => ({ kind: 'price-list.create' as const, id, body: { vcpuHour } });
const update = (body: { readonly vcpuHour?: number; readonly diskGibHour?: number }) => ({
  kind: 'price-list.update' as const,
  id,
  body,
});
const use = { kind: 'price-list.use' as const, id, body: {} };
const remove = { kind: 'price-list.delete' as const, id, body: {} };

const created: PriceListEvent = { kind: 'price-list.created', body: { vcpuHour: 10 } };
const updated: PriceListEvent = { kind: 'price-list.updated', body: { diskGibHour: 1 } };
const used = (turn: number): PriceListEvent => ({ kind: 'price-list.used', body: { turn } });
const deleted: PriceListEvent = { kind: 'price-list.deleted', body: {} };

const other = (turn: number) => held(priceList, 'other', { prices: {}, turn });

decisions(priceList, [
  ['is created', [], create(10), [created]],
  ['takes the same again as done', [created], create(10), []],
  ['refuses the same name for other prices', [created], create(11), 'price-list.exists'],
  ['is updated, and keeps what is left out', [created], update({ diskGibHour: 1 }), [updated]],
  ['takes the same prices again as done', [created, updated], update({ vcpuHour: 10 }), []],
  ['refuses to update what is not there', [], update({}), 'price-list.absent'],
  ['comes into use', [created], use, [used(1)]],
  ['comes into use after another', [created], use, [used(6)], { facts: [other(5)] }],
  ['is in use already', [created, used(6)], use, [], { facts: [other(5)] }],
  ['comes into use again', [created, used(4)], use, [used(6)], { facts: [other(5)] }],
  ['is deleted', [created], remove, [deleted]],
  ['is deleted when another came into use', [created, used(4)], remove, [deleted], { facts: [other(5)] }],
  ['stays while it is in use', [created, used(6)], remove, 'price-list.inUse', { facts: [other(5)] }],
]);

test('without a list in use everything is free', () => {
  expect(currentPrices(factsHolding([]))).toEqual({ prices: {} });
  const unused = held(priceList, 'standard', { prices: { vcpuHour: 1 } });
  expect(currentPrices(factsHolding([unused]))).toEqual({ prices: {} });
  const inUse = held(priceList, 'dear', { prices: { vcpuHour: 2 }, turn: 12 });
  expect(currentPrices(factsHolding([unused, inUse, other(9)]))).toEqual({
    priceList: 'dear',
    prices: { vcpuHour: 2 },
  });
});
