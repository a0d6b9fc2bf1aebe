import { createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import { left, right, type Either } from 'fp-ts/lib/Either';
import { loadX509 } from '#gateways/x509';

/** What a signing request (PKCS #10) asks for. Whatever else it says is not heard. */
export interface SigningRequest {
  /** SubjectPublicKeyInfo in DER; whoever sent it has the private key. */
  readonly publicKey: Buffer;
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

const subjectAlternativeName = '2.5.29.17';
const minRsaBits = 2_048;
const maxRsaBits = 4_096;

/** Reads one and checks its signature; or says what belongs there. */
export const readSigningRequest = async (pem: string): Promise<Either<string, SigningRequest>> => {
  if (!/^\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----[A-Za-z0-9+/=\s]+-----END [A-Z ]+-----\s*$/.test(pem)) {
    return left('a certificate request in PEM');
  }
  const x509 = await loadX509();
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const publicKey = Buffer.from(request.publicKey.rawData);
    if (!isStrong(publicKey)) return left('a key of type EC P-256 or P-384, Ed25519, or RSA of 2048 to 4096 bits');
    if (!(await request.verify())) return left('a certificate request that is signed with its own key');
    const written = request.getExtension(subjectAlternativeName);
    const names: string[] = [];
    const addresses: string[] = [];
    for (const { type, value } of written instanceof x509.SubjectAlternativeNameExtension ? written.names.items : []) {
      if (type === 'dns') names.push(value.toLowerCase());
      else if (type === 'ip') addresses.push(plainAddressOf(value));
      else return left(`names and addresses only, and no ${type}`);
    }
    return right({ publicKey, names: [...new Set(names)], addresses: [...new Set(addresses)] });
  } catch {
    return left('a certificate request of which every part can be read');
  }
};

const isStrong = (spki: Buffer): boolean => {
  const { asymmetricKeyType, asymmetricKeyDetails = {} } = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const { namedCurve = '', modulusLength = 0 } = asymmetricKeyDetails;
  if (asymmetricKeyType === 'ec') return namedCurve === 'prime256v1' || namedCurve === 'secp384r1';
  if (asymmetricKeyType === 'rsa') return minRsaBits <= modulusLength && modulusLength <= maxRsaBits;
  return asymmetricKeyType === 'ed25519';
};

/** The one way to write an address; a text that is none stays as it is, to be refused. */
export const plainAddressOf = (address: string): string =>
  isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
