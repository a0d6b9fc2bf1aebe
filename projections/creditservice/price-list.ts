import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { priceLists } from '#commands/creditservice/price-list';
import { currentPrices, priceListKind, type PriceList } from '#aggregates/metering';
import type { View } from '#projections/view';

export const priceListView: View<PriceList, TypeOf<(typeof priceLists)['row']>> = {
  spec: priceLists,
  kind: priceListKind,
  row: ({ id, state: { prices }, modPosition }, facts) => ({
    // A price list that exists was created under an id that the command's codec let through.
    id: id as Id<'price-list'>,
    current: currentPrices(facts).priceList === id,
    prices,
    modPosition,
  }),
};
