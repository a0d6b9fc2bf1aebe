import { quotas } from '#commands/chainfire/quota';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { keyBytes, quotaKind, type Quota } from '#aggregates/chainfire/quota';
import type { View } from '#projections/view';

export const quotaView: View<Quota, TypeOf<(typeof quotas)['row']>> = {
  spec: quotas,
  kind: quotaKind,
  row: ({ id, state: { maxBytes, exceeded }, modPosition }, facts) => ({
    // A quota that exists was set under an id that the command's codec let through.
    id: id as Id<'quota'>,
    maxBytes,
    bytes: facts.sum(keyBytes, ''),
    exceeded,
    modPosition,
  }),
};
