import { leases } from '#commands/chainfire/lease';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { leaseKind, type Lease } from '#aggregates/chainfire/lease';
import type { View } from '#projections/view';

export const leaseView: View<Lease, TypeOf<(typeof leases)['row']>> = {
  spec: leases,
  kind: leaseKind,
  // A lease that exists was granted under an id that the command's codec let through.
  row: (fact) => ({ id: fact.id as Id<'lease'>, ttlSeconds: fact.state.ttlSeconds, grantedAt: fact.state.grantedMs }),
};
