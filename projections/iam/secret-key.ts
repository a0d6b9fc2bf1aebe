import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { secretKeys } from '#commands/iam/secret-key';
import { secretKeyKind, type SecretKey } from '#aggregates/iam/secret-key';
import type { View } from '#projections/view';

export const secretKeyView: View<SecretKey, TypeOf<(typeof secretKeys)['row']>> = {
  spec: secretKeys,
  kind: secretKeyKind,
  row: ({ id, state: { keys }, modPosition }) => {
    const newest = keys.findLast(({ forgottenAt }) => forgottenAt === undefined);
    return {
      // A subject that exists was added under an id that the command's codec let through.
      id: id as Id<'secret-key'>,
      ...(newest === undefined ? {} : { newest: newest.key }),
      keys,
      modPosition,
    };
  },
};
