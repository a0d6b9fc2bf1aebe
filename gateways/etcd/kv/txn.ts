import { isLeft } from 'fp-ts/lib/Either';
import { allHold } from '#aggregates/chainfire/txn';
import type { TxnCommand } from '#commands/chainfire/key';
import type { GrpcError } from '#gateways/etcd/http2/grpc-status';
import type { Caller, Node } from '#gateways/node';
import { changesOf, deleteBody, previousKvs, putOperation } from '#gateways/etcd/kv/change';
import { factOfRow, keyValueOf, previousOf } from '#gateways/etcd/kv/key-value';
import {
  arrange,
  idsOf,
  isArranged,
  permitRange,
  readKey,
  readRange,
  refusedRevision,
  wantedBy,
} from '#gateways/etcd/kv/range';
import { checkTxn } from '#gateways/etcd/kv/txn-check';
import {
  CompareResult,
  CompareTarget,
  TxnResponse,
  type Compare,
  type RangeRequest,
  type RequestOp,
  type ResponseOp,
  type TxnRequest,
} from '#gateways/etcd/messages/kv';
import { refusalOf } from '#gateways/etcd/refusal';
import { checkSize, submit, type Service } from '#gateways/etcd/grpc-service';
import { breakGlass } from '#log/authority';
import { rejected } from '#log/decide';
import type { Happened } from '#aggregates/decision';

type Body = TxnCommand['body'];
type Operation = NonNullable<Body['success']>[number];
type Reply = { readonly succeeded: boolean; readonly responses: readonly Responded[] };
type Responded =
  | { readonly put: object }
  | { readonly get: { readonly items: readonly Parameters<typeof factOfRow>[0][]; readonly count: number } }
  | { readonly delete: { readonly deleted: number } };

export const txn = async (service: Service, caller: Caller, request: TxnRequest, size: number): Promise<Buffer> => {
  checkTxn(request);
  if (caller.name !== breakGlass) permitReads(service, caller, request);
  const { node } = service;
  // Only the log knows which branch it takes: one that cannot be answered changes nothing there.
  const refused: Refused = {
    success: refusedRead(node, request.success),
    failure: refusedRead(node, request.failure),
  };
  const changing = {
    success: refused.success === undefined ? request.success : [],
    failure: refused.failure === undefined ? request.failure : [],
  };
  if (![...changing.success, ...changing.failure].some(writes)) return readTxn(service, request, refused);
  checkSize(size);
  const success = changing.success.map(operationOf);
  const failure = changing.failure.map(operationOf);
  const body = { compare: request.compare.map(compareOf), success: success.flat(), failure: failure.flat() };
  const done = await submit(service, caller, { kind: 'key.txn', id: '', body });
  const { succeeded, responses } = done.result.reply as Reply;
  const refusedBranch = succeeded ? refused.success : refused.failure;
  if (refusedBranch !== undefined) throw refusedBranch;
  const asked = succeeded ? request.success : request.failure;
  const sent = succeeded ? success : failure;
  const answers = responses[Symbol.iterator]();
  const changes = changesOf(done)[Symbol.iterator]();
  const shown: ResponseOp[] = [];
  for (const [index, operation] of asked.entries()) {
    const answered = sent[index]?.length === 1 ? answers.next().value : undefined;
    shown.push(await responseOf(service, operation, answered, changes, done.position));
  }
  return TxnResponse.encode({ header: service.header(done.position), succeeded, responses: shown });
};

/** As in etcd, for both branches. The log does not see what is read of the past, nor values before; so it is asked. */
const permitReads = (service: Service, caller: Caller, { compare, success, failure }: TxnRequest): void => {
  for (const range of compare) permitRange(service, caller, 'key.read', range);
  for (const { range, put, deleteRange } of [...success, ...failure]) {
    if (range !== undefined) permitRange(service, caller, 'key.read', range);
    if (put?.prevKv === true) permitRange(service, caller, 'key.read', { key: put.key, rangeEnd: '' });
    if (deleteRange?.prevKv === true) permitRange(service, caller, 'key.read', deleteRange);
  }
};

/** Why a branch cannot be answered. */
interface Refused {
  readonly success: GrpcError | undefined;
  readonly failure: GrpcError | undefined;
}

const writes = ({ range }: RequestOp): boolean => range === undefined;

/** Why these operations cannot be answered: one reads a revision that is compacted, or not reached. */
const refusedRead = (node: Node, operations: readonly RequestOp[]): GrpcError | undefined => {
  for (const { range } of operations) {
    const refused = range === undefined ? undefined : refusedRevision(node, range.revision);
    if (refused !== undefined) return refused;
  }
  return undefined;
};

