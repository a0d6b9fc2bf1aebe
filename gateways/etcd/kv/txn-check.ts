import { maxKeyBytes, maxTxnOperations } from '#commands/chainfire/key';
import { GrpcCode, grpcError } from '#gateways/etcd/http2/grpc-status';
import { checkDelete, checkPut, deleteBody } from '#gateways/etcd/kv/change';
import { checkRange } from '#gateways/etcd/kv/range';
import type { RequestOp, TxnRequest } from '#gateways/etcd/messages/kv';
import { refusal } from '#gateways/etcd/refusal';

/** Refuses what etcd refuses before it compares anything, in its order. */
export const checkTxn = ({ compare, success, failure }: TxnRequest): void => {
  if (Math.max(compare.length, success.length, failure.length) > maxTxnOperations) throw refusal('tooManyOps');
  for (const { key, result, target } of compare) {
    if (key === '') throw refusal('emptyKey');
    if (key.length > maxKeyBytes) throw refusal('requestTooLarge');
    if (result < 0 || result > 3 || target < 0 || target > 4) {
      throw grpcError(GrpcCode.invalidArgument, 'etcdserver: unknown comparison');
    }
  }
  for (const operation of success) checkOperation(operation);
  for (const operation of failure) checkOperation(operation);
  checkChangedOnce(success);
  checkChangedOnce(failure);
};

const checkOperation = ({ range, put, deleteRange, txn }: RequestOp): void => {
  if (range !== undefined) {
    checkRange(range);
    if (range.key.length > maxKeyBytes && range.rangeEnd !== '') throw refusal('requestTooLarge');
  } else if (put !== undefined) checkPut(put);
  else if (deleteRange !== undefined) checkDelete(deleteRange);
  else if (txn !== undefined) {
    throw grpcError(GrpcCode.unimplemented, 'etcdserver: a transaction inside a transaction is not supported');
  } else throw refusal('keyNotFound');
};

/**
 * A key is put at most once, and no key is both put and deleted, whichever keys there are. etcd takes the end that
 * means "every key from here on" by its letter, so it is the log that refuses what this lets through.
 */
const checkChangedOnce = (operations: readonly RequestOp[]): void => {
  const deleted = operations.flatMap(({ deleteRange }) => {
    const body = deleteRange === undefined ? undefined : deleteBody(deleteRange);
    return body === undefined ? [] : [body];
  });
  const put = new Set<string>();
  for (const operation of operations) {
    if (operation.put === undefined) continue;
    const { key } = operation.put;
    if (put.has(key) || deleted.some((range) => holds(range, key))) throw refusal('duplicateKey');
    put.add(key);
  }
};

const holds = (range: { readonly key: string; readonly rangeEnd?: string }, key: string): boolean => {
  if (range.rangeEnd === undefined) return key === range.key;
  return key >= range.key && key < range.rangeEnd;
};
