import { randomBytes } from 'node:crypto';
import { only } from '#aggregates/access';
import { keysOfLease } from '#aggregates/chainfire/key';
import { leaseKind } from '#aggregates/chainfire/lease';
import { maxKeysPerLease } from '#commands/chainfire/lease';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import type { GrpcStream } from '#gateways/etcd/http2/grpc-stream';
import { GrpcCode, grpcError } from '#gateways/etcd/http2/grpc-status';
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
} from '#gateways/etcd/messages/lease';
import { deniedBy, refusal } from '#gateways/etcd/refusal';
import { anything, decoded, permit, streaming, submit, unary, type Service } from '#gateways/etcd/grpc-service';
import type { Caller } from '#gateways/node';

/** etcd raises a shorter time to live to one and a half of its election time-outs, which is this by default. */
const minTtlSeconds = 2;
/** etcd's own bound. */
const maxTtlSeconds = 9_000_000_000;

/** `etcdserverpb.Lease`. */
export const leaseHandlers = (service: Service): readonly (readonly [path: string, GrpcHandler])[] => {
  const { node } = service;
  const now = (): Buffer => service.header(node.engine.head.position);
  const path = (method: string): string => `/etcdserverpb.Lease/${method}`;
  const maySee = (caller: Caller, noun: 'key' | 'lease', id: string): boolean =>
    node.refuses(caller, `${noun}.read`, only(noun, id)) === undefined;
  const revoke = unary(service, LeaseRevokeRequest, async ({ id }, caller) => {
    const { position } = await submit(service, caller, { kind: 'lease.revoke', id, body: {} });
    return LeaseRevokeResponse.encode({ header: service.header(position) });
  });
  const timeToLive = unary(service, LeaseTimeToLiveRequest, ({ id, keys }, caller) => {
    permit(service, caller, 'lease.read', only('lease', id));
    const { facts } = node.engine;
    const lease = facts.get(leaseKind, id);
    const remaining = lease === undefined ? undefined : node.liveness.remainingSeconds(id);
    if (lease === undefined || remaining === undefined)
      return LeaseTimeToLiveResponse.encode({ header: now(), id, ttl: -1 });
    const attached = { from: id, to: `${id}\0`, limit: maxKeysPerLease };
    return LeaseTimeToLiveResponse.encode({
      header: now(),
      id,
      ttl: Math.floor(remaining),
      grantedTtl: lease.state.ttlSeconds,
      keys: keys
        ? facts.index(keysOfLease, attached).flatMap((row) => (maySee(caller, 'key', row.id) ? [row.id] : []))
        : [],
    });
  });
  const leases = unary(service, anything, (_request, caller) => {
    const all = node.engine.facts.range(leaseKind, { from: '', limit: Infinity });
    const refused = node.refuses(caller, 'lease.read', { noun: 'lease', from: '' });
    if (refused?.code === 'credential.ended') throw deniedBy(refused);
    const facts = refused === undefined ? all : all.filter(({ id }) => maySee(caller, 'lease', id));
    // As in etcd, those that end first come first.
    const left = facts.map(({ id }) => ({ id, seconds: node.liveness.remainingSeconds(id) ?? 0 }));
    left.sort((a, b) => a.seconds - b.seconds);
    return LeaseLeasesResponse.encode({ header: now(), leases: left.map(({ id }) => ({ id })) });
  });
  return [
    [path('LeaseGrant'), unary(service, LeaseGrantRequest, ({ ttl, id }, caller) => grant(service, caller, ttl, id))],
    [path('LeaseRevoke'), revoke],
    [path('LeaseKeepAlive'), streaming(service, (stream, caller) => keepAlive(service, stream, caller))],
    [path('LeaseTimeToLive'), timeToLive],
    [path('LeaseLeases'), leases],
  ];
};

const grant = async (service: Service, caller: Caller, ttl: number, id: string): Promise<Buffer> => {
  if (ttl > maxTtlSeconds) throw refusal('leaseTtlTooLarge');
  if (id.startsWith('-')) throw grpcError(GrpcCode.invalidArgument, 'etcdserver: a lease ID must be positive');
  const granted = await grantLease(service, caller, Math.max(ttl, minTtlSeconds), id === '0' ? newLeaseId() : id);
  return LeaseGrantResponse.encode({ header: service.header(granted.position), id: granted.id, ttl: granted.ttl });
};

export const grantLease = async (service: Service, caller: Caller, ttl: number, id: string) => {
  const { position } = await submit(service, caller, { kind: 'lease.grant', id, body: { ttlSeconds: ttl } });
  return { id, ttl, position };
};

/** Any positive number of 63 bits; that two are equal is as good as impossible, and would be refused. */
export const newLeaseId = (): string => String(BigInt.asUintN(63, randomBytes(8).readBigUInt64BE()) || 1n);

/** A lease that does not exist is no error here: it has no time left. */
const keepAlive = (service: Service, stream: GrpcStream, caller: Caller): void => {
  const { node, header } = service;
  stream.sendHeaders();
  stream.onMessage((message) => {
    const { id } = decoded(LeaseKeepAliveRequest, message);
    permit(service, caller, 'lease.renew', only('lease', id));
    const ttl = node.liveness.renew(id)?.ttlSeconds ?? 0;
    stream.write(LeaseKeepAliveResponse.encode({ header: header(node.engine.head.position), id, ttl }));
  });
  stream.onHalfClose(() => stream.end({ code: GrpcCode.ok, message: '' }));
};
