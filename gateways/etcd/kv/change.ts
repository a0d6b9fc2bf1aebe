import { maxKeyBytes, maxValueBytes } from '#commands/chainfire/key';
import { only } from '#aggregates/access';
import { leaseKind } from '#aggregates/chainfire/lease';
import type { Happened } from '#aggregates/decision';
import type { Caller } from '#gateways/node';
import { keyValueOf, previousOf } from '#gateways/etcd/kv/key-value';
import { idsOf, permitRange } from '#gateways/etcd/kv/range';
import {
  DeleteRangeResponse,
  PutResponse,
  type DeleteRangeRequest,
  type KeyValue,
  type PutRequest,
} from '#gateways/etcd/messages/kv';
import { refusal } from '#gateways/etcd/refusal';
import { permit, submit, type Done, type Service } from '#gateways/etcd/grpc-service';
import type { Rows } from '#log/rows';

/** Refuses what etcd refuses before it looks at the key, and what our limits refuse. */
export const checkPut = ({ key, value, lease, ignoreValue, ignoreLease }: PutRequest): void => {
  if (key === '') throw refusal('emptyKey');
  if (ignoreValue && value.length > 0) throw refusal('valueProvided');
  if (ignoreLease && lease !== '0') throw refusal('leaseProvided');
  if (key.length > maxKeyBytes || value.length > maxValueBytes) throw refusal('requestTooLarge');
  // Ours are positive, so there is none of this number.
  if (lease.startsWith('-')) throw refusal('leaseNotFound');
};

export const checkDelete = ({ key, rangeEnd }: DeleteRangeRequest): void => {
  if (key === '') throw refusal('emptyKey');
  if (key.length > maxKeyBytes && rangeEnd !== '') throw refusal('requestTooLarge');
};

/** The body of `key.put`, and of a put in a transaction. */
const putBody = ({ value, lease }: PutRequest) => (lease === '0' ? { value } : { value, lease });

export const put = async (service: Service, caller: Caller, request: PutRequest): Promise<Buffer> => {
  checkPut(request);
  const { engine } = service.node;
  // The log asks for the key first, etcd for the lease.
  if (request.ignoreValue && request.lease !== '0' && engine.facts.get(leaseKind, request.lease) === undefined) {
    permit(service, caller, 'key.put', only('key', request.key));
    throw refusal('leaseNotFound');
  }
  if (request.prevKv) permitRange(service, caller, 'key.read', { key: request.key, rangeEnd: '' });
  const { position } = await submit(service, caller, putCommand(request));
  const header = service.header(position);
  if (!request.prevKv) return PutResponse.encode({ header });
  const previous = previousOf(engine.rows, request.key, position);
  return PutResponse.encode({ header, prevKv: previous === undefined ? undefined : keyValueOf(previous) });
};

const putCommand = (request: PutRequest) => {
  if (!request.ignoreValue && !request.ignoreLease) return { kind: 'key.put', id: request.key, body: putBody(request) };
  return { kind: 'key.txn', id: '', body: { success: [putOperation(request)] } };
};

export const putOperation = (request: PutRequest) => ({
  put: {
    key: request.key,
    ...putBody(request),
    ...(request.ignoreValue ? { keepValue: true } : {}),
    ...(request.ignoreLease ? { keepLease: true } : {}),
  },
});

/** The body of `key.deleteRange`, and of a delete in a transaction; undefined when no key can be in the range. */
export const deleteBody = ({ key, rangeEnd }: DeleteRangeRequest) => {
  if (rangeEnd === '') return key.length > maxKeyBytes ? undefined : { key };
  const { to = '\0' } = idsOf(key, rangeEnd);
  return to !== '\0' && to <= key ? undefined : { key, rangeEnd: to };
};

export const deleteRange = async (service: Service, caller: Caller, request: DeleteRangeRequest): Promise<Buffer> => {
  checkDelete(request);
  const body = deleteBody(request);
  const { engine } = service.node;
  if (request.prevKv) permitRange(service, caller, 'key.read', request);
  if (body === undefined) return DeleteRangeResponse.encode({ header: service.header(engine.head.position) });
  const command =
    request.rangeEnd === ''
      ? { kind: 'key.delete', id: request.key, body: {} }
      : { kind: 'key.deleteRange', id: '', body };
  const done = await submit(service, caller, command);
  const deleted = changesOf(done);
  return DeleteRangeResponse.encode({
    header: service.header(done.position),
    deleted: deleted.length,
    prevKvs: request.prevKv ? previousKvs(engine.rows, deleted, done.position) : [],
  });
};

/** The changes of keys that a command made, in order. */
export const changesOf = ({ result }: Done): readonly Happened[] =>
  result.events.filter(({ kind }) => kind === 'key.put' || kind === 'key.deleted');

export const previousKvs = (rows: Rows, deleted: readonly Happened[], position: number): readonly KeyValue[] =>
  deleted.flatMap(({ id }) => {
    const previous = previousOf(rows, id, position);
    return previous === undefined ? [] : [keyValueOf(previous)];
  });
