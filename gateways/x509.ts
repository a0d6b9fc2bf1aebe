import { webcrypto } from 'node:crypto';

/**
 * Loads what makes and reads certificates. That takes a tenth of a second, which no start pays that makes none: what is
 * asked of a certificate on each request, Node answers by itself.
 */
export const loadX509 = async () => {
  // The decorators of the library's own libraries are to find this.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto);
  return x509;
};

export type X509 = Awaited<ReturnType<typeof loadX509>>;

/** ECDSA on P-256, which every TLS client of the field takes. */
export const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A key for signing, from PKCS #8 in DER. */
export const importSigningKey = (der: Buffer): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', der, signingAlgorithm, false, ['sign']);
