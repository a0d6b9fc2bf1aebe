import { object } from '#commands/codec/object';
import { boolean, id, integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { priceProps } from '#commands/meters';
import { view } from '#commands/view';

export const PriceListId = id('price-list', { example: 'standard' });

export const createPriceList = command('price-list', 'create', {
  summary: 'Create a price list: micro-credits for one unit and hour of each meter. What is left out is free.',
  id: PriceListId,
  body: priceProps,
  examples: [
    {
      title: 'A hundredth of a credit for a processor, half of that for a gibibyte of memory.',
      id: 'standard',
      body: { vcpuHour: 10_000, memoryGibHour: 5_000, diskGibHour: 100 },
    },
  ],
});

export const updatePriceList = command('price-list', 'update', {
  summary: 'Change prices; what is left out stays. What is in use is charged by them from its next hour on.',
  id: PriceListId,
  body: priceProps,
  examples: [{ title: 'Dearer processors.', id: 'standard', body: { vcpuHour: 12_000 } }],
});

export const usePriceList = command('price-list', 'use', {
  summary: 'Charge by this price list: what begins from now on, and what is there from its next hour on.',
  id: PriceListId,
  body: {},
  examples: [{ title: 'Prices for everybody.', id: 'standard', body: {} }],
});

export const deletePriceList = command('price-list', 'delete', {
  summary: 'Delete a price list that is not in use. What was charged by it stays as it was charged.',
  id: PriceListId,
  body: {},
});

export const PriceListSet = object(priceProps);

export const PriceListUsed = object({
  turn: integer('turn', { summary: 'Which of all lists that came into use it is.', unit: 'count', min: 1 }),
});

export type PriceListCommand = CommandOf<
  typeof createPriceList | typeof updatePriceList | typeof usePriceList | typeof deletePriceList
>;

export const priceLists = view('price-list', {
  summary: 'Price lists, in micro-credits for one unit and hour. Without one in use everything is free.',
  id: PriceListId,
  row: object({
    id: PriceListId,
    current: boolean('current', { summary: 'Whether it is in use.' }),
    prices: PriceListSet,
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'PRICE LIST', path: 'id' },
    { title: 'IN USE', path: 'current' },
    { title: 'VCPU µ', path: 'prices.vcpuHour' },
    { title: 'MEMORY GIB µ', path: 'prices.memoryGibHour' },
    { title: 'DISK GIB µ', path: 'prices.diskGibHour' },
    { title: 'FLOATING IP µ', path: 'prices.floatingIpHour' },
    { title: 'NAT GATEWAY µ', path: 'prices.natGatewayHour', wide: true },
    { title: 'IMAGE GIB µ', path: 'prices.imageGibHour', wide: true },
    { title: 'SNAPSHOT GIB µ', path: 'prices.snapshotGibHour', wide: true },
  ],
});
