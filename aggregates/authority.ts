import { kind } from '#aggregates/facts';

/** One pair of keys of the certificate authority with its certificate; the private keys are sealed. */
export interface AuthorityMaterial {
  /** PEM. */
  readonly certificate: string;
  /** The SHA-256 of the certificate, in hexadecimal. */
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** As a line of OpenSSH. */
  readonly sshPublicKey: string;
  readonly sealedKey: string;
  readonly sealedSshKey: string;
}

export interface CertificateAuthority {
  /** What signs. */
  readonly current: AuthorityMaterial;
  /** What signed before and is still trusted, the newest first. Its keys still sign its revocation list. */
  readonly former: readonly AuthorityMaterial[];
  /** The process is to make new keys. */
  readonly rotationRequested: boolean;
}

export const authorityKind = kind<CertificateAuthority>('authority');

/** The id of the one there is. */
export const clusterAuthority = 'cluster';

/** What is trusted at this time, what signs first. */
export const trustedAuthorities = (
  { current, former }: CertificateAuthority,
  now: number,
): readonly AuthorityMaterial[] => [current, ...former].filter(({ notAfter }) => notAfter > now);
