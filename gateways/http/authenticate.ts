import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { refusal, type Answer } from '#gateways/http/answer';
import { rateOf } from '#gateways/http/rate';
import { plainAddress } from '#gateways/address';
import { breakGlass } from '#log/authority';
import type { Caller, Node } from '#gateways/node';

/** How long the break-glass token is trusted without another look; it changes with a start only. */
const trustMs = 1_000;
const maxTrusted = 10_000;

/** Wrong credentials that one address may show in a second. */
const guessesPerSecond = 50;

/** Requests a second of one credential: far above what one node answers, so that only a runaway client meets it. */
const defaultRate = 100_000;

/** Commands that may wait before more are refused unread; the engine's own limit is higher. */
const maxBacklog = 15_000;

const retryAfter = { 'retry-after': '1' };

/** RFC 6750 3: whoever shows nothing is not told what was wrong with it. */
const noToken = { 'www-authenticate': 'Bearer realm="ultracloud"' };
const invalidToken = { 'www-authenticate': 'Bearer realm="ultracloud", error="invalid_token"' };

type Connection = Pick<IncomingMessage['socket'], 'remoteAddress'> & Partial<Pick<TLSSocket, 'getPeerX509Certificate'>>;

/** What is looked at of a request. */
export type Sender = Pick<IncomingMessage, 'headers' | 'method'> & {
  readonly socket: Connection;
};

/** Says who sends a request, or what to answer instead. Nothing of the body has been read by then. */
export type Admission = (request: Sender) => Caller | Answer;

export const isPrincipal = (admitted: Caller | Answer): admitted is Caller => 'credential' in admitted;

export const admissionOf = (node: Node, rateLimit = defaultRate): Admission => {
  const trusted = new Map<string, Caller>();
  const withinRate = rateOf(rateLimit, () => performance.now());
  const mayGuess = rateOf(guessesPerSecond, () => performance.now());
  let trustedSinceMs = 0;
  const callerOf = (header: string, address: string): Caller | undefined => {
    const nowMs = performance.now();
    if (nowMs - trustedSinceMs > trustMs || trusted.size > maxTrusted) {
      trusted.clear();
      trustedSinceMs = nowMs;
    }
    const known = trusted.get(header);
    if (known?.address === address) return known;
    const token = /^Bearer +([!-~]{1,4096})$/i.exec(header)?.[1];
    const principal = known ?? (token === undefined ? undefined : node.authenticate(token));
    if (principal === undefined) return undefined;
    const caller = { ...principal, address };
    // Any other credential may have ended at the last position; the node keeps what it has verified of them.
    if (principal.name === breakGlass) {
      trusted.set(header, caller);
      node.admitted(caller, 'http');
    }
    return caller;
  };
  const shownBy = certificatesShown();
  return (request) => {
    const { authorization } = request.headers;
    const address = plainAddress(request.socket.remoteAddress);
    const certificate = shownBy(request.socket);
    // One of the two would be taken for the other by whoever reads the log.
    if (certificate !== undefined && authorization !== undefined) return refusal('identity.ambiguous');
    const host = certificate === undefined ? undefined : node.certificates.identify(certificate);
    if (host !== undefined && 'fault' in host) {
      return refusal('certificate.refused', { detail: { reason: host.fault } });
    }
    const caller =
      host !== undefined
        ? { ...host, address }
        : authorization === undefined
          ? undefined
          : callerOf(authorization, address);
    if (caller === undefined) {
      if (authorization !== undefined && !mayGuess(address)) {
        return refusal('rate.exceeded', {}, retryAfter);
      }
      return refusal('request.unauthenticated', {}, authorization === undefined ? noToken : invalidToken);
    }
    if (!withinRate(caller.credential)) return refusal('rate.exceeded', {}, retryAfter);
    if (request.method === 'POST' && node.engine.backlog >= maxBacklog) {
      return refusal('node.overloaded', { reason: 'Too many commands are waiting.' }, retryAfter);
    }
    return caller;
  };
};

/** The certificate of a client, which is taken from a connection once; what it is worth is asked for each request. */
const certificatesShown = (): ((connection: Connection) => X509Certificate | undefined) => {
  const shown = new WeakMap<Connection, X509Certificate | 'none'>();
  return (connection) => {
    if (connection.getPeerX509Certificate === undefined) return undefined;
    const known = shown.get(connection) ?? connection.getPeerX509Certificate() ?? 'none';
    shown.set(connection, known);
    return known === 'none' ? undefined : known;
  };
};
