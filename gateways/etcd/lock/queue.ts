import { only, type NounRange } from '#aggregates/access';
import { keyKind, type Key } from '#aggregates/chainfire/key';
import { prefixEnd, type Fact } from '#aggregates/facts';
import type { TxnCommand } from '#commands/chainfire/key';
import type { Caller, Node } from '#gateways/node';
import type { GrpcCall } from '#gateways/etcd/http2/grpc-call';
import { GrpcCode, grpcError } from '#gateways/etcd/http2/grpc-status';
import { refusal } from '#gateways/etcd/refusal';
import { permit, submit, type Service } from '#gateways/etcd/grpc-service';

/**
 * Locks and elections as etcd's clients lay them out: who waits puts `NAME/LEASE-IN-HEX` under a lease, and the key
 * that was created first has the lock. The create revision is the fencing token.
 */
export interface Place {
  readonly key: string;
  readonly createRevision: number;
}

/** Contenders of one name that are looked through. */
const maxContenders = 10_000;

/** How often a waiting call looks whether its client is still there. */
const cancelledCheckMs = 200;

const prefixOf = (name: string): string => `${name}/`;

export const placeKey = (name: string, lease: string): string => `${prefixOf(name)}${BigInt(lease).toString(16)}`;

/** Puts the key unless it exists; the second part says what it held when it did. */
export const takePlace = async (
  service: Service,
  caller: Caller,
  key: string,
  lease: string,
  value: Uint8Array,
): Promise<Place & { readonly held: Uint8Array | undefined }> => {
  const body: TxnBody = {
    compare: [{ key, target: 'create', op: '=', value: 0 }],
    success: [{ put: { key, value, lease } }],
    failure: [{ get: { key } }],
  };
  const { position, result } = await submit(service, caller, { kind: 'key.txn', id: '', body });
  const { succeeded, responses } = result.reply as {
    readonly succeeded: boolean;
    readonly responses: readonly [
      { readonly get: { readonly items: readonly { createPosition: number; value: Uint8Array }[] } },
    ];
  };
  if (succeeded) return { key, createRevision: position, held: undefined };
  // The log was not asked for what it did not do, and the place is for those only who could have taken it.
  permit(service, caller, 'key.put', only('key', key));
  const [row] = responses[0].get.items;
  if (row === undefined) throw refusal('sessionExpired');
  return { key, createRevision: row.createPosition, held: row.value };
};

/** The body of `key.txn` before its branded ids; keys and leases here come from requests that were checked. */
type TxnBody = { readonly [K in keyof TxnCommand['body']]: readonly object[] };

/** Changes the key of a place, if it is still held. */
export const changePlace = async (
  service: Service,
  caller: Caller,
  { key, createRevision }: Place,
  operation: object,
): Promise<{ readonly position: number; readonly succeeded: boolean }> => {
  const body: TxnBody = {
    compare: [{ key, target: 'create', op: '=', value: createRevision }],
    success: [operation],
  };
  const { position, result } = await submit(service, caller, { kind: 'key.txn', id: '', body });
  const { succeeded } = result.reply as { readonly succeeded: boolean };
  if (!succeeded) permit(service, caller, 'key.put', only('key', key));
  return { position, succeeded };
};

/** Throws unless a caller may see who contends for a name. */
export const permitPlaces = (service: Service, caller: Caller, name: string): void =>
  permit(service, caller, 'key.read', placesOf(name));

/** The keys of those who contend for a name. */
export const placesOf = (name: string): NounRange => {
  const from = prefixOf(name);
  const to = prefixEnd(from);
  return { noun: 'key', from, ...(to === undefined ? {} : { to }) };
};

/** Those who contend for a name, first come first. */
export const contendersOf = (node: Node, name: string): readonly Fact<Key>[] => {
  const range = { ...placesOf(name), limit: maxContenders };
  return [...node.engine.facts.range(keyKind, range)].sort((a, b) => a.createPosition - b.createPosition);
};

/** Resolves when nobody who came before is left. Rejects when the client goes away or the own key is deleted. */
export const waitForTurn = async (node: Node, name: string, place: Place, call: GrpcCall): Promise<void> => {
  for (;;) {
    const contenders = contendersOf(node, name);
    const own = contenders.findIndex(
      ({ id, createPosition }) => id === place.key && createPosition === place.createRevision,
    );
    if (own < 0) throw refusal('sessionExpired');
    const before = contenders[own - 1];
    if (before === undefined) return;
    await change(node, [before.id, place.key], call);
  }
};

/** Resolves when one of the keys has been deleted. */
const change = (node: Node, keys: readonly string[], call: GrpcCall): Promise<void> =>
  new Promise((resolve, reject) => {
    const ranges = keys.map((from) => ({ noun: 'key', from, to: `${from}\0` }));
    const settle = (finish: () => void): void => {
      clearInterval(looking);
      watch.close();
      finish();
    };
    const looking = setInterval(() => {
      if (call.cancelled) settle(() => reject(grpcError(GrpcCode.cancelled, 'context canceled')));
    }, cancelledCheckMs);
    const watch = node.watch(ranges, node.engine.head.position, {
      frame: ({ events }) => {
        if (events.some(({ kind }) => kind === 'key.deleted')) settle(resolve);
        return true;
      },
      bookmark: () => undefined,
      closed: () => settle(() => reject(refusal('stopped'))),
    });
  });
