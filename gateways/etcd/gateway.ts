import type { Node } from '#gateways/node';
import type { TlsIdentity } from '#gateways/tls-identity';
import { authHandlers } from '#gateways/etcd/auth/auth-service';
import { sessionsOf } from '#gateways/etcd/auth/sessions';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import { createGrpcServer } from '#gateways/etcd/http2/grpc';
import { kvHandlers } from '#gateways/etcd/kv/kv-service';
import { leaseHandlers } from '#gateways/etcd/lease/lease-service';
import { electionHandlers } from '#gateways/etcd/lock/election-service';
import { lockHandlers } from '#gateways/etcd/lock/lock-service';
import { clusterHandlers } from '#gateways/etcd/maintenance/cluster-service';
import { maintenanceHandlers } from '#gateways/etcd/maintenance/maintenance-service';
import { serviceOf, type Service } from '#gateways/etcd/grpc-service';
import { watchHandlers } from '#gateways/etcd/watch/watch-service';

/** How long unary calls may take to end when the gateway closes. */
const graceMs = 2_000;

/** etcd takes requests of 1.5 MiB and leaves half a MiB for what surrounds them. */
const maxMessageBytes = 2 * 1024 * 1024;

export interface EtcdGatewayOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls?: TlsIdentity;
  /** A method failed by a defect of ours; its caller was told INTERNAL. */
  readonly onDefect?: (error: unknown, path: string) => void;
}

export interface EtcdGateway {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the etcd v3 API over gRPC. Rejects with the error of the socket when the address cannot be listened on. */
export const startEtcdGateway = async (node: Node, options: EtcdGatewayOptions): Promise<EtcdGateway> => {
  const { host, tls } = options;
  let { port } = options;
  const scheme = tls === undefined ? 'http' : 'https';
  const url = (): string => `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const service = serviceOf(node, sessionsOf(node, Date.now), url);
  const server = createGrpcServer({
    handlers: handlersOf(service),
    maxMessageBytes,
    onDefect: options.onDefect ?? reportDefect,
    ...(tls === undefined ? {} : { tls: { cert: tls.cert, key: tls.key } }),
  });
  tls?.onRenewed?.(({ cert, key }) => server.showCertificate({ cert, key }));
  ({ port } = await server.listen(host, port));
  return { host, port, close: () => server.close(graceMs) };
};

/** Every method by its path. */
export const handlersOf = (service: Service): ReadonlyMap<string, GrpcHandler> =>
  new Map([
    ...kvHandlers(service),
    ...watchHandlers(service),
    ...leaseHandlers(service),
    ...authHandlers(service),
    ...maintenanceHandlers(service),
    ...clusterHandlers(service),
    ...lockHandlers(service),
    ...electionHandlers(service),
  ]);

const reportDefect = (error: unknown, path: string): void => {
  process.stderr.write(`etcd ${path}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
};
