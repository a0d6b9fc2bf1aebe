import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  createPriceList,
  deletePriceList,
  PriceListSet,
  PriceListUsed,
  updatePriceList,
  usePriceList,
  type PriceListCommand,
} from '#commands/creditservice/price-list';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { currentPrices, listsByUse, nextTurnOfUse, priceListKind, type PriceList } from '#aggregates/metering';
import { orderedKey } from '#aggregates/ordered-key';
import { same } from '#aggregates/same';

type Priced = TypeOf<typeof PriceListSet>;
type Empty = Readonly<Record<string, never>>;

export type PriceListEvent =
  | { readonly kind: 'price-list.created'; readonly body: Priced }
  | { readonly kind: 'price-list.updated'; readonly body: Priced }
  | { readonly kind: 'price-list.used'; readonly body: TypeOf<typeof PriceListUsed> }
  | { readonly kind: 'price-list.deleted'; readonly body: Empty };

const rejections = {
  'price-list.absent': {
    category: 'absent',
    summary: 'There is no such price list.',
    fix: 'List the price lists to see what there is.',
  },
  'price-list.exists': {
    category: 'conflict',
    summary: 'A price list of this name exists with other prices.',
    fix: 'Choose another name, such as one with a date, or update it.',
  },
  'price-list.inUse': {
    category: 'conflict',
    summary: 'The price list is in use.',
    fix: 'Use another one first; an empty one makes everything free.',
  },
} as const;

export const priceList: Aggregate<PriceList, PriceListCommand, PriceListEvent, keyof typeof rejections> = {
  kind: priceListKind,
  summary: 'What an hour of each meter costs.',
  commands: [createPriceList, updatePriceList, usePriceList, deletePriceList],
  events: {
    'price-list.created': PriceListSet,
    'price-list.updated': PriceListSet,
    'price-list.used': PriceListUsed,
    'price-list.deleted': object({}),
  },
  rejections,
  indexes: { [listsByUse]: ({ turn }) => (turn === undefined ? [] : [orderedKey(turn)]) },

  decide(state, command, facts) {
    if (command.kind === 'price-list.create') {
      if (state === undefined) return accept({ kind: 'price-list.created', body: command.body });
      return same(state.prices, command.body) ? accept() : reject('price-list.exists');
    }
    if (state === undefined) return reject('price-list.absent');
    const isCurrent = currentPrices(facts).priceList === command.id;
    switch (command.kind) {
      case 'price-list.update':
        return same({ ...state.prices, ...command.body }, state.prices)
          ? accept()
          : accept({ kind: 'price-list.updated', body: command.body });
      case 'price-list.use':
        return isCurrent ? accept() : accept({ kind: 'price-list.used', body: { turn: nextTurnOfUse(facts) } });
      case 'price-list.delete':
        return isCurrent ? reject('price-list.inUse') : accept({ kind: 'price-list.deleted', body: {} });
    }
  },

  evolve(state, event) {
    if (event.kind === 'price-list.created') return { prices: event.body };
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'price-list.updated':
        return { ...state, prices: { ...state.prices, ...event.body } };
      case 'price-list.used':
        return { ...state, turn: event.body.turn };
      case 'price-list.deleted':
        return undefined;
    }
  },
};
