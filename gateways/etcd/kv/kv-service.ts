import { only } from '#aggregates/access';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import { deleteRange, put } from '#gateways/etcd/kv/change';
import {
  checkRange,
  encodedRange,
  idsOf,
  permitRange,
  readKey,
  revisionOf,
  type RangeResult,
} from '#gateways/etcd/kv/range';
import { txn } from '#gateways/etcd/kv/txn';
import {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RangeResponse,
  TxnRequest,
} from '#gateways/etcd/messages/kv';
import { refusal } from '#gateways/etcd/refusal';
import { permit, submit, unary, type Service } from '#gateways/etcd/grpc-service';
import type { Caller } from '#gateways/node';

/** `etcdserverpb.KV`. */
export const kvHandlers = (service: Service): readonly (readonly [path: string, GrpcHandler])[] => {
  const path = (method: string): string => `/etcdserverpb.KV/${method}`;
  return [
    [path('Range'), unary(service, RangeRequest, (request, caller) => range(service, caller, request))],
    [path('Put'), unary(service, PutRequest, (request, caller) => put(service, caller, request))],
    [
      path('DeleteRange'),
      unary(service, DeleteRangeRequest, (request, caller) => deleteRange(service, caller, request)),
    ],
    [path('Txn'), unary(service, TxnRequest, (request, caller, _call, size) => txn(service, caller, request, size))],
    [path('Compact'), unary(service, CompactionRequest, ({ revision }, caller) => compact(service, caller, revision))],
  ];
};

const range = (service: Service, caller: Caller, request: RangeRequest): Buffer | Promise<Buffer> => {
  checkRange(request);
  permitRange(service, caller, 'key.read', request);
  const { node } = service;
  const header = service.header(node.engine.head.position);
  const position = revisionOf(node, request.revision);
  const answer = (result: RangeResult): Buffer => RangeResponse.encode({ header, ...result });
  const { from, to } = idsOf(request.key, request.rangeEnd);
  if (to !== undefined && to <= from) return answer({ kvs: [], more: false, count: 0 });
  if (request.rangeEnd === '') return answer(readKey(node, request, position));
  return encodedRange(node, header, request, position);
};

const compact = async (service: Service, caller: Caller, revision: number): Promise<Buffer> => {
  const { node } = service;
  // etcd's floor starts below every revision, ours at 0.
  if (revision <= 0 && node.oldestPosition('key') === 0) {
    permit(service, caller, 'history.compact', only('history', 'key'));
    return CompactionResponse.encode({ header: service.header(node.engine.head.position) });
  }
  if (revision <= 0) throw refusal('compacted');
  const command = { kind: 'history.compact', id: 'key', body: { position: revision } };
  const { position } = await submit(service, caller, command);
  return CompactionResponse.encode({ header: service.header(position) });
};
