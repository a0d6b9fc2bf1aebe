import { maxKeyBytes } from '#commands/chainfire/key';
import type { GrpcCall } from '#gateways/etcd/http2/grpc-call';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import type { GrpcStream } from '#gateways/etcd/http2/grpc-stream';
import { GrpcCode } from '#gateways/etcd/http2/grpc-status';
import { keyValueOf } from '#gateways/etcd/kv/key-value';
import {
  changePlace,
  contendersOf,
  permitPlaces,
  placeKey,
  placesOf,
  takePlace,
  waitForTurn,
} from '#gateways/etcd/lock/queue';
import { leaseOf } from '#gateways/etcd/lock/lock-service';
import {
  CampaignRequest,
  CampaignResponse,
  LeaderRequest,
  LeaderResponse,
  ProclaimRequest,
  ProclaimResponse,
  ResignRequest,
  ResignResponse,
  type CampaignRequest as Campaign,
} from '#gateways/etcd/messages/lock';
import { deniedBy, refusal } from '#gateways/etcd/refusal';
import { decoded, permit, streaming, submit, unary, type Service } from '#gateways/etcd/grpc-service';
import type { Caller } from '#gateways/node';
import { untilLost } from '#gateways/sight';
import type { Watch } from '#log/watch';

/** A client that has this much unread is not told of more leaders until it has read. */
const maxUnreadBytes = 64 * 1024;

/** `v3electionpb.Election`. */
export const electionHandlers = (service: Service): readonly (readonly [path: string, GrpcHandler])[] => {
  const { node } = service;
  const path = (method: string): string => `/v3electionpb.Election/${method}`;
  const leader = unary(service, LeaderRequest, ({ name }, caller) => {
    permitPlaces(service, caller, name);
    const first = contendersOf(node, name)[0];
    if (first === undefined) throw refusal('noLeaderElected');
    return LeaderResponse.encode({ header: service.header(node.engine.head.position), kv: keyValueOf(first) });
  });
  const proclaim = unary(service, ProclaimRequest, async ({ leader: place, value }, caller) => {
    if (place === undefined) throw refusal('leaderMissing');
    const put = { put: { key: place.key, value, lease: place.lease } };
    const changed = await changePlace(service, caller, { key: place.key, createRevision: place.revision }, put);
    if (!changed.succeeded) throw refusal('notLeader');
    return ProclaimResponse.encode({ header: service.header(changed.position) });
  });
  const resign = unary(service, ResignRequest, async ({ leader: place }, caller) => {
    if (place === undefined) throw refusal('leaderMissing');
    const operation = { delete: { key: place.key } };
    const changed = await changePlace(service, caller, { key: place.key, createRevision: place.revision }, operation);
    return ResignResponse.encode({ header: service.header(changed.position) });
  });
  return [
    [
      path('Campaign'),
      unary(service, CampaignRequest, (request, caller, call) => campaign(service, caller, request, call)),
    ],
    [path('Leader'), leader],
    [path('Proclaim'), proclaim],
    [path('Resign'), resign],
    [path('Observe'), streaming(service, (stream, caller) => observe(service, stream, caller))],
  ];
};

const campaign = async (service: Service, caller: Caller, request: Campaign, call: GrpcCall): Promise<Buffer> => {
  const { name, value } = request;
  const { node } = service;
  permitPlaces(service, caller, name);
  const lease = await leaseOf(service, caller, request.lease);
  const key = placeKey(name, lease);
  if (key.length > maxKeyBytes) throw refusal('requestTooLarge');
  const place = await takePlace(service, caller, key, lease, value);
  if (place.held !== undefined && Buffer.compare(place.held, value) !== 0) {
    await changePlace(service, caller, place, { put: { key, value, lease } });
  }
  try {
    await waitForTurn(node, name, place, call);
    permitPlaces(service, caller, name);
  } catch (error) {
    await submit(service, caller, { kind: 'key.delete', id: key, body: {} });
    throw error;
  }
  return CampaignResponse.encode({
    header: service.header(node.engine.head.position),
    leader: { name, key, revision: place.createRevision, lease },
  });
};

/** Tells the present leader and each that follows, and what each proclaims. */
const observe = (service: Service, stream: GrpcStream, caller: Caller): void => {
  const { node } = service;
  let watch: Watch | undefined;
  let stopLooking = (): void => undefined;
  const close = (): void => {
    stopLooking();
    watch?.close();
  };
  let told = '';
  const tell = (name: string): void => {
    const leader = contendersOf(node, name)[0];
    if (leader === undefined || stream.bufferedBytes > maxUnreadBytes) return;
    const now = `${leader.modPosition} ${leader.id}`;
    if (told === now) return;
    told = now;
    stream.write(LeaderResponse.encode({ header: service.header(node.engine.head.position), kv: keyValueOf(leader) }));
  };
  stream.sendHeaders();
  stream.onMessage((message) => {
    if (watch !== undefined) return;
    const { name } = decoded(LeaderRequest, message);
    const range = placesOf(name);
    permit(service, caller, 'key.read', range);
    const lost = () => node.refuses(caller, 'key.read', range);
    stopLooking = untilLost(node, caller, lost, (why) => {
      close();
      stream.end(deniedBy(why));
    });
    watch = node.watch([range], node.engine.head.position, {
      frame: () => {
        tell(name);
        return true;
      },
      bookmark: () => tell(name),
      closed: () => {
        stopLooking();
        stream.end(refusal('stopped'));
      },
    });
    tell(name);
  });
  stream.onCancel(close);
  stream.onHalfClose(() => {
    if (watch === undefined) stream.end({ code: GrpcCode.ok, message: '' });
  });
};
