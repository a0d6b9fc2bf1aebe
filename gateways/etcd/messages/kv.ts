import {
  bool,
  bytes,
  encoded,
  id64,
  int64,
  key,
  list,
  message,
  nested,
  type InputOf,
  type MessageOf,
} from '#gateways/etcd/protobuf/message';

// Names and numbers of `etcdserverpb.KV` and `mvccpb`. A `header` is an encoded `ResponseHeader`.

export const KeyValue = message({
  key: [1, key],
  createRevision: [2, int64],
  modRevision: [3, int64],
  version: [4, int64],
  value: [5, bytes],
  lease: [6, id64],
});

export const SortOrder = { none: 0, ascend: 1, descend: 2 } as const;
export const SortTarget = { key: 0, version: 1, create: 2, mod: 3, value: 4 } as const;

export const RangeRequest = message({
  key: [1, key],
  rangeEnd: [2, key],
  limit: [3, int64],
  revision: [4, int64],
  sortOrder: [5, int64],
  sortTarget: [6, int64],
  serializable: [7, bool],
  keysOnly: [8, bool],
  countOnly: [9, bool],
  minModRevision: [10, int64],
  maxModRevision: [11, int64],
  minCreateRevision: [12, int64],
  maxCreateRevision: [13, int64],
});

export const RangeResponse = message({
  header: [1, encoded],
  kvs: [2, list(KeyValue)],
  more: [3, bool],
  count: [4, int64],
});

export const PutRequest = message({
  key: [1, key],
  value: [2, bytes],
  lease: [3, id64],
  prevKv: [4, bool],
  ignoreValue: [5, bool],
  ignoreLease: [6, bool],
});

export const PutResponse = message({ header: [1, encoded], prevKv: [2, nested(KeyValue)] });

export const DeleteRangeRequest = message({ key: [1, key], rangeEnd: [2, key], prevKv: [3, bool] });

export const DeleteRangeResponse = message({
  header: [1, encoded],
  deleted: [2, int64],
  prevKvs: [3, list(KeyValue)],
});

export const CompareResult = { equal: 0, greater: 1, less: 2, notEqual: 3 } as const;
export const CompareTarget = { version: 0, create: 1, mod: 2, value: 3, lease: 4 } as const;

export const Compare = message({
  result: [1, int64],
  target: [2, int64],
  key: [3, key],
  version: [4, int64],
  createRevision: [5, int64],
  modRevision: [6, int64],
  value: [7, bytes],
  lease: [8, id64],
  rangeEnd: [64, key],
});

export const RequestOp = message({
  range: [1, nested(RangeRequest)],
  put: [2, nested(PutRequest)],
  deleteRange: [3, nested(DeleteRangeRequest)],
  /** A transaction inside a transaction, which is refused and not read. */
  txn: [4, encoded],
});

export const ResponseOp = message({
  range: [1, nested(RangeResponse)],
  put: [2, nested(PutResponse)],
  deleteRange: [3, nested(DeleteRangeResponse)],
});

export const TxnRequest = message({
  compare: [1, list(Compare)],
  success: [2, list(RequestOp)],
  failure: [3, list(RequestOp)],
});

export const TxnResponse = message({
  header: [1, encoded],
  succeeded: [2, bool],
  responses: [3, list(ResponseOp)],
});

export const CompactionRequest = message({ revision: [1, int64], physical: [2, bool] });
export const CompactionResponse = message({ header: [1, encoded] });

export type KeyValue = InputOf<typeof KeyValue>;
export type RangeRequest = MessageOf<typeof RangeRequest>;
export type RangeResponse = InputOf<typeof RangeResponse>;
export type PutRequest = MessageOf<typeof PutRequest>;
export type DeleteRangeRequest = MessageOf<typeof DeleteRangeRequest>;
export type Compare = MessageOf<typeof Compare>;
export type RequestOp = MessageOf<typeof RequestOp>;
export type ResponseOp = InputOf<typeof ResponseOp>;
export type TxnRequest = MessageOf<typeof TxnRequest>;
