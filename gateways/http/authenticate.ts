import type { IncomingMessage } from 'node:http';
import { refusal, type Answer } from '#gateways/http/answer';
import { rateOf } from '#gateways/http/rate';
import type { Node, Principal } from '#gateways/node';

/** How long a checked credential is trusted without another look; what it may do is decided in the log anyway. */
const trustMs = 1_000;
const maxTrusted = 10_000;

/** Wrong credentials that one address may show in a second. */
const guessesPerSecond = 50;

/** Requests a second of one credential: far above what one node answers, so that only a runaway client meets it. */
const defaultRate = 100_000;

/** Commands that may wait before more are refused unread; the engine's own limit is higher. */
const maxBacklog = 15_000;

const retryAfter = { 'retry-after': '1' };

/** What is looked at of a request. */
export type Sender = Pick<IncomingMessage, 'headers' | 'method'> & {
  readonly socket: Pick<IncomingMessage['socket'], 'remoteAddress'>;
};

/** Says who sends a request, or what to answer instead. Nothing of the body has been read by then. */
export type Admission = (request: Sender) => Principal | Answer;

export const isPrincipal = (admitted: Principal | Answer): admitted is Principal => 'credential' in admitted;

export const admissionOf = (node: Node, rateLimit = defaultRate): Admission => {
  const trusted = new Map<string, Principal>();
  const withinRate = rateOf(rateLimit, () => performance.now());
  const mayGuess = rateOf(guessesPerSecond, () => performance.now());
  let trustedSinceMs = 0;
  const principalOf = (header: string): Principal | undefined => {
    const nowMs = performance.now();
    if (nowMs - trustedSinceMs > trustMs || trusted.size > maxTrusted) {
      trusted.clear();
      trustedSinceMs = nowMs;
    }
    const known = trusted.get(header);
    if (known !== undefined) return known;
    const token = /^Bearer +([!-~]{1,4096})$/i.exec(header)?.[1];
    const principal = token === undefined ? undefined : node.authenticate(token);
    if (principal !== undefined) trusted.set(header, principal);
    return principal;
  };
  return (request) => {
    const { authorization } = request.headers;
    const principal = authorization === undefined ? undefined : principalOf(authorization);
    if (principal === undefined) {
      if (authorization !== undefined && !mayGuess(request.socket.remoteAddress ?? '')) {
        return refusal('rate.exceeded', {}, retryAfter);
      }
      return refusal('request.unauthenticated', {}, { 'www-authenticate': 'Bearer realm="ultracloud"' });
    }
    if (!withinRate(principal.credential)) return refusal('rate.exceeded', {}, retryAfter);
    if (request.method === 'POST' && node.engine.backlog >= maxBacklog) {
      return refusal('node.overloaded', { reason: 'Too many commands are waiting.' }, retryAfter);
    }
    return principal;
  };
};
