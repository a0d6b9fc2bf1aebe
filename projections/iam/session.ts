import { right } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { sessions } from '#commands/iam/session';
import { idleEndOf, sessionKind, sessionsByPrincipal, type Session } from '#aggregates/iam/session';
import { listed } from '#projections/iam/listed';
import { pageOf } from '#projections/selection';
import type { View } from '#projections/view';

export const sessionView: View<Session, TypeOf<(typeof sessions)['row']>, { readonly principal?: string }> = {
  spec: sessions,
  kind: sessionKind,
  row: ({ id, state }) => ({
    // Ids of a state were let through by codecs.
    id: id as Id<'session'>,
    principal: state.principal,
    method: state.method,
    client: state.client,
    openedAt: state.openedMs,
    refreshedAt: state.refreshedMs,
    expiresAt: state.expiresMs,
    idleAt: idleEndOf(state),
    ...(state.revokedMs === undefined ? {} : { revokedAt: state.revokedMs }),
    generation: state.generation,
  }),
  select: ({ principal }, facts, page) =>
    right(
      principal === undefined
        ? pageOf(sessionKind, { from: '' }, facts, page)
        : listed(sessionKind, { index: sessionsByPrincipal, key: principal }, facts, page),
    ),
};
