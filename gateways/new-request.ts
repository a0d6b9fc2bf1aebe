import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { pemOf } from '#gateways/pem';
import { loadX509, signingAlgorithm } from '#gateways/x509';

/** A new key and a certificate request for it, both in PEM. */
export interface NewRequest {
  readonly key: string;
  readonly csr: string;
}

/** Makes a key on P-256 and asks for these names and addresses with it. The key goes nowhere else. */
export const newSigningRequest = async (names: readonly string[]): Promise<NewRequest> => {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ],
  });
  return {
    key: pemOf('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
    csr: pemOf('CERTIFICATE REQUEST', csr.rawData),
  };
};
