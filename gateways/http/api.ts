import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Server } from 'node:http';
import { isLeft } from 'fp-ts/lib/Either';
import type { Problem } from '#commands/codec/problem';
import { malformed, refusal, type Answer, type Answered } from '#gateways/http/answer';
import { isPrincipal, type Admission } from '#gateways/http/authenticate';
import { jsonBody } from '#gateways/http/json-body';
import type { Metrics } from '#gateways/http/metrics';
import { respond } from '#gateways/http/respond';
import type { Route } from '#gateways/http/route';
import { unknownRoute } from '#gateways/http/unknown-route';
import type { Caller, Node } from '#gateways/node';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whoever sent it; absent where no token is needed. */
    principal: Caller | null;
  }
  interface FastifyContextConfig {
    /** Its body is a form. */
    form?: boolean;
  }
}

/** A value of 1.5 MiB in base64, and the JSON around it. */
const bodyLimitBytes = 2_202_010;

/** Every `%` doubles in length and a head is limited to 16 KiB, so that no id is cut or refused by its length here. */
const maxParamLength = 65_536;

const noSchemas = (): never => {
  throw new Error('no route has a schema');
};

const nobody: Caller = { name: '', credential: '', address: '' };

/** Puts routes on a server: admission, bodies, answers and what becomes of failures. */
export const apiOf = (
  node: Node,
  routes: readonly Route[],
  parts: {
    readonly admit: Admission;
    readonly metrics: Metrics;
    /** What to answer to a defect. */
    readonly failed: (error: unknown) => Answer;
    readonly server: Server;
  },
): FastifyInstance => {
  const { admit, metrics, failed, server } = parts;
  const { engine } = node;
  const app = fastify({
    logger: false,
    serverFactory: (handler) => server.on('request', handler),
    bodyLimit: bodyLimitBytes,
    exposeHeadRoutes: false,
    // Bodies and answers have codecs of their own; loading another validator would delay every start.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    rewriteUrl: (request) => keptEncoded(request.url ?? '/'),
    routerOptions: { maxParamLength, querystringParser: () => noQuery, ignoreTrailingSlash: false },
    frameworkErrors: (_error, _request, reply) => respond(reply.raw, refusal('route.unknown'), engine.head.position),
  });
  app.decorateRequest('principal', null);
  takeJson(app);

  const guard = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const admitted = admit(request.raw);
    if (!isPrincipal(admitted)) {
      metrics.refused(admitted.status);
      respond(reply.raw, admitted, engine.head.position);
      return;
    }
    request.principal = admitted;
    done();
  };
  for (const route of routes) {
    const meter = metrics.meter(route.method, route.path);
    // Load balancers ask for health without a body.
    const method = route.open === true && route.method === 'GET' ? ['GET', 'HEAD'] : route.method;
    const url = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    const options = { method, url, config: { form: route.form === true } };
    const handler = (request: FastifyRequest, reply: FastifyReply): void => {
      const startedMs = performance.now();
      const response = reply.raw;
      const finish = (answered: Answered): void => {
        if (answered === undefined) return meter.observe(200, 0);
        respond(response, answered, engine.head.position);
        meter.observe(answered.status, (performance.now() - startedMs) / 1000);
      };
      try {
        const answered = route.handle({
          principal: request.principal ?? nobody,
          params: request.params as Readonly<Record<string, string>>, // What the router found in the path.
          query: queryIn(request.raw.url ?? ''),
          headers: request.raw.headers,
          body: request.body,
          response,
        });
        if (answered instanceof Promise) answered.then(finish, (error: unknown) => finish(failed(error)));
        else finish(answered);
      } catch (error) {
        finish(failed(error));
      }
    };
    app.route(route.open === true ? { ...options, handler } : { ...options, handler, onRequest: guard });
  }

  const answerUnknown = unknownRoute(routes);
  app.setNotFoundHandler((request, reply) => {
    const admitted = admit(request.raw);
    const path = (request.originalUrl.split('?')[0] ?? '').slice(0, 8_192);
    const answered = isPrincipal(admitted) ? answerUnknown(request.method, path) : admitted;
    metrics.refused(answered.status);
    respond(reply.raw, answered, engine.head.position);
  });
  app.setErrorHandler((error, _request, reply) => {
    const answered = bodyRefusal(error) ?? failed(error);
    metrics.refused(answered.status);
    respond(reply.raw, answered, engine.head.position);
  });
  return app;
};

const noQuery = {};

/** Doubles the encoding of a path, which the router then takes off once: parts of it arrive as they were sent. */
const keptEncoded = (url: string): string => {
  if (!url.includes('%')) return url;
  const end = url.indexOf('?');
  return end === -1 ? url.replaceAll('%', '%25') : `${url.slice(0, end).replaceAll('%', '%25')}${url.slice(end)}`;
};

const queryIn = (url: string): string => {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at + 1);
};

/** An error that carries what to tell the caller through the parser of the body. */
interface BodyError extends Error {
  readonly problems: readonly Problem[];
}

const takeJson = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers();
  const parse = (request: FastifyRequest, body: Buffer, done: (error: Error | null, body?: unknown) => void): void => {
    if (request.routeOptions.config.form === true) return done(null, body.toString('utf8'));
    const read = jsonBody(body);
    if (isLeft(read))
      done(Object.assign(new Error('malformed body'), { problems: read.left } satisfies Partial<BodyError>));
    else done(null, read.right);
  };
  // Whatever type a client names, or leaves to its library: a body is JSON, or it is refused for what it is.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, parse);
};

/** What is wrong with a body; undefined for errors of another kind. */
const bodyRefusal = (error: unknown): Answer | undefined => {
  if (!(error instanceof Error)) return undefined;
  if ('problems' in error) return malformed((error as BodyError).problems);
  switch ('code' in error ? error.code : undefined) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refusal('body.tooLarge', { maxBytes: bodyLimitBytes }, { connection: 'close' });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return malformed([{ path: 'Content-Type', expected: 'application/json', got: 'no media type' }]);
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'ECONNRESET':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return malformed([
        { path: '', expected: 'a body of the length that Content-Length names', got: 'another length' },
      ]);
    default:
      return undefined;
  }
};
