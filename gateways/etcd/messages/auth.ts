import { bool, encoded, int64, message, text } from '#gateways/etcd/protobuf/message';

// Names and numbers of `etcdserverpb.Auth`.

export const AuthenticateRequest = message({ name: [1, text], password: [2, text] });
export const AuthenticateResponse = message({ header: [1, encoded], token: [2, text] });
export const AuthStatusResponse = message({ header: [1, encoded], enabled: [2, bool], authRevision: [3, int64] });
