import { maxKeyBytes } from '#commands/chainfire/key';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import type { GrpcCall } from '#gateways/etcd/http2/grpc-call';
import { grantLease, newLeaseId } from '#gateways/etcd/lease/lease-service';
import { permitPlaces, placeKey, takePlace, waitForTurn } from '#gateways/etcd/lock/queue';
import { LockRequest, LockResponse, UnlockRequest, UnlockResponse } from '#gateways/etcd/messages/lock';
import { refusal } from '#gateways/etcd/refusal';
import { submit, unary, type Service } from '#gateways/etcd/grpc-service';
import type { Caller } from '#gateways/node';

/** What etcd grants to a caller that names no lease. */
const ownLeaseSeconds = 60;

const nothing = new Uint8Array(0);

/** `v3lockpb.Lock`. */
export const lockHandlers = (service: Service): readonly (readonly [path: string, GrpcHandler])[] => {
  const unlock = unary(service, UnlockRequest, async ({ key }, caller) => {
    if (key === '') throw refusal('emptyKey');
    if (key.length > maxKeyBytes) throw refusal('requestTooLarge');
    const { position } = await submit(service, caller, { kind: 'key.delete', id: key, body: {} });
    return UnlockResponse.encode({ header: service.header(position) });
  });
  return [
    [
      '/v3lockpb.Lock/Lock',
      unary(service, LockRequest, (request, caller, call) => lock(service, caller, request, call)),
    ],
    ['/v3lockpb.Lock/Unlock', unlock],
  ];
};

const lock = async (
  service: Service,
  caller: Caller,
  { name, lease }: { readonly name: string; readonly lease: string },
  call: GrpcCall,
): Promise<Buffer> => {
  const { node } = service;
  permitPlaces(service, caller, name);
  const holder = await leaseOf(service, caller, lease);
  const key = placeKey(name, holder);
  if (key.length > maxKeyBytes) throw refusal('requestTooLarge');
  const place = await takePlace(service, caller, key, holder, nothing);
  try {
    await waitForTurn(node, name, place, call);
    permitPlaces(service, caller, name);
  } catch (error) {
    // Who gives up leaves the queue; who lost the lease is out of it already.
    await submit(service, caller, { kind: 'key.delete', id: key, body: {} });
    throw error;
  }
  return LockResponse.encode({ header: service.header(node.engine.head.position), key });
};

/** The lease of a request, or one of its own when it names none. */
export const leaseOf = async (service: Service, caller: Caller, lease: string): Promise<string> => {
  if (lease.startsWith('-')) throw refusal('leaseNotFound');
  if (lease !== '0') return lease;
  return (await grantLease(service, caller, ownLeaseSeconds, newLeaseId())).id;
};
