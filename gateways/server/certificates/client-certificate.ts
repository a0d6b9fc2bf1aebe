import { X509Certificate } from 'node:crypto';
import { authorityKind, clusterAuthority, trustedAuthorities, type AuthorityMaterial } from '#aggregates/authority';
import { certificateKind } from '#aggregates/certificate';
import type { Facts } from '#aggregates/facts';
import type { CertificateFault, Identified } from '#gateways/node';
import { fingerprintOf } from '#gateways/server/certificates/authority-keys';

/** Says who shows a certificate, at the position of these facts and at this time; or why that is nobody. */
export type Identify = (shown: X509Certificate, facts: Facts, nowMs: number) => Identified;

const clientAuth = '1.3.6.1.5.5.7.3.2';

/** What never changes of a certificate that a connection shows; it is looked at once. */
interface Shown {
  readonly serial: string;
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly isForClients: boolean;
  /** The fingerprint of the authority whose signature it bears, by those that were tried. */
  readonly signedBy: Map<string, boolean>;
}

/**
 * The signature alone says little: the record of the log names the very certificate by its fingerprint, and says
 * whether it was revoked. So what the authority signed and the log does not know is refused too.
 */
export const identifier = (): Identify => {
  const known = new WeakMap<X509Certificate, Shown>();
  const authorities = new Map<string, X509Certificate>();
  const certificateOf = ({ fingerprint, certificate }: AuthorityMaterial): X509Certificate => {
    const parsed = authorities.get(fingerprint) ?? new X509Certificate(certificate);
    authorities.set(fingerprint, parsed);
    return parsed;
  };
  const isSignedBy = (shown: X509Certificate, about: Shown, authority: AuthorityMaterial): boolean => {
    const before = about.signedBy.get(authority.fingerprint);
    if (before !== undefined) return before;
    const issuer = certificateOf(authority);
    const isSigned = shown.checkIssued(issuer) && shown.verify(issuer.publicKey);
    about.signedBy.set(authority.fingerprint, isSigned);
    return isSigned;
  };
  return (shown, facts, nowMs) => {
    const about = known.get(shown) ?? shownOf(shown);
    known.set(shown, about);
    const authority = facts.get(authorityKind, clusterAuthority)?.state;
    const trusted = authority === undefined ? [] : trustedAuthorities(authority, nowMs);
    const issuer = trusted.find((each) => isSignedBy(shown, about, each));
    if (issuer === undefined) return refused('unknownAuthority');
    if (nowMs >= about.notAfter) return refused('expired');
    if (nowMs < about.notBefore) return refused('notYetValid');
    const state = facts.get(certificateKind, about.serial)?.state;
    if (state?.phase === 'revoked') return refused('revoked');
    if (state?.phase !== 'issued' || state.fingerprint !== about.fingerprint) return refused('unknown');
    if (state.purpose !== 'host' || !about.isForClients) return refused('wrongPurpose');
    return { name: state.subject, credential: `certificate/${about.serial}` };
  };
};

const refused = (fault: CertificateFault): Identified => ({ fault });

const shownOf = (shown: X509Certificate): Shown => ({
  serial: shown.serialNumber.toLowerCase(),
  fingerprint: fingerprintOf(shown.raw),
  notBefore: Date.parse(shown.validFrom),
  notAfter: Date.parse(shown.validTo),
  isForClients: shown.keyUsage?.includes(clientAuth) === true,
  signedBy: new Map(),
});
