import { bool, each, encoded, int64, list, message, text, uint64 } from '#gateways/etcd/protobuf/message';

// Names and numbers of `etcdserverpb.Maintenance`, `etcdserverpb.Cluster` and `grpc.health.v1`.

export const AlarmAction = { get: 0, activate: 1, deactivate: 2 } as const;
export const AlarmType = { none: 0, noSpace: 1, corrupt: 2 } as const;

export const AlarmRequest = message({ action: [1, int64], memberId: [2, uint64], alarm: [3, int64] });
export const AlarmResponse = message({
  header: [1, encoded],
  alarms: [2, list(message({ memberId: [1, uint64], alarm: [2, int64] }))],
});

export const StatusResponse = message({
  header: [1, encoded],
  version: [2, text],
  dbSize: [3, int64],
  leader: [4, uint64],
  raftIndex: [5, int64],
  raftTerm: [6, int64],
  raftAppliedIndex: [7, int64],
  errors: [8, each(text)],
  dbSizeInUse: [9, int64],
  isLearner: [10, bool],
});

export const DefragmentResponse = message({ header: [1, encoded] });

export const HashResponse = message({ header: [1, encoded], hash: [2, int64] });
export const HashKvRequest = message({ revision: [1, int64] });
export const HashKvResponse = message({ header: [1, encoded], hash: [2, int64], compactRevision: [3, int64] });

const Member = message({
  id: [1, uint64],
  name: [2, text],
  peerUrls: [3, each(text)],
  clientUrls: [4, each(text)],
  isLearner: [5, bool],
});

export const MemberListResponse = message({ header: [1, encoded], members: [2, list(Member)] });

export const HealthResponse = message({ status: [1, int64] });
export const serving = 1;
