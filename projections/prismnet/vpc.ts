import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { vpcs } from '#commands/prismnet/vpc';
import { vpcKind, type Vpc } from '#aggregates/prismnet/network';
import type { View } from '#projections/view';

export const vpcView: View<Vpc, TypeOf<(typeof vpcs)['row']>> = {
  spec: vpcs,
  kind: vpcKind,
  row: ({ id, state, createPosition, modPosition }) => ({
    // A VPC that exists was created under an id that the command's codec let through.
    id: id as Id<'vpc'>,
    ...state,
    createPosition,
    modPosition,
  }),
};
