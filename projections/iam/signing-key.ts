import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { signingKeys } from '#commands/iam/signing-key';
import { signingKeyKind, type SigningKeys } from '#aggregates/iam/signing-key';
import type { View } from '#projections/view';

export const signingKeyView: View<SigningKeys, TypeOf<(typeof signingKeys)['row']>> = {
  spec: signingKeys,
  kind: signingKeyKind,
  row: ({ id, state: { keys, rotationRequested } }) => ({
    // Ids of a state were let through by codecs.
    id: id as Id<'signing-key'>,
    current: keys[0]?.keyId ?? '',
    rotationRequested,
    keys: keys.map(({ keyId, publicKey, addedMs, formerMs }) => ({
      keyId,
      publicKey,
      addedAt: addedMs,
      ...(formerMs === undefined ? {} : { formerAt: formerMs }),
    })),
  }),
};
