import type { Answer, Answered, Ask, PlainAsk } from '#gateways/http/answer';

/** One operation of the API. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** With `{name}` where a percent-encoded part of the path goes. */
  readonly path: string;
  /** Answers without a token. */
  readonly open?: boolean;
  handle(ask: Ask): Answered | Promise<Answered>;
  /** Its body is a form, which it gets as the text that was sent. */
  readonly form?: boolean;
  /** The same, for an operation that never streams and is asked for by the thousand. */
  readonly plain?: (ask: PlainAsk) => Answer | Promise<Answer>;
}