/** Reads and comparisons alone leave no trace in the log: they are answered from one position. */
const readTxn = async (service: Service, request: TxnRequest, unanswerable: Refused): Promise<Buffer> => {
  const { node } = service;
  const { position } = node.engine.head;
  const succeeded = comparesHold(service, request);
  const refused = succeeded ? unanswerable.success : unanswerable.failure;
  if (refused !== undefined) throw refused;
  const responses: ResponseOp[] = [];
  for (const { range } of succeeded ? request.success : request.failure) {
    if (range !== undefined) responses.push({ range: await inner(service, range, position) });
  }
  return TxnResponse.encode({ header: service.header(position), succeeded, responses });
};

/** Asks what the decision of one that writes would ask. */
const comparesHold = ({ node }: Service, { compare }: TxnRequest): boolean => {
  const { facts, vocabulary } = node.engine;
  const held = allHold(compare.map(compareOf) as NonNullable<Body['compare']>, facts);
  if (isLeft(held)) throw refusalOf(rejected(vocabulary, held.left));
  return held.right;
};

const inner = async ({ node, header }: Service, request: RangeRequest, position: number) => {
  const at = request.revision > 0 ? request.revision : position;
  const result = request.rangeEnd === '' ? readKey(node, request, at) : await readRange(node, request, at);
  return { header: header(position), ...result };
};

const responseOf = async (
  service: Service,
  operation: RequestOp,
  answered: Responded | undefined,
  changes: Iterator<Happened>,
  position: number,
): Promise<ResponseOp> => {
  const { rows } = service.node.engine;
  const header = service.header(position);
  const { range, put } = operation;
  if (put !== undefined) {
    changes.next();
    const previous = put.prevKv ? previousOf(rows, put.key, position) : undefined;
    return { put: { header, prevKv: previous === undefined ? undefined : keyValueOf(previous) } };
  }
  if (range !== undefined) {
    if (answered === undefined || !('get' in answered)) return { range: await inner(service, range, position) };
    const { items, count } = answered.get;
    return { range: { header, ...arrange(range, items.map(factOfRow).filter(wantedBy(range)), count) } };
  }
  const deleted: Happened[] = [];
  const count = answered !== undefined && 'delete' in answered ? answered.delete.deleted : 0;
  while (deleted.length < count) {
    const change = changes.next();
    if (change.done === true) break;
    deleted.push(change.value);
  }
  const prevKvs = operation.deleteRange?.prevKv === true ? previousKvs(rows, deleted, position) : [];
  return { deleteRange: { header, deleted: count, prevKvs } };
};

/** What the log is asked to do for an operation: nothing when the past or no key at all is read or deleted. */
const operationOf = ({ range, put, deleteRange }: RequestOp): readonly Operation[] => {
  if (put !== undefined) return [putOperation(put) as Operation];
  if (deleteRange !== undefined) {
    const body = deleteBody(deleteRange);
    return body === undefined ? [] : [{ delete: body }];
  }
  if (range === undefined || range.revision > 0) return [];
  const { from, to } = idsOf(range.key, range.rangeEnd);
  if (to !== undefined && to <= from) return [];
  const limit = range.countOnly ? 1 : isArranged(range) ? 0 : range.limit;
  const get = {
    key: from,
    ...(range.rangeEnd === '' ? {} : { rangeEnd: to ?? '\0' }),
    ...(limit > 0 ? { limit: Math.min(limit, 10_000) } : {}),
  };
  return [{ get }];
};

const operators: Readonly<Record<number, '=' | '>' | '<' | '!='>> = {
  [CompareResult.equal]: '=',
  [CompareResult.greater]: '>',
  [CompareResult.less]: '<',
  [CompareResult.notEqual]: '!=',
};

const compareOf = (compare: Compare) => ({
  key: compare.key,
  ...(compare.rangeEnd === '' ? {} : { rangeEnd: idsOf(compare.key, compare.rangeEnd).to ?? '\0' }),
  op: operators[compare.result],
  ...wantedOf(compare),
});

const wantedOf = (compare: Compare) => {
  switch (compare.target) {
    case CompareTarget.version:
      return { target: 'version', value: compare.version };
    case CompareTarget.create:
      return { target: 'create', value: compare.createRevision };
    case CompareTarget.mod:
      return { target: 'mod', value: compare.modRevision };
    case CompareTarget.value:
      return { target: 'value', bytes: compare.value };
    default:
      return { target: 'lease', value: compare.lease };
  }
};
