import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { subnets } from '#commands/prismnet/subnet';
import { indexes, subnetKind, type Subnet } from '#aggregates/prismnet/network';
import type { View } from '#projections/view';

export const subnetView: View<Subnet, TypeOf<(typeof subnets)['row']>> = {
  spec: subnets,
  kind: subnetKind,
  row: ({ id, state, createPosition, modPosition }, facts) => ({
    // A subnet that exists was created under an id that the command's codec let through.
    id: id as Id<'subnet'>,
    ...state,
    ports: facts.count(indexes.portsBySubnet, id),
    createPosition,
    modPosition,
  }),
};
