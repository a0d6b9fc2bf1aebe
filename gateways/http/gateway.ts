import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answer, malformed, refusal, type Answer } from '#gateways/http/answer';
import { billRoute } from '#gateways/http/bill-route';
import { apiOf } from '#gateways/http/api';
import { admissionOf } from '#gateways/http/authenticate';
import { certificateRoutes } from '#gateways/http/certificate-routes';
import { commandRoute } from '#gateways/http/command-route';
import { docsRoute } from '#gateways/http/docs-route';
import { formsOf } from '#gateways/http/event-form';
import { failureAnswer } from '#gateways/http/failure';
import { healthRoutes } from '#gateways/http/health-routes';
import { historyRoutes } from '#gateways/http/history-routes';
import { iamRoutes } from '#gateways/http/iam-routes';
import { judgedRoutes } from '#gateways/http/judge';
import { metricsOf, type Metrics } from '#gateways/http/metrics';
import { lineStreams, type LineStreams } from '#gateways/http/ndjson';
import { networkRoutes } from '#gateways/http/network-routes';
import { operatorRoutes, strict } from '#gateways/http/operator-routes';
import { openPatience } from '#gateways/http/patience';
import { plainConnections, type PlainConnectionParts, type PlainConnections } from '#gateways/http/plain-connection';
import { plainRoutes } from '#gateways/http/plain-routes';
import { respondRaw } from '#gateways/http/respond';
import type { Route } from '#gateways/http/route';
import { hostRoutes } from '#gateways/http/host-routes';
import { signInRoutes } from '#gateways/http/sign-in';
import { trialRoute } from '#gateways/http/trial-route';
import { listRoute, oneRoute } from '#gateways/http/view-route';
import { watchRoute } from '#gateways/http/watch-route';
import { watchStream } from '#gateways/http/watch-stream';
import type { Node } from '#gateways/node';
import { commandsOf, openApi } from '#gateways/openapi';
import type { TlsIdentity } from '#gateways/tls-identity';

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: TlsIdentity;
  /** Requests a second that one credential may send. */
  readonly rateLimit?: number;
  /** Of other protocols that are spoken at the same address. */
  readonly routes?: readonly Route[];
  /** Told of defects, which callers learn nothing of. */
  readonly onDefect?: (error: Error) => void;
}

export interface HttpGateway {
  readonly host: string;
  readonly port: number;
  /** Ends streams with their last position, finishes what is being answered, and stops listening. */
  close(): Promise<void>;
}

/** Between two requests of a connection. */
const keepAliveTimeout = 75_000;

/** A request must have arrived by then, head and body; who is slower than that is holding a connection. */
const limits: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout,
  maxHeaderSize: 16_384,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};

/** Requests that are being answered when the gateway closes get this long. */
const closingMs = 5_000;

/** How often connections are looked for whose last answer has gone out meanwhile. */
const closingCheckMs = 20;

export const startHttpGateway = async (node: Node, options: HttpOptions): Promise<HttpGateway> => {
  const streams = lineStreams();
  const metrics = metricsOf(node, streams);
  const own = judgedRoutes(node, routesOf(node, streams, metrics));
  const routes = [...own, ...(options.routes ?? [])];
  const admit = admissionOf(node, options.rateLimit);
  const failed = failureAnswer(options.onDefect ?? ((error) => process.emitWarning(error)));
  const server = serverOf(node, options);
  const plain = takePlain(server, options.tls === undefined ? 'connection' : 'secureConnection', {
    answer: plainRoutes(routes, { admit, metrics, failed }),
    position: () => node.engine.head.position,
    restMs: keepAliveTimeout,
  });
  const app = apiOf(node, routes, { admit, metrics, failed, server });
  try {
    await app.listen({ host: options.host, port: options.port, backlog: 4_096 });
  } catch (error) {
    metrics.close();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo; // It listens on a port.
  return {
    host: options.host,
    port,
    close: async () => {
      streams.close();
      plain.close();
      const timer = setTimeout(() => app.server.closeAllConnections(), closingMs);
      const looking = setInterval(() => app.server.closeIdleConnections(), closingCheckMs);
      await app.close();
      clearTimeout(timer);
      clearInterval(looking);
      metrics.close();
    },
  };
};

/** Every route: what the catalogue gives, and what `fixedRoutes` describes. */
export const routesOf = (node: Node, streams: LineStreams, metrics: Metrics): readonly Route[] => {
  const { components } = node.engine.vocabulary;
  const forms = formsOf(node.engine.vocabulary);
  const patience = openPatience();
  const watch = watchStream(node, forms, streams);
  let document: string | undefined;
  const text = (): string => (document ??= JSON.stringify(openApi(components, node.version)));
  return [
    ...components.flatMap((component) =>
      commandsOf(component).map((spec) => commandRoute(node, forms, patience, spec)),
    ),
    ...components.flatMap(({ views }) =>
      views.flatMap((view) => [listRoute(node, watch, view), oneRoute(node, watch, view)]),
    ),
    watchRoute(node, watch),
    trialRoute(node, forms),
    ...historyRoutes(node, forms, streams),
    ...operatorRoutes(node),
    ...signInRoutes(node, forms, patience),
    ...hostRoutes(node, forms, patience),
    ...iamRoutes(node, forms),
    ...networkRoutes(node),
    billRoute(node),
    ...certificateRoutes(node),
    ...healthRoutes(node),
    { method: 'GET', path: '/openapi.json', handle: strict(() => ({ status: 200, text: text() })) },
    {
      method: 'GET',
      path: '/metrics',
      handle: strict(async () => ({ ...answer(null), text: await metrics.text(), type: metrics.type })),
    },
    docsRoute,
  ];
};

const serverOf = (node: Node, { tls }: HttpOptions): Server => {
  const server = tls === undefined ? createServer(limits) : tlsServer(tls);
  // Who closes its sending side after a request still gets the answer; a command may have been recorded by then.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('clientError', (error: Error, socket: Duplex) => {
    if (socket.destroyed || !socket.writable) return;
    respondRaw(socket, unreadable(error), node.engine.head.position);
  });
  return server;
};

/** Asks for certificates of clients and lets each handshake pass: what one is worth is said to who sends a request. */
const tlsServer = ({ cert, key, ca, onRenewed }: TlsIdentity): Server => {
  const clients = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: false };
  const server = createTlsServer({ ...limits, cert, key, ...clients });
  onRenewed?.((pair) => server.setSecureContext(pair));
  return server;
};

/** Puts plain connections before a server, which gets each with its first request that is not plain. */
const takePlain = (
  server: Server,
  event: 'connection' | 'secureConnection',
  parts: Omit<PlainConnectionParts, 'handOver'>,
): PlainConnections => {
  const listeners = server.listeners(event);
  server.removeAllListeners(event);
  const plain = plainConnections({
    ...parts,
    handOver: (socket) => {
      for (const listener of listeners) Reflect.apply(listener, server, [socket]);
    },
  });
  server.on(event, (socket: Socket) => plain.take(socket));
  return plain;
};

/** What to answer to bytes that are no request. */
const unreadable = (error: Error): Answer => {
  switch ('code' in error ? error.code : undefined) {
    case 'HPE_HEADER_OVERFLOW':
      return refusal('head.tooLarge');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refusal('request.late');
    default:
      return malformed([{ path: '', expected: 'a request of HTTP/1.1', got: 'something else' }]);
  }
};
