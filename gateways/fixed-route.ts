import type { ObjectCodec, Props } from '#commands/codec/codec';

/** What an operation answers that no command or view describes. */
export interface FixedRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly operation: string;
  readonly summary: string;
  /** Parts of the path, by name. */
  readonly pathParts: Readonly<Record<string, string>>;
  readonly parameters: Props;
  readonly body?: ObjectCodec<unknown>;
  /** What a 200 says. */
  readonly answer: string;
  readonly type: 'application/json' | 'application/x-ndjson' | 'text/html' | 'text/plain';
  readonly tag: 'sign-in' | 'rights' | 'history' | 'trials' | 'networks' | 'operation' | 'health';
  /** Answers without a token. */
  readonly open: boolean;
  /** What a caller must be allowed; absent: it depends on what is asked, or a token is enough. */
  readonly permission?: string;
}

export const route = (
  method: FixedRoute['method'],
  path: string,
  operation: string,
  about: Pick<FixedRoute, 'summary' | 'answer' | 'tag'> & Partial<FixedRoute>,
): FixedRoute => ({
  method,
  path,
  operation,
  pathParts: {},
  parameters: {},
  type: 'application/json',
  open: false,
  ...about,
});
