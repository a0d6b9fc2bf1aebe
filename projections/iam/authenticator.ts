import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { authenticators } from '#commands/iam/authenticator';
import { authenticatorKind, type Authenticator } from '#aggregates/iam/authenticator';
import type { View } from '#projections/view';

export const authenticatorView: View<Authenticator, TypeOf<(typeof authenticators)['row']>> = {
  spec: authenticators,
  kind: authenticatorKind,
  row: ({ id, state: { password, passwordMs, totpConfirmed, failures, lockedUntilMs } }) => ({
    // Ids of a state were let through by codecs.
    id: id as Id<'authenticator'>,
    password: password !== undefined,
    ...(passwordMs === undefined ? {} : { passwordAt: passwordMs }),
    totp: totpConfirmed,
    failures,
    ...(lockedUntilMs === 0 ? {} : { lockedUntil: lockedUntilMs }),
  }),
};
