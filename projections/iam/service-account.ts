import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { serviceAccounts } from '#commands/iam/service-account';
import { serviceAccountKind, type ServiceAccount } from '#aggregates/iam/service-account';
import type { View } from '#projections/view';

export const serviceAccountView: View<ServiceAccount, TypeOf<(typeof serviceAccounts)['row']>> = {
  spec: serviceAccounts,
  kind: serviceAccountKind,
  row: ({ id, state: { project: _owner, ...shown }, createPosition, modPosition }) => ({
    // A service account that exists was created under an id that the command's codec let through.
    id: id as Id<'service-account'>,
    ...shown,
    createPosition,
    modPosition,
  }),
};
