import type { JWTPayload } from 'jose';
import type { IdentityProvider } from '#aggregates/iam/identity-provider';

/** What of an issuer is read again after this. */
const keptMs = 300_000;
const patienceMs = 10_000;

/** What an issuer says of itself, as far as it is needed. */
interface Metadata {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly jwks_uri: string;
}

/** With public keys only: a shared secret would let whoever is shown a token make others. */
const algorithms = [
  'EdDSA',
  'Ed25519',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
];

export interface ShownCode {
  readonly code: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly redirectUri: string;
}

export interface OutsideIssuers {
  /** Where to send a browser. Throws when the issuer does not say it, or not well. */
  authorizationEndpoint(provider: IdentityProvider): Promise<URL>;
  /** The claims of whoever has logged in there. Throws when anything is not as it must be. */
  claims(provider: IdentityProvider, shown: ShownCode, secret: string | undefined): Promise<JWTPayload>;
}

/** Other issuers, asked when somebody logs in and at no other time. */
export const outsideIssuers = (): OutsideIssuers => {
  const kept = new Map<string, { readonly metadata: Metadata; readonly atMs: number }>();
  const metadataOf = async ({ issuer }: IdentityProvider): Promise<Metadata> => {
    const known = kept.get(issuer);
    if (known !== undefined && performance.now() - known.atMs < keptMs) return known.metadata;
    const found = await json(`${issuer}/.well-known/openid-configuration`, {});
    if (found['issuer'] !== issuer) throw new Error(`${issuer} names another issuer`);
    const endpoint = (name: keyof Metadata): string => checkedUrl(found[name], issuer);
    const metadata = {
      authorization_endpoint: endpoint('authorization_endpoint'),
      token_endpoint: endpoint('token_endpoint'),
      jwks_uri: endpoint('jwks_uri'),
    };
    kept.set(issuer, { metadata, atMs: performance.now() });
    return metadata;
  };
  return {
    authorizationEndpoint: async (provider) => new URL((await metadataOf(provider)).authorization_endpoint),
    claims: async (provider, { code, verifier, nonce, redirectUri }, secret) => {
      const { token_endpoint: endpoint, jwks_uri: keys } = await metadataOf(provider);
      const { clientId, issuer } = provider;
      const form = new URLSearchParams({ grant_type: 'authorization_code', redirect_uri: redirectUri });
      form.set('code', code);
      form.set('code_verifier', verifier);
      const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret ?? '')}`);
      if (secret === undefined) form.set('client_id', clientId);
      const headers = secret === undefined ? {} : { authorization: `Basic ${basic.toString('base64')}` };
      const { id_token: token } = await json(endpoint, { method: 'POST', body: form, headers });
      if (typeof token !== 'string') throw new Error(`${issuer} gave no id token`);
      const jose = await import('jose');
      const keySet = await json(keys, {});
      const verified = await jose.jwtVerify(token, jose.createLocalJWKSet(keySet as never), {
        ...{ issuer, audience: clientId, algorithms, clockTolerance: 60 },
        requiredClaims: ['sub', 'iat', 'exp'],
      });
      const { payload } = verified;
      if (payload['nonce'] !== nonce) throw new Error('the id token is for another login');
      const isForUs = payload['azp'] === undefined ? !Array.isArray(payload.aud) : payload['azp'] === clientId;
      if (!isForUs) throw new Error('the id token was given to another client');
      return payload;
    },
  };
};

/** Of the same safety as the issuer itself: nothing is sent in clear that was to be protected. */
const checkedUrl = (text: unknown, issuer: string): string => {
  if (typeof text !== 'string' || !URL.canParse(text)) throw new Error(`${issuer} names no endpoint`);
  const { protocol } = new URL(text);
  if (protocol === 'https:' || (protocol === 'http:' && issuer.startsWith('http:'))) return text;
  throw new Error(`${issuer} names an endpoint that is not protected`);
};

const maxBytes = 262_144;

const json = async (url: string, init: RequestInit): Promise<Readonly<Record<string, unknown>>> => {
  // Nobody follows an issuer to where it was not said to be.
  const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(patienceMs) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += (part as Uint8Array).length;
    if (bytes > maxBytes) throw new Error(`${url} answers too much`);
    parts.push(part as Uint8Array);
  }
  const text = Buffer.concat(parts).toString('utf8');
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error(`${url} answers no object`);
  return value as Readonly<Record<string, unknown>>;
};
