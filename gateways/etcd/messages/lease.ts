import { bool, each, encoded, id64, int64, key, list, message, text } from '#gateways/etcd/protobuf/message';

// Names and numbers of `etcdserverpb.Lease`.

export const LeaseGrantRequest = message({ ttl: [1, int64], id: [2, id64] });
export const LeaseGrantResponse = message({
  header: [1, encoded],
  id: [2, id64],
  ttl: [3, int64],
  error: [4, text],
});

export const LeaseRevokeRequest = message({ id: [1, id64] });
export const LeaseRevokeResponse = message({ header: [1, encoded] });

export const LeaseKeepAliveRequest = message({ id: [1, id64] });
export const LeaseKeepAliveResponse = message({ header: [1, encoded], id: [2, id64], ttl: [3, int64] });

export const LeaseTimeToLiveRequest = message({ id: [1, id64], keys: [2, bool] });
export const LeaseTimeToLiveResponse = message({
  header: [1, encoded],
  id: [2, id64],
  ttl: [3, int64],
  grantedTtl: [4, int64],
  keys: [5, each(key)],
});

export const LeaseLeasesResponse = message({
  header: [1, encoded],
  leases: [2, list(message({ id: [1, id64] }))],
});
