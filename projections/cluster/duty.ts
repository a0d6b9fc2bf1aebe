import { duties } from '#commands/cluster/cluster';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { dutyKind, type Duty } from '#aggregates/duty';
import type { View } from '#projections/view';

export const dutyView: View<Duty, TypeOf<(typeof duties)['row']>> = {
  spec: duties,
  kind: dutyKind,
  row: ({ id, state, modPosition }) => ({ id: id as Id<'duty'>, ...state, modPosition }),
};
