import { GrpcCode, grpcError, type GrpcError } from '#gateways/etcd/http2/grpc-status';
import { Full, Overloaded, Unknown } from '#log/engine';
import type { Rejected } from '#log/outcome';
import type { Category, Rejection } from '#commands/rejection';

/** What etcd's clients know, word for word: they compare code and message (`rpctypes` of etcd 3.4). */
const known = {
  emptyKey: [GrpcCode.invalidArgument, 'etcdserver: key is not provided'],
  keyNotFound: [GrpcCode.invalidArgument, 'etcdserver: key not found'],
  valueProvided: [GrpcCode.invalidArgument, 'etcdserver: value is provided'],
  leaseProvided: [GrpcCode.invalidArgument, 'etcdserver: lease is provided'],
  tooManyOps: [GrpcCode.invalidArgument, 'etcdserver: too many operations in txn request'],
  duplicateKey: [GrpcCode.invalidArgument, 'etcdserver: duplicate key given in txn request'],
  invalidSort: [GrpcCode.invalidArgument, 'etcdserver: invalid sort option'],
  compacted: [GrpcCode.outOfRange, 'etcdserver: mvcc: required revision has been compacted'],
  futureRevision: [GrpcCode.outOfRange, 'etcdserver: mvcc: required revision is a future revision'],
  noSpace: [GrpcCode.resourceExhausted, 'etcdserver: mvcc: database space exceeded'],
  leaseNotFound: [GrpcCode.notFound, 'etcdserver: requested lease not found'],
  leaseExists: [GrpcCode.failedPrecondition, 'etcdserver: lease already exists'],
  leaseTtlTooLarge: [GrpcCode.outOfRange, 'etcdserver: too large lease TTL'],
  requestTooLarge: [GrpcCode.invalidArgument, 'etcdserver: request is too large'],
  tooManyRequests: [GrpcCode.resourceExhausted, 'etcdserver: too many requests'],
  userEmpty: [GrpcCode.invalidArgument, 'etcdserver: user name is empty'],
  authFailed: [GrpcCode.invalidArgument, 'etcdserver: authentication failed, invalid user ID or password'],
  invalidToken: [GrpcCode.unauthenticated, 'etcdserver: invalid auth token'],
  permissionDenied: [GrpcCode.permissionDenied, 'etcdserver: permission denied'],
  timeout: [GrpcCode.unavailable, 'etcdserver: request timed out'],
  stopped: [GrpcCode.unavailable, 'etcdserver: server stopped'],
  badTransferee: [GrpcCode.failedPrecondition, 'etcdserver: bad leader transferee'],
  noLeaderElected: [GrpcCode.unknown, 'election: no leader'],
  notLeader: [GrpcCode.unknown, 'election: not leader'],
  leaderMissing: [GrpcCode.unknown, '"leader" field must be provided'],
  sessionExpired: [GrpcCode.unknown, 'mutex: session is expired'],
} as const;

export type Refusal = keyof typeof known;

export const refusal = (name: Refusal): GrpcError => {
  const [code, message] = known[name];
  return grpcError(code, message);
};

const byRejection: Readonly<Record<string, Refusal>> = {
  'lease.absent': 'leaseNotFound',
  'lease.ended': 'leaseNotFound',
  'lease.exists': 'leaseExists',
  'key.absent': 'keyNotFound',
  'key.duplicate': 'duplicateKey',
  'key-quota.exceeded': 'noSpace',
  'history.compacted': 'compacted',
  'history.future': 'futureRevision',
  'request.forbidden': 'permissionDenied',
  'object.absent': 'permissionDenied',
  'credential.ended': 'invalidToken',
};

const byCategory: Readonly<Record<Category, GrpcCode>> = {
  invalid: GrpcCode.invalidArgument,
  forbidden: GrpcCode.permissionDenied,
  absent: GrpcCode.notFound,
  conflict: GrpcCode.failedPrecondition,
  exhausted: GrpcCode.resourceExhausted,
  unavailable: GrpcCode.unavailable,
};

/** A recorded rejection in etcd's words; where etcd has none, in ours, with what to do. */
export const refusalOf = ({ code, category, message, fix }: Rejected): GrpcError => {
  const name = byRejection[code];
  return name === undefined ? grpcError(byCategory[category], `etcdserver: ${message} ${fix}`) : refusal(name);
};

/** A refused read. A client whose token ended asks for another one. */
export const deniedBy = ({ code }: Rejection): GrpcError =>
  refusal(code === 'credential.ended' ? 'invalidToken' : 'permissionDenied');

/** For a submission that has no outcome. */
export const refusalOfFailure = (error: unknown): unknown => {
  if (error instanceof Full) return refusal('noSpace');
  if (error instanceof Overloaded) return refusal('tooManyRequests');
  return error instanceof Unknown ? refusal('timeout') : error;
};
