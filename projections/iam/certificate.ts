import { right } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { certificates } from '#commands/iam/certificate';
import { certificateKind, certificatesOfSubject, signedOf, type Certificate } from '#aggregates/certificate';
import type { Facts } from '#aggregates/facts';
import { pageOf, type Page, type Selection } from '#projections/selection';
import type { View } from '#projections/view';

type Row = TypeOf<(typeof certificates)['row']>;

interface Filters {
  readonly subject?: string;
}

export const certificateView: View<Certificate, Row, Filters> = {
  spec: certificates,
  kind: certificateKind,
  row: ({ id, state }) => {
    const { purpose, subject, names, addresses, publicKeyDigest, lifetimeSeconds, renews, phase } = state;
    return {
      // A certificate that exists was asked for under an id that the command's codec let through.
      id: id as Id<'certificate'>,
      purpose,
      subject,
      names,
      addresses,
      publicKeyDigest,
      lifetimeSeconds,
      phase,
      ...(renews === undefined ? {} : { renews }),
      ...signedOf(state),
      ...(state.phase === 'revoked' ? { revokedAt: state.revoked.atMs, reason: state.revoked.reason } : {}),
    };
  },
  select: ({ subject }, facts, page) =>
    right(subject === undefined ? pageOf(certificateKind, { from: '' }, facts, page) : ofSubject(subject, facts, page)),
};

/** In the order of serial numbers, which is also the cursor. */
const ofSubject = (subject: string, facts: Facts, { after, limit }: Page): Selection<Certificate> => {
  const last = after === undefined ? {} : { after: { key: subject, id: after } };
  const query = { from: subject, to: `${subject}\0`, ...last, limit: limit + 1 };
  const rows = facts.index(certificatesOfSubject, query);
  const shown = rows.slice(0, limit).flatMap(({ id }) => {
    const fact = facts.get(certificateKind, id);
    return fact === undefined ? [] : [{ id, ...fact }];
  });
  const end = rows.length > limit ? rows[limit - 1] : undefined;
  return end === undefined ? { facts: shown } : { facts: shown, cursor: end.id };
};
