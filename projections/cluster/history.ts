import { histories } from '#commands/cluster/cluster';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { historyKind, type History } from '#aggregates/history';
import type { View } from '#projections/view';

export const historyView: View<History, TypeOf<(typeof histories)['row']>> = {
  spec: histories,
  kind: historyKind,
  row: (fact) => ({ id: fact.id as Id<'history'>, ...fact.state }),
};
