import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { plainAddress } from '#gateways/address';

/** A request as the HTTP gateway hands it over; a body is the text of a form. */
export interface OidcAsk {
  /** What stands behind the question mark, as it was sent. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly response: ServerResponse;
}

export interface OidcAnswer {
  readonly status: number;
  readonly text: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One operation of OpenID Connect. It answers without a token, and judges by itself what it is shown. */
export interface OidcRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly open: true;
  readonly form: boolean;
  handle(ask: OidcAsk): OidcAnswer | Promise<OidcAnswer>;
}

export const oidcRoute = (method: OidcRoute['method'], path: string, handle: OidcRoute['handle']): OidcRoute => ({
  method,
  path,
  open: true,
  form: method === 'POST',
  handle,
});

export const addressOf = ({ response }: OidcAsk): string => plainAddress(response.socket?.remoteAddress);

/** Fields of a query or a form. Undefined when one comes twice, of which two readers may take different ones. */
export type Fields = ReadonlyMap<string, string>;

const maxFields = 40;

export const fieldsOf = (text: unknown): Fields | undefined => {
  const fields = new Map<string, string>();
  if (typeof text !== 'string') return fields;
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name) || fields.size >= maxFields) return undefined;
    fields.set(name, value);
  }
  return fields;
};

/** What is not empty: a field without a value is one that was not sent (RFC 6749 3.1). */
export const field = (fields: Fields, name: string): string | undefined => {
  const value = fields.get(name);
  return value === '' ? undefined : value;
};

/** Nothing on the way may keep what names tokens or people. */
const unkept = { 'cache-control': 'no-store' };

export const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): OidcAnswer => ({
  status,
  text: JSON.stringify(body),
  type: 'application/json',
  headers: { ...unkept, ...headers },
});

/** Documents that are the same for everybody. */
export const published = (body: unknown): OidcAnswer => ({
  ...json(200, body),
  headers: { 'cache-control': 'public, max-age=60' },
});

/** RFC 6749 5.2. */
export const failed = (
  status: number,
  error: string,
  description: string,
  headers?: Readonly<Record<string, string>>,
): OidcAnswer => json(status, { error, error_description: description }, headers);

export const goTo = (url: string, headers: Readonly<Record<string, string>> = {}): OidcAnswer => ({
  status: 303,
  text: '',
  type: 'text/plain',
  headers: { ...unkept, 'referrer-policy': 'no-referrer', location: url, ...headers },
});
