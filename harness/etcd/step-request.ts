import type { ICompare, IRangeRequest, IRequestOp } from 'etcd3';
import type { CompareStep, DeleteStep, Operation, PutStep, RangeStep, WatchStep } from '#harness/etcd/trace';

/** Trace steps as the client takes them. `revision` gives the revision that a server gave to an ordinal. */
export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** An end that is sent but empty means "from the key on" to etcd, by the way it was decoded. */
const endOf = (rangeEnd: string): { readonly range_end?: Buffer } =>
  rangeEnd === '' ? {} : { range_end: bytes(rangeEnd) };

export const putRequest = (put: PutStep) => ({
  key: bytes(put.key),
  value: bytes(put.value),
  lease: put.lease,
  prev_kv: put.prevKv,
  ignore_value: put.ignoreValue,
  ignore_lease: put.ignoreLease,
});

export const deleteRequest = ({ key, rangeEnd, prevKv }: DeleteStep) => ({
  key: bytes(key),
  ...endOf(rangeEnd),
  prev_kv: prevKv,
});

export const rangeRequest = (range: RangeStep, revision: (ordinal: number) => number): IRangeRequest => ({
  key: bytes(range.key),
  ...endOf(range.rangeEnd),
  limit: range.limit,
  revision: revision(range.revision),
  sort_order: range.sortOrder,
  sort_target: range.sortTarget,
  keys_only: range.keysOnly,
  count_only: range.countOnly,
  min_mod_revision: revision(range.minMod),
  max_mod_revision: revision(range.maxMod),
  min_create_revision: revision(range.minCreate),
  max_create_revision: revision(range.maxCreate),
});

export const compareRequest = (compare: CompareStep, revision: (ordinal: number) => number): ICompare => {
  const { key, rangeEnd, target, result, number, value } = compare;
  const what = { key: bytes(key), ...endOf(rangeEnd), target, result };
  switch (target) {
    case 'Version':
      return { ...what, version: number };
    case 'Create':
      return { ...what, create_revision: revision(number) };
    case 'Mod':
      return { ...what, mod_revision: revision(number) };
    case 'Value':
      return { ...what, value: bytes(value) };
    case 'Lease':
      return { ...what, lease: number };
  }
};

export const operationRequest = (operation: Operation, revision: (ordinal: number) => number): IRequestOp => {
  if ('put' in operation) return { request_put: putRequest(operation.put) };
  if ('range' in operation) return { request_range: rangeRequest(operation.range, revision) };
  if ('delete' in operation) return { request_delete_range: deleteRequest(operation.delete) };
  return { request_txn: { compare: [], success: [], failure: [] } };
};

export const watchRequest = (watch: WatchStep, startRevision: number) => ({
  key: bytes(watch.key),
  ...endOf(watch.rangeEnd),
  start_revision: startRevision,
  prev_kv: watch.prevKv,
  filters: [...(watch.noPut ? (['Noput'] as const) : []), ...(watch.noDelete ? (['Nodelete'] as const) : [])],
  watch_id: watch.watchId,
});
