import { createServer as createPlainServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { accept, type AcceptedConnection } from '#gateways/etcd/http2/accept';
import type { CallEnvironment } from '#gateways/etcd/http2/grpc-call';
import { routeCalls, type GrpcHandlers } from '#gateways/etcd/http2/grpc-route';
import { GrpcCode } from '#gateways/etcd/http2/grpc-status';
import { StreamExchange } from '#gateways/etcd/http2/grpc-stream';
import { defaultLimits, type ConnectionLimits } from '#gateways/etcd/http2/limits';
import { FlushScheduler } from '#gateways/etcd/http2/outbound';

export interface GrpcServerOptions {
  readonly handlers: GrpcHandlers;
  /** Certificate and key, and what else `tls.createServer` takes; without it the port speaks plain HTTP/2. */
  readonly tls?: TlsOptions;
  /** A longer request ends its call with RESOURCE_EXHAUSTED. Default 2 MiB. */
  readonly maxMessageBytes?: number;
  /** Memory for messages that have not arrived completely, per connection. Default 64 MiB. */
  readonly maxHeldBytes?: number;
  readonly maxConnections?: number;
  readonly limits?: Partial<ConnectionLimits>;
  /** The unit of the times in `limits`. Default one second. */
  readonly tickMs?: number;
  /** A handler threw something else than a `GrpcError`; its call has ended with INTERNAL. */
  readonly onDefect: (error: unknown, path: string) => void;
}

export interface GrpcServer {
  /** Rejects with the error of the socket, for instance EADDRINUSE. Port 0 picks a free one. */
  listen(host: string, port: number): Promise<AddressInfo>;
  /**
   * Stops listening, ends streaming calls with UNAVAILABLE, lets unary calls finish for `graceMs`, then cancels them.
   * Resolves when every connection is closed.
   */
  close(graceMs: number): Promise<void>;
  connectionCount(): number;
  /** Shows another certificate on connections that are made from now on; none without TLS. */
  showCertificate(pair: SecureContextOptions): void;
}

const tlsHandshakeTimeoutMs = 10_000;
/** For what has been written in the last moment of the grace period. */
const lastWordsMs = 200;

const peerOf = (socket: Socket): string => {
  const address = socket.remoteAddress ?? '';
  return `${address.includes(':') ? `[${address}]` : address}:${socket.remotePort ?? 0}`;
};

/** A gRPC server on our own HTTP/2 framing. */
export const createGrpcServer = (options: GrpcServerOptions): GrpcServer => {
  const limits: ConnectionLimits = { ...defaultLimits, ...options.limits };
  const scheduler = new FlushScheduler();
  const connections = new Map<Socket, AcceptedConnection>();
  let closing = false;

  const serve = (socket: Socket) => {
    const environment: CallEnvironment = {
      peer: peerOf(socket),
      maxMessageBytes: options.maxMessageBytes ?? 2 * 1024 * 1024,
      heldBytes: 0,
      maxHeldBytes: options.maxHeldBytes ?? 64 * 1024 * 1024,
      running: 0,
      maxRunning: limits.maxConcurrentStreams,
      onDefect: options.onDefect,
    };
    connections.set(socket, accept(socket, scheduler, limits, routeCalls(options.handlers, environment)));
    socket.on('close', () => {
      connections.delete(socket);
    });
    if (closing) socket.destroy();
  };

  const shared = { allowHalfOpen: true, noDelay: true };
  const server =
    options.tls === undefined
      ? createPlainServer(shared, serve)
      : createTlsServer(
          { ALPNProtocols: ['h2'], handshakeTimeout: tlsHandshakeTimeoutMs, ...options.tls, ...shared },
          serve,
        );
  server.maxConnections = options.maxConnections ?? 10_000;
  // Failed handshakes are the client's affair; Node destroys the socket.
  server.on('tlsClientError', () => {});
  const ticking = setInterval(() => {
    for (const accepted of connections.values()) accepted.tick();
  }, options.tickMs ?? 1000);
  ticking.unref();

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port }, () => {
          server.off('error', reject);
          resolve(server.address() as AddressInfo);
        });
      }),
    connectionCount: () => connections.size,
    showCertificate: (pair) => {
      if ('setSecureContext' in server) server.setSecureContext(pair);
    },
    close: (graceMs) =>
      new Promise((resolve) => {
        closing = true;
        for (const { connection } of connections.values()) shutDown(connection);
        const cancel = setTimeout(() => {
          for (const accepted of connections.values()) accepted.destroy();
        }, graceMs);
        const cut = setTimeout(() => {
          for (const socket of connections.keys()) socket.destroy();
        }, graceMs + lastWordsMs);
        server.close(() => {
          clearTimeout(cancel);
          clearTimeout(cut);
          clearInterval(ticking);
          resolve();
        });
      }),
  };
};

const shutDown = (connection: AcceptedConnection['connection']) => {
  connection.shutDown();
  for (const stream of [...connection.streams.values()]) {
    if (!(stream.sink instanceof StreamExchange)) continue;
    stream.sink.end({ code: GrpcCode.unavailable, message: 'the server is shutting down' });
    stream.sink.aborted();
  }
};
