import { X509Certificate, createPublicKey } from 'node:crypto';
import type { CertificatePurpose } from '#commands/iam/certificate';
import type { AuthorityMaterial } from '#aggregates/authority';
import { pemOf } from '#gateways/pem';
import { sealedFor } from '#gateways/server/certificates/authority-keys';
import { importSigningKey, loadX509, signingAlgorithm, type X509 } from '#gateways/x509';
import type { Keyring } from '#gateways/server/keyring/keyring';

export interface CertificateToSign {
  readonly serial: string;
  readonly purpose: Exclude<CertificatePurpose, 'ssh-host'>;
  readonly subject: string;
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Buffer;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** What a revocation list says of one certificate. */
export interface Revocation {
  readonly serial: string;
  readonly revokedMs: number;
  readonly reason: 'unspecified' | 'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation';
}

/** Signs a certificate (RFC 5280) of a server or a host; gives it in PEM. */
export const signCertificate = async (
  keyring: Keyring,
  authority: AuthorityMaterial,
  asked: CertificateToSign,
): Promise<string> => {
  const x509 = await loadX509();
  const { serial, purpose, subject, names, addresses, publicKey, notBefore, notAfter } = asked;
  const issuer = new x509.X509Certificate(authority.certificate);
  const key = new x509.PublicKey(publicKey);
  const isRsa = createPublicKey({ key: publicKey, format: 'der', type: 'spki' }).asymmetricKeyType === 'rsa';
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const [kind = '', name = ''] = subject.split('/');
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: `CN=${name},OU=${kind}`,
    issuer: issuer.subjectName,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    publicKey: key,
    signingKey: await signingKeyOf(keyring, authority),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(isRsa ? digitalSignature | keyEncipherment : digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(purpose === 'host' ? [serverAuth, clientAuth] : [serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...names.map((value) => ({ type: 'dns' as const, value })),
        ...addresses.map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(key),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return pemOf('CERTIFICATE', certificate.rawData);
};

/** A list (RFC 5280 5) of what one authority has revoked; `number` grows with each. PEM as OpenSSL reads it. */
export const signRevocationList = async (
  keyring: Keyring,
  authority: AuthorityMaterial,
  about: {
    readonly number: number;
    readonly thisUpdate: number;
    readonly nextUpdate: number;
    readonly revoked: readonly Revocation[];
  },
): Promise<string> => {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.certificate);
  const list = await x509.X509CrlGenerator.create({
    issuer: issuer.subjectName,
    thisUpdate: new Date(about.thisUpdate),
    nextUpdate: new Date(about.nextUpdate),
    signingKey: await signingKeyOf(keyring, authority),
    signingAlgorithm,
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      new x509.Extension(crlNumber, false, derInteger(about.number)),
    ],
    entries: about.revoked.map(({ serial, revokedMs, reason }) => ({
      serialNumber: serial,
      revocationDate: new Date(revokedMs),
      // RFC 5280 5.3.1: the reason is left out rather than given as unspecified.
      ...(reason === 'unspecified' ? {} : { reason: reasonOf(x509, reason) }),
    })),
  });
  return pemOf('X509 CRL', list.rawData);
};

const signingKeyOf = (keyring: Keyring, authority: AuthorityMaterial) =>
  importSigningKey(keyring.open(sealedFor.key, authority.sealedKey));

const crlNumber = '2.5.29.20';

const derInteger = (value: number): Buffer => {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const positive = (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.alloc(1), bytes]);
  return Buffer.concat([Buffer.from([2, positive.length]), positive]);
};

const reasonOf = ({ X509CrlReason }: X509, reason: Exclude<Revocation['reason'], 'unspecified'>) =>
  X509CrlReason[reason];

/** The DER of a certificate in PEM. */
export const derOf = (pem: string): Buffer => new X509Certificate(pem).raw;
