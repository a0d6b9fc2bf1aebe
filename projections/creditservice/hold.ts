import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { holds } from '#commands/creditservice/hold';
import { holdKind, type Hold } from '#aggregates/creditservice/hold';
import type { View } from '#projections/view';

export const holdView: View<Hold, TypeOf<(typeof holds)['row']>> = {
  spec: holds,
  kind: holdKind,
  // A hold that exists was reserved under an id that the command's codec let through.
  row: ({ id, state, createPosition }) => ({ id: id as Id<'hold'>, ...state, createPosition }),
};
