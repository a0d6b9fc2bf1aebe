import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { logins } from '#commands/iam/login';
import { loginKind, type Login } from '#aggregates/iam/login';
import type { View } from '#projections/view';

export const loginView: View<Login, TypeOf<(typeof logins)['row']>> = {
  spec: logins,
  kind: loginKind,
  row: ({ id, state: { flow, client, scope, status, principal, expiresMs } }) => ({
    // Ids of a state were let through by codecs.
    id: id as Id<'login'>,
    flow,
    client,
    scope,
    status,
    ...(principal === undefined ? {} : { principal }),
    expiresAt: expiresMs,
  }),
};
