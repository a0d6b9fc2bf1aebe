import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { securityGroups } from '#commands/prismnet/security-group';
import { indexes, securityGroupKind, type SecurityGroup } from '#aggregates/prismnet/network';
import type { View } from '#projections/view';

export const securityGroupView: View<SecurityGroup, TypeOf<(typeof securityGroups)['row']>> = {
  spec: securityGroups,
  kind: securityGroupKind,
  row: ({ id, state, createPosition, modPosition }, facts) => ({
    // A group that exists was created under an id that the command's codec let through.
    id: id as Id<'security-group'>,
    ...state,
    ports: facts.count(indexes.portsByGroup, id),
    createPosition,
    modPosition,
  }),
};
