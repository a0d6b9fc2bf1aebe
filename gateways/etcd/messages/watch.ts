import {
  bool,
  encoded,
  int64,
  key,
  list,
  message,
  nested,
  numbers,
  text,
  type InputOf,
  type MessageOf,
} from '#gateways/etcd/protobuf/message';
import { KeyValue } from '#gateways/etcd/messages/kv';

// Names and numbers of `etcdserverpb.Watch` and `mvccpb`.

export const EventType = { put: 0, delete: 1 } as const;

export const Event = message({
  type: [1, int64],
  kv: [2, nested(KeyValue)],
  prevKv: [3, nested(KeyValue)],
});

export const FilterType = { noPut: 0, noDelete: 1 } as const;

export const WatchCreateRequest = message({
  key: [1, key],
  rangeEnd: [2, key],
  startRevision: [3, int64],
  progressNotify: [4, bool],
  filters: [5, numbers],
  prevKv: [6, bool],
  watchId: [7, int64],
  fragment: [8, bool],
});

export const WatchRequest = message({
  create: [1, nested(WatchCreateRequest)],
  cancel: [2, nested(message({ watchId: [1, int64] }))],
  progress: [3, encoded],
});

export const WatchResponse = message({
  header: [1, encoded],
  watchId: [2, int64],
  created: [3, bool],
  canceled: [4, bool],
  compactRevision: [5, int64],
  cancelReason: [6, text],
  fragment: [7, bool],
  events: [11, list(Event)],
});

export type Event = InputOf<typeof Event>;
export type WatchCreateRequest = MessageOf<typeof WatchCreateRequest>;
export type WatchResponse = InputOf<typeof WatchResponse>;
