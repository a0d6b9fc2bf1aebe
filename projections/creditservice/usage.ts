import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { usages } from '#commands/creditservice/usage';
import { hourlyOf, usageKind, type Usage } from '#aggregates/metering';
import type { View } from '#projections/view';

export const usageView: View<Usage, TypeOf<(typeof usages)['row']>> = {
  spec: usages,
  kind: usageKind,
  row: ({ id, state, createPosition, modPosition }) => {
    const { phase, quantities, priceList, prices, paidUntilMs, heldUntilMs, lapsesMs } = state;
    return {
      // Ids of a state were let through by codecs.
      id: id as Id<'usage'>,
      phase,
      quantities,
      hourlyMicroCredits: hourlyOf(quantities, prices),
      ...(priceList === undefined ? {} : { priceList: priceList as Id<'price-list'> }),
      paidUntil: paidUntilMs,
      heldUntil: heldUntilMs,
      ...(lapsesMs === undefined ? {} : { lapsesAt: lapsesMs }),
      createPosition,
      modPosition,
    };
  },
};
