import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { providers } from '#commands/iam/identity-provider';
import { identityProviderKind, type IdentityProvider } from '#aggregates/iam/identity-provider';
import type { View } from '#projections/view';

export const identityProviderView: View<IdentityProvider, TypeOf<(typeof providers)['row']>> = {
  spec: providers,
  kind: identityProviderKind,
  row: ({ id, state: { secret, ...written }, modPosition }) => ({
    ...written,
    // Ids of a state were let through by codecs.
    id: id as Id<'identity-provider'>,
    secret: secret !== undefined,
    modPosition,
  }),
};
