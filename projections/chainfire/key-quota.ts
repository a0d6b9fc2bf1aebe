import { keyQuotas } from '#commands/chainfire/key-quota';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { keyBytes, keyQuotaKind, type KeyQuota } from '#aggregates/chainfire/key-quota';
import type { View } from '#projections/view';

export const keyQuotaView: View<KeyQuota, TypeOf<(typeof keyQuotas)['row']>> = {
  spec: keyQuotas,
  kind: keyQuotaKind,
  row: ({ id, state: { maxBytes, exceeded }, modPosition }, facts) => ({
    // A quota that exists was set under an id that the command's codec let through.
    id: id as Id<'key-quota'>,
    maxBytes,
    bytes: facts.sum(keyBytes, ''),
    exceeded,
    modPosition,
  }),
};
