import type { IncomingHttpHeaders } from 'node:http';
import { field, type Fields } from '#gateways/oidc/ask';

/** Programs of our own, which cannot keep a secret. Others are service accounts, whose access key is their secret. */
const publicClients = ['ultracloud-cli', 'ultracloud-console'] as const;

export const isPublicClient = (client: string): boolean => (publicClients as readonly string[]).includes(client);

/** Where the browser may go on: the program on this machine (RFC 8252 7.3), or the console of this issuer. */
export const mayRedirect = (client: string, uri: string, issuer: string): boolean => {
  if (client === 'ultracloud-console') return uri === `${issuer}/console/callback`;
  if (client !== 'ultracloud-cli') return false;
  const port = /^http:\/\/(?:127\.0\.0\.1|\[::1\]):([1-9]\d{0,4})\/callback$/.exec(uri)?.[1];
  return port !== undefined && Number(port) <= 65_535;
};

/** How a client has shown who it is; `secret` is absent for one that has shown its name only. */
export interface ShownClient {
  readonly client: string;
  readonly secret?: string;
  /** In the header `Authorization`, so that a refusal must name what it takes. */
  readonly basic: boolean;
}

/** RFC 6749 2.3.1. Undefined when it is shown in two ways, or unreadably. */
export const shownClient = (headers: IncomingHttpHeaders, fields: Fields): ShownClient | 'none' | undefined => {
  const { authorization } = headers;
  const inForm = field(fields, 'client_id');
  const secret = field(fields, 'client_secret');
  if (authorization === undefined) {
    if (inForm === undefined) return secret === undefined ? 'none' : undefined;
    return secret === undefined ? { client: inForm, basic: false } : { client: inForm, secret, basic: false };
  }
  const encoded = /^Basic +([A-Za-z0-9+/]{1,2000}={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined || secret !== undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const [client, shown] = [formDecoded(text.slice(0, colon)), formDecoded(text.slice(colon + 1))];
  if (colon <= 0 || client === undefined || shown === undefined) return undefined;
  return inForm === undefined || inForm === client ? { client, secret: shown, basic: true } : undefined;
};

const formDecoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
};

/** What may be asked for: who somebody is, and a token that goes on, which every login gives anyway. */
const scopes = ['openid', 'profile', 'email', 'offline_access'] as const;

export const supportedScopes: readonly string[] = scopes;

/** Those that are known of what was asked for, in order (RFC 6749 3.3 lets others be left out). */
export const scopeOf = (asked: string | undefined): string => {
  const wanted = new Set((asked ?? '').split(' '));
  return scopes.filter((scope) => wanted.has(scope)).join(' ');
};
