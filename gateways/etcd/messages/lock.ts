import { bytes, encoded, id64, int64, key, message, nested, type MessageOf } from '#gateways/etcd/protobuf/message';
import { KeyValue } from '#gateways/etcd/messages/kv';

// Names and numbers of `v3lockpb` and `v3electionpb`.

export const LockRequest = message({ name: [1, key], lease: [2, id64] });
export const LockResponse = message({ header: [1, encoded], key: [2, key] });
export const UnlockRequest = message({ key: [1, key] });
export const UnlockResponse = message({ header: [1, encoded] });

const LeaderKey = message({ name: [1, key], key: [2, key], revision: [3, int64], lease: [4, id64] });

export const CampaignRequest = message({ name: [1, key], lease: [2, id64], value: [3, bytes] });
export const CampaignResponse = message({ header: [1, encoded], leader: [2, nested(LeaderKey)] });
export const LeaderRequest = message({ name: [1, key] });
export const LeaderResponse = message({ header: [1, encoded], kv: [2, nested(KeyValue)] });
export const ProclaimRequest = message({ leader: [1, nested(LeaderKey)], value: [2, bytes] });
export const ProclaimResponse = message({ header: [1, encoded] });
export const ResignRequest = message({ leader: [1, nested(LeaderKey)] });
export const ResignResponse = message({ header: [1, encoded] });

export type LeaderKey = MessageOf<typeof LeaderKey>;
export type CampaignRequest = MessageOf<typeof CampaignRequest>;
