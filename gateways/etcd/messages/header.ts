import { int64, message, uint64 } from '#gateways/etcd/protobuf/message';

/** In every answer: where it comes from and the revision that it is of. */
export const ResponseHeader = message({
  clusterId: [1, uint64],
  memberId: [2, uint64],
  revision: [3, int64],
  raftTerm: [4, int64],
});
