import type { NounRange } from '#aggregates/access';
import type { Caller, Node } from '#gateways/node';
import { GrpcCode, grpcError } from '#gateways/etcd/http2/grpc-status';
import type { GrpcCall } from '#gateways/etcd/http2/grpc-call';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import type { GrpcStream } from '#gateways/etcd/http2/grpc-stream';
import { ResponseHeader } from '#gateways/etcd/messages/header';
import { Malformed } from '#gateways/etcd/protobuf/reader';
import { deniedBy, refusal, refusalOf, refusalOfFailure } from '#gateways/etcd/refusal';
import type { Sessions } from '#gateways/etcd/auth/sessions';
import type { Accepted, Outcome } from '#log/outcome';

/** What every method of the gateway works with. */
export interface Service {
  readonly node: Node;
  readonly sessions: Sessions;
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** An encoded `ResponseHeader`. */
  readonly header: (revision: number) => Buffer;
  /** Where clients reach this gateway, as a URL. */
  url(): string;
}

/** There is one log and no election, so the term never changes. */
export const raftTerm = 1;

export const serviceOf = (node: Node, sessions: Sessions, url: () => string): Service => {
  const identity = { clusterId: idOf(node.clusterId, 0), memberId: idOf(node.clusterId, 16) };
  // The fields of a message may be encoded apart: those that never change are, once.
  const same = ResponseHeader.encode({ ...identity, raftTerm });
  let last: { readonly revision: number; readonly header: Buffer } = { revision: -1, header: Buffer.alloc(0) };
  return {
    node,
    sessions,
    ...identity,
    url,
    header: (revision) => {
      // Many answers of one turn are of one revision.
      if (last.revision !== revision) {
        last = { revision, header: Buffer.concat([same, ResponseHeader.encode({ revision })]) };
      }
      return last.header;
    },
  };
};

/** Sixteen of the hex digits; 0 means "none" to etcd's clients. */
const idOf = (hex: string, from: number): bigint => BigInt(`0x${hex.slice(from, from + 16).padEnd(16, '0')}`) || 1n;

interface Decoder<Request> {
  decode(bytes: Buffer): Request;
}

/** Decodes a request; what is no message of its type is answered as grpc-go does. */
export const decoded = <Request>(type: Decoder<Request>, bytes: Buffer): Request => {
  try {
    return type.decode(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw grpcError(GrpcCode.internal, `grpc: error unmarshalling request: ${error.message}`);
  }
};

/** A method for callers with a valid token. `size` is that of the request in bytes. */
export const unary = <Request>(
  service: Service,
  type: Decoder<Request>,
  answer: (request: Request, caller: Caller, call: GrpcCall, size: number) => Buffer | Promise<Buffer>,
): GrpcHandler => ({
  kind: 'unary',
  handle: (bytes, call) => {
    const caller = service.sessions.caller(call);
    return answer(decoded(type, bytes), caller, call, bytes.length);
  },
});

/**
 * Throws what etcd throws when a caller may not do something to every object of a range, or to the cluster without one.
 * For reads; what changes something is judged in the log.
 */
export const permit = ({ node }: Service, caller: Caller, permission: string, range?: NounRange): void => {
  const refused = node.refuses(caller, permission, range);
  if (refused !== undefined) throw deniedBy(refused);
};

/** etcd's bound of a request that changes something. What only reads may be as large as a message. */
const maxRequestBytes = 1.5 * 1024 * 1024;

export const checkSize = (size: number): void => {
  if (size > maxRequestBytes) throw refusal('requestTooLarge');
};

/** A streaming method for callers with a valid token. */
export const streaming = (service: Service, open: (stream: GrpcStream, caller: Caller) => void): GrpcHandler => ({
  kind: 'stream',
  handle: (stream) => open(stream, service.sessions.caller(stream)),
});

/** For requests without fields, or whose fields nothing depends on. */
export const anything: Decoder<undefined> = { decode: () => undefined };

export interface Command {
  readonly kind: string;
  readonly id: string;
  readonly body: unknown;
}

export interface Done {
  readonly position: number;
  readonly result: Accepted;
}

/** Runs a command in the log; refusals are thrown in etcd's words. */
export const submit = ({ node }: Service, caller: Caller, { kind, id, body }: Command): Promise<Done> => {
  const { name, credential, address } = caller;
  return node.engine
    .submit({ kind, id, body, principal: name, credential, address, source: 'etcd' })
    .then(doneOf, notDone);
};

const notDone = (error: unknown): never => {
  throw refusalOfFailure(error);
};

const doneOf = ({ position, result }: Outcome): Done => {
  if (result.status === 'accepted') return { position, result };
  // Requests of etcd's clients carry no id, so none is a repetition.
  if (result.status === 'duplicate') throw new Error('a request without an id cannot be a duplicate');
  throw refusalOf(result);
};
