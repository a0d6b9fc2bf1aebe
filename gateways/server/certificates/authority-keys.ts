import { createHash, generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';
import type { AuthorityMaterial } from '#aggregates/authority';
import type { Keyring } from '#gateways/server/keyring/keyring';
import { sshPublicKeyLine } from '#gateways/server/certificates/ssh-key';
import { pemOf } from '#gateways/pem';
import { loadX509, signingAlgorithm } from '#gateways/x509';

/** The subject of the keyring under which the keys of the authority are sealed. */
const keySubject = 'authority/cluster';

/** What each of its keys is sealed for: one cannot be put in the place of another. */
export const sealedFor = { key: `${keySubject}/key`, sshKey: `${keySubject}/ssh-key` } as const;

const years = 10;

/** Clocks of other machines may be a little behind. */
export const backdatedMs = 5 * 60_000;

/** New keys with a certificate of their own, for ten years. The private keys leave this only sealed. */
export const makeAuthority = async (
  keyring: Keyring,
  { clusterId, nowMs }: { readonly clusterId: string; readonly nowMs: number },
): Promise<AuthorityMaterial> => {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const notBefore = wholeSeconds(nowMs - backdatedMs);
  const notAfter = wholeSeconds(new Date(nowMs).setUTCFullYear(new Date(nowMs).getUTCFullYear() + years));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // Each has another name, so that a client that trusts several never takes one for another.
    name: `CN=UltraCloud ${clusterId.slice(0, 8)} ${randomBytes(4).toString('hex')}`,
    serialNumber: randomSerial(),
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    signingAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const ssh = generateKeyPairSync('ed25519');
  const sshDer = ssh.privateKey.export({ format: 'der', type: 'pkcs8' });
  return {
    certificate: pemOf('CERTIFICATE', certificate.rawData),
    fingerprint: fingerprintOf(certificate.rawData),
    notBefore,
    notAfter,
    sshPublicKey: sshPublicKeyLine(ssh.publicKey),
    sealedKey: keyring.seal(keySubject, sealedFor.key, der),
    sealedSshKey: keyring.seal(keySubject, sealedFor.sshKey, sshDer),
  };
};

/** 32 hexadecimal digits of which the first is 4 to 7: a positive number of 16 bytes, as DER writes it. */
export const randomSerial = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
};

/** Certificates know whole seconds. */
export const wholeSeconds = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

export const fingerprintOf = (der: ArrayBuffer | Uint8Array): string =>
  createHash('sha256').update(new Uint8Array(der)).digest('hex');
