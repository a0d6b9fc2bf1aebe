import type { IncomingMessage } from 'node:http';

/** Bytes that are no text, percent-encoded already. */
export interface Encoded {
  readonly encoded: string;
}

export type Query = Readonly<Record<string, string | number | boolean | Encoded | undefined>>;

export interface Request {
  readonly method: string;
  /** As it goes over the wire, percent-encoded. */
  readonly path: string;
  readonly query?: Query;
  /** An object is sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the request with `timedOut`; undefined: the client's own time. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Where the server stood when it answered. */
  readonly position: number | undefined;
  readonly text: string;
  readonly json: unknown;
}

/** Sends a request that shows no token; gives any answer. */
export type Post = (request: Request) => Promise<Answer>;
