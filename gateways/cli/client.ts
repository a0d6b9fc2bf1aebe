import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as SecureAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { Failure } from '#gateways/cli/failure';
import { systemCode } from '#gateways/system-code';
import { exitCodeOf, exitCodes } from '#gateways/cli/exit-code';
import type { Answer, Post, Query, Request } from '#gateways/cli/exchange';
import { at, isObject, listAt, numberAt, parsed, textAt } from '#gateways/cli/json';
import { accessToken } from '#gateways/cli/login-token';
import type { Target } from '#gateways/cli/target';
import type { Problem } from '#commands/codec/problem';

export interface Client {
  readonly target: Target;
  /** As `send`, but no token is shown: for logging in. */
  readonly post: Post;
  /** Gives any answer; throws a `Failure` when there is none. */
  send(request: Request): Promise<Answer>;
  /** As `send`, but an answer of 400 or more is a `Failure` too. */
  ask(request: Request): Promise<Answer>;
  /** The JSON values of an answer in NDJSON, as they come. Ends when the server ends it or the signal is aborted. */
  follow(request: Request): AsyncGenerator<unknown>;
}

export interface ClientOptions {
  readonly version: string;
  readonly timeoutMs: number;
  /** Connections that are kept open; 0 opens one for each request, which ends soonest. */
  readonly connections?: number;
}

export const clientOf = (target: Target, options: ClientOptions): Client => {
  const secure = target.endpoint.protocol === 'https:';
  const { connections = 0 } = options;
  const keep = { keepAlive: connections > 0, ...(connections > 0 ? { maxSockets: connections } : {}) };
  const agent = secure
    ? new SecureAgent({ ...keep, ...target.identity, ...(target.ca === undefined ? {} : { ca: target.ca }) })
    : new Agent(keep);
  const start = (request: Request, timeoutMs: number, token: string | undefined): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { endpoint } = target;
      const content = contentOf(request.body);
      const outgoing = (secure ? httpsRequest : httpRequest)(
        {
          agent,
          host: endpoint.hostname.replace(/^\[(.*)\]$/, '$1'),
          port: endpoint.port === '' ? (secure ? 443 : 80) : endpoint.port,
          method: request.method,
          path: `${endpoint.pathname.replace(/\/$/, '')}${request.path}${queryText(request.query)}`,
          headers: {
            accept: 'application/json',
            // By this the log names the CLI as the source of a command.
            'user-agent': `ultracloud-cli/${options.version}`,
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(content === undefined ? {} : { 'content-type': 'application/json', 'content-length': content.length }),
            ...request.headers,
          },
          ...(request.signal === undefined ? {} : { signal: request.signal }),
        },
        resolve,
      );
      const timer =
        timeoutMs === Infinity ? undefined : setTimeout(() => outgoing.destroy(late(target, timeoutMs)), timeoutMs);
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        reject(transportFailure(target, request, error));
      });
      outgoing.on('close', () => clearTimeout(timer));
      outgoing.end(content);
    });

  const received = async (request: Request, incoming: IncomingMessage): Promise<Answer> => {
    const body = await text(incoming).catch((error: unknown) => {
      throw transportFailure(target, request, error);
    });
    return answerOf(incoming, body);
  };
  const post: Post = async (request) => received(request, await start(request, options.timeoutMs, undefined));
  /** A token that ends meanwhile is renewed, once: nothing was done for who showed it. */
  const started = async (request: Request, timeoutMs: number): Promise<IncomingMessage> => {
    const { login } = target;
    if (login === undefined) return start(request, timeoutMs, target.token);
    const token = await accessToken(post, target, login);
    const incoming = await start(request, timeoutMs, token);
    if (incoming.statusCode !== 401 || token === undefined) return incoming;
    incoming.resume();
    return start(request, timeoutMs, await accessToken(post, target, login, token));
  };
  const send = async (request: Request): Promise<Answer> =>
    received(request, await started(request, request.timeoutMs ?? options.timeoutMs));

  return {
    target,
    post,
    send,
    ask: async (request) => {
      const answer = await send(request);
      if (answer.status >= 400) throw refusal(target, answer, request);
      return answer;
    },
    async *follow(request) {
      let incoming: IncomingMessage;
      try {
        incoming = await started(request, Infinity);
      } catch (error) {
        if (request.signal?.aborted === true) return;
        throw error;
      }
      if ((incoming.statusCode ?? 0) >= 400) throw refusal(target, answerOf(incoming, await text(incoming)), request);
      try {
        yield* lines(incoming);
      } catch (error) {
        if (request.signal?.aborted !== true) throw transportFailure(target, request, error);
      }
    },
  };
};

async function* lines(incoming: IncomingMessage): AsyncGenerator<unknown> {
  incoming.setEncoding('utf8');
  let rest = '';
  for await (const chunk of incoming as AsyncIterable<string>) {
    const complete = (rest + chunk).split('\n');
    rest = complete.pop() ?? '';
    for (const line of complete) if (line !== '') yield parsed(line);
  }
  if (rest !== '') yield parsed(rest);
}

const contentOf = (body: unknown): Buffer | undefined => {
  if (body === undefined) return undefined;
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
};

