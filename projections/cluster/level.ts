import { levels } from '#commands/cluster/cluster';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { levelKind, type Level } from '#aggregates/cluster/level';
import type { View } from '#projections/view';

export const levelView: View<Level, TypeOf<(typeof levels)['row']>> = {
  spec: levels,
  kind: levelKind,
  row: ({ id, state }) => ({ id: id as Id<'level'>, ...state }),
};
