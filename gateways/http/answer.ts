import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Problem } from '#commands/codec/problem';
import { categories } from '#commands/rejection';
import type { Rejection, RejectionSpec } from '#commands/rejection';
import type { Caller } from '#gateways/node';
import { gatewayRefusals, type GatewayRefusal } from '#gateways/gateway-refusals';

/** A request whose sender is known and whose body is parsed. */
export interface PlainAsk {
  readonly principal: Caller;
  /** Parts of the path as they were sent, percent-encoding and all. */
  readonly params: Readonly<Record<string, string>>;
  /** What stands behind the question mark, as it was sent. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** Undefined when none was sent. */
  readonly body: unknown;
}

export interface Ask extends PlainAsk {
  /** For streams. */
  readonly response: ServerResponse;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** What the answer is true of; the newest position unless given. */
  readonly position?: number;
  /** JSON unless given. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Undefined when the response is written by the route itself, as a stream. */
export type Answered = Answer | undefined;

export const answer = (body: unknown, position?: number): Answer => {
  const text = JSON.stringify(body);
  return position === undefined ? { status: 200, text } : { status: 200, text, position };
};

/** Refused by the gateway, before the log; nothing was recorded. */
export const refusal = (
  code: GatewayRefusal,
  more: { readonly [field: string]: unknown } = {},
  headers?: Readonly<Record<string, string>>,
): Answer => {
  const { status, category, message, fix } = gatewayRefusals[code];
  const text = JSON.stringify({ code, category, message, fix, ...more });
  return headers === undefined ? { status, text } : { status, text, headers };
};

export const malformed = (problems: readonly Problem[]): Answer => refusal('request.malformed', { problems });

/** A refusal of a read, in the form of a rejection. */
export const rejection = ({ code, detail }: Rejection, spec: RejectionSpec, position: number): Answer => {
  const { category, summary: message, fix } = spec;
  const body = { code, category, message, fix, position, ...(detail === undefined ? {} : { detail }) };
  return { status: categories[category].status, text: JSON.stringify(body), position };
};
