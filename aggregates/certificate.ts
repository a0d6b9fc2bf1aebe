import { kind } from '#aggregates/facts';

/** What a certificate says, once it is signed. */
export interface Signed {
  /** The fingerprint of the authority that signed it. */
  readonly issuer: string;
  /** The SHA-256 of the certificate, in hexadecimal. */
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** PEM, or a line of OpenSSH. */
  readonly certificate: string;
}

export interface AskedCertificate {
  readonly purpose: 'server' | 'host' | 'ssh-host';
  /** `host/NAME`, which is a principal, or `server/NAME`. */
  readonly subject: string;
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  /** The SHA-256 of the public key, in hexadecimal. */
  readonly publicKeyDigest: string;
  readonly lifetimeSeconds: number;
  /** The serial number of the certificate that it is to follow. */
  readonly renews?: string;
}

interface Revoked {
  readonly atMs: number;
  /** In the words of RFC 5280. */
  readonly reason: 'unspecified' | 'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation';
}

export type Certificate = AskedCertificate & { readonly requestedMs: number } & (
    | { readonly phase: 'requested' }
    | (Signed & { readonly phase: 'issued' })
    /** What was revoked before it was signed has nothing that a signature gives. */
    | (Partial<Signed> & { readonly phase: 'revoked'; readonly revoked: Revoked })
  );

/** By their serial numbers. */
export const certificateKind = kind<Certificate>('certificate');

/** Index: every certificate, by its subject. */
export const certificatesOfSubject = 'certificate.subject';

/** Index: what was signed and revoked, by the fingerprint of the authority that signed it. */
export const revokedOfIssuer = 'certificate.revoked';

/** What it says holds at this time, whoever shows it. */
export const isValid = (state: Certificate, now: number): boolean =>
  state.phase === 'issued' && state.notBefore <= now && now < state.notAfter;

/** The certificate as it was signed; undefined when it was not. */
export const signedOf = (state: Certificate): Signed | undefined => {
  if (state.phase === 'requested') return undefined;
  const { issuer, fingerprint, notBefore, notAfter, certificate } = state;
  if (issuer === undefined || fingerprint === undefined || certificate === undefined) return undefined;
  if (notBefore === undefined || notAfter === undefined) return undefined;
  return { issuer, fingerprint, notBefore, notAfter, certificate };
};
