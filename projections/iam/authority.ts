import { authorities } from '#commands/iam/authority';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { authorityKind, type AuthorityMaterial, type CertificateAuthority } from '#aggregates/authority';
import type { View } from '#projections/view';

type Row = TypeOf<(typeof authorities)['row']>;

/** What it shows, without the private keys. */
const shown = ({ certificate, fingerprint, notBefore, notAfter, sshPublicKey }: AuthorityMaterial) => ({
  certificate,
  fingerprint,
  notBefore,
  notAfter,
  sshPublicKey,
});

export const authorityView: View<CertificateAuthority, Row> = {
  spec: authorities,
  kind: authorityKind,
  row: ({ id, state: { current, former, rotationRequested } }) => ({
    // An authority that exists was created under an id that the command's codec let through.
    id: id as Id<'authority'>,
    ...shown(current),
    rotationRequested,
    former: former.map(shown),
  }),
};
