import { sign, verify, type KeyObject } from 'node:crypto';

/** What a token says of itself: `at+jwt` is an access token (RFC 9068), `JWT` tells a client who has logged in. */
export type TokenType = 'at+jwt' | 'JWT';

export interface SigningKey {
  readonly keyId: string;
  readonly key: KeyObject;
}

export type Claims = Readonly<Record<string, unknown>>;

/** The one algorithm: Ed25519 (RFC 8037). What a token claims of its algorithm chooses nothing. */
const algorithm = 'EdDSA';

export const signToken = ({ keyId, key }: SigningKey, type: TokenType, claims: Claims): string => {
  const signed = `${part({ alg: algorithm, typ: type, kid: keyId })}.${part(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
};

const part = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');

/** Three parts of base64url, of which the last are 64 bytes. */
const form = /^([A-Za-z0-9_-]{1,512})\.([A-Za-z0-9_-]{1,3000})\.([A-Za-z0-9_-]{85}[AQgw])$/;

export interface Read {
  readonly keyId: string;
  readonly claims: Claims;
}

/** The claims of a token that one of our keys has signed; undefined for everything else. Says nothing of its time. */
export const readToken = (
  token: string,
  type: TokenType,
  keyOf: (keyId: string) => KeyObject | undefined,
): Read | undefined => {
  const [, head, body, signature] = form.exec(token) ?? [];
  if (head === undefined || body === undefined || signature === undefined) return undefined;
  const header = jsonOf(head);
  // Nothing but what we write: a header that asks for more, as `crit` does, is none of ours.
  if (header === undefined || Object.keys(header).length !== 3) return undefined;
  const { alg, typ, kid: keyId } = header;
  if (alg !== algorithm || typ !== type || typeof keyId !== 'string') return undefined;
  const key = keyOf(keyId);
  if (key === undefined) return undefined;
  const signed = Buffer.from(`${head}.${body}`);
  if (!verify(null, signed, key, Buffer.from(signature, 'base64url'))) return undefined;
  const claims = jsonOf(body);
  return claims === undefined ? undefined : { keyId, claims };
};

const jsonOf = (text: string): Claims | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
};