const queryText = (query: Query = {}): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  const encoded = (value: Query[string]): string =>
    typeof value === 'object' ? value.encoded : encodeURIComponent(String(value));
  return `?${given.map(([name, value]) => `${name}=${encoded(value)}`).join('&')}`;
};

const answerOf = (incoming: IncomingMessage, body: string): Answer => {
  const header = incoming.headers['x-ultracloud-position'];
  const position = typeof header === 'string' && /^\d{1,16}$/.test(header) ? Number(header) : undefined;
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    position,
    text: body,
    json: body === '' ? undefined : parsed(body),
  };
};

/** An answer that is no success, in the words of the server. */
export const refusal = (target: Target, answer: Answer, request?: Request): Failure => {
  const { status, json, text: body, position } = answer;
  const category = textAt(json, 'category');
  const message = textAt(json, 'message') ?? (body.trim().slice(0, 200) || `The server answered ${status}.`);
  // The server speaks of headers, which the CLI makes itself.
  const fix = status === 401 && target.identity === undefined ? tokenFix(target) : textAt(json, 'fix');
  const problems = listAt(json, 'problems').filter(isProblem);
  const where = numberAt(json, 'position') ?? position;
  const detail = at(json, 'detail');
  const oldestPosition = numberAt(json, 'oldestPosition');
  const why = request === undefined ? undefined : whyCommand(json, request);
  return new Failure(
    {
      code: textAt(json, 'code') ?? `http.${status}`,
      message,
      ...(category === undefined ? {} : { category }),
      ...(fix === undefined ? {} : { fix }),
      ...(where === undefined ? {} : { position: where }),
      ...(problems.length === 0 ? {} : { problems }),
      ...(isObject(detail) ? { detail } : {}),
      ...(oldestPosition === undefined ? {} : { oldestPosition }),
      ...(why === undefined ? {} : { why }),
    },
    exitCodeOf(status, category),
  );
};

/** What shows every rule behind a refusal. Of a request that was not recorded nothing but its question is left. */
const whyCommand = (json: unknown, { headers = {} }: Request): string | undefined => {
  const code = textAt(json, 'code');
  if (code !== 'request.forbidden' && code !== 'iam.escalation') return undefined;
  const position = numberAt(json, 'position');
  if (headers['idempotency-key'] !== undefined && position !== undefined)
    return `ultracloud iam why-denied ${position}`;
  const [permission, resource] = [textAt(json, 'detail.permission'), textAt(json, 'detail.resource')];
  if (permission === undefined || resource === undefined || /[^\w./:@+-]/.test(resource)) return undefined;
  return `ultracloud iam can me ${permission} ${resource}`;
};

const isProblem = (u: unknown): u is Problem =>
  isObject(u) && typeof u['path'] === 'string' && typeof u['expected'] === 'string' && typeof u['got'] === 'string';

const tokenFix = ({ token, login }: Target): string => {
  if (login !== undefined) return 'Log in again: ultracloud login';
  return token === undefined
    ? 'Give a token: --token-file FILE, ULTRACLOUD_TOKEN, or --data DIR on the machine of the server; or log in with ' +
        '`ultracloud login`.'
    : 'The token is not one of this server. It may have ended; `ultracloud login` gets another.';
};

const late = (target: Target, timeoutMs: number): Failure =>
  new Failure(
    {
      code: 'timedOut',
      message: `${target.endpoint.origin} did not answer within ${timeoutMs / 1000} s.`,
      fix: 'It may still be done. Wait longer with --timeout, or ask again with the same --idempotency-key.',
    },
    exitCodes.timedOut,
  );

const transportFailure = (target: Target, request: Request, error: unknown): Failure => {
  if (error instanceof Failure) return error;
  const code = systemCode(error) ?? 'UNKNOWN';
  const { origin } = target.endpoint;
  const reason = reasons.get(code) ?? (error instanceof Error ? error.message : String(error));
  if (notSent.has(code) || certificate.test(code)) {
    return new Failure(
      {
        code: 'endpoint.unreachable',
        category: 'unavailable',
        message: `Nothing answers at ${origin} (${target.from}): ${reason}.`,
        fix: certificate.test(code)
          ? code === 'ERR_TLS_CERT_ALTNAME_INVALID'
            ? 'Name it with --endpoint as its certificate does.'
            : 'Give the certificate of its authority with --ca-cert FILE.'
          : 'Start it with `ultracloud serve`, or name another with --endpoint. `ultracloud doctor` looks for causes.',
      },
      exitCodes.failed,
      error,
    );
  }
  const changes = request.method !== 'GET';
  return new Failure(
    {
      code: changes ? 'outcome.unknown' : 'endpoint.disconnected',
      category: 'unavailable',
      message: `The connection to ${origin} was lost before it answered: ${reason}.`,
      fix: changes
        ? 'The command may have been recorded. Repeat it with the same --idempotency-key to learn what it came to.'
        : 'Repeat it.',
    },
    exitCodes.failed,
    error,
  );
};

const reasons: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
  ['ENOTFOUND', 'no such host'],
  ['EAI_AGAIN', 'the name cannot be resolved'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'the network cannot be reached'],
  ['ETIMEDOUT', 'the connection timed out'],
  ['EPIPE', 'connection closed'],
]);

/** Codes of a connection that was never made, so nothing was asked. */
const notSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);

const certificate = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/;
