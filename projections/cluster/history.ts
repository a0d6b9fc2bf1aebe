import { histories } from '#commands/cluster/cluster';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { historyKind } from '#aggregates/history';
import type { View } from '#projections/view';

export const historyView: View<{ readonly position: number }, TypeOf<(typeof histories)['row']>> = {
  spec: histories,
  kind: historyKind,
  row: (fact) => ({ id: fact.id as Id<'history'>, position: fact.state.position }),
};
