import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { encodingOf, timeoutMsOf, type CallEnvironment } from '#gateways/etcd/http2/grpc-call';
import { GrpcCode, trailersOnly, type GrpcStatus } from '#gateways/etcd/http2/grpc-status';
import { StreamExchange, type StreamHandler } from '#gateways/etcd/http2/grpc-stream';
import { UnaryExchange, type UnaryHandler } from '#gateways/etcd/http2/grpc-unary';
import type { HeaderPair } from '#gateways/etcd/http2/header-encoder';
import type { RequestHead } from '#gateways/etcd/http2/request-head';
import type { Http2Stream, StreamSink } from '#gateways/etcd/http2/stream';

export type GrpcHandler =
  | { readonly kind: 'unary'; readonly handle: UnaryHandler }
  | { readonly kind: 'stream'; readonly handle: StreamHandler };

/** By `/package.Service/Method`. */
export type GrpcHandlers = ReadonlyMap<string, GrpcHandler>;

/** Takes what is left of a request that has been answered. */
const answered: StreamSink = { data() {}, ended() {}, aborted() {}, drained() {} };

const grpcContentType = /^application\/grpc(?:$|[+;])/;

type Refusal = { readonly status: string; readonly fields: readonly HeaderPair[] } | GrpcStatus;

/** The gRPC protocol's demands on a request, in the order in which a client can make sense of the answer. */
const refusalOf = (head: RequestHead): Refusal | undefined => {
  if (head.method !== 'POST') return { status: '405', fields: [['allow', 'POST']] };
  if (!grpcContentType.test(head.fields.get('content-type') ?? '')) return { status: '415', fields: [] };
  if (head.fields.get('te') !== 'trailers') {
    return { code: GrpcCode.internal, message: 'the request has no field "te: trailers"' };
  }
  if (encodingOf(head) === undefined) {
    const message = `grpc: decompressor is not installed for grpc-encoding "${head.fields.get('grpc-encoding') ?? ''}"`;
    return { code: GrpcCode.unimplemented, message };
  }
  if (Number.isNaN(timeoutMsOf(head))) return { code: GrpcCode.internal, message: 'malformed grpc-timeout' };
  return undefined;
};

const answer = (stream: Http2Stream, refusal: Refusal) => {
  if ('status' in refusal) stream.end([[':status', refusal.status], ...refusal.fields]);
  else if (refusal.code !== GrpcCode.unimplemented) stream.end(trailersOnly(refusal));
  else stream.end(trailersOnly(refusal, [['grpc-accept-encoding', 'identity,gzip']]));
};

const unknownMethod = (handlers: GrpcHandlers, path: string): GrpcStatus => {
  const [, service = '', method = ''] = path.split('/', 3);
  const prefix = `/${service}/`;
  const known = [...handlers.keys()].some((handled) => handled.startsWith(prefix));
  const message = known ? `unknown method ${method} for service ${service}` : `unknown service ${service}`;
  return { code: GrpcCode.unimplemented, message };
};

/** What may already have been judged about a head: heads are shared by requests whose field block is the same. */
type Verdicts = WeakMap<RequestHead, GrpcHandler | Refusal>;

const judge = (handlers: GrpcHandlers, head: RequestHead): GrpcHandler | Refusal =>
  refusalOf(head) ?? handlers.get(head.path) ?? unknownMethod(handlers, head.path);

/** Takes the requests of one connection to their handlers. */
export const routeCalls = (handlers: GrpcHandlers, environment: CallEnvironment) => {
  const verdicts: Verdicts = new WeakMap();
  return (stream: Http2Stream, head: RequestHead): StreamSink => {
    let verdict = verdicts.get(head);
    if (verdict === undefined) {
      verdict = judge(handlers, head);
      verdicts.set(head, verdict);
    }
    if (!('kind' in verdict)) {
      answer(stream, verdict);
      return answered;
    }
    if (verdict.kind === 'unary') {
      if (environment.running < environment.maxRunning) {
        return new UnaryExchange(stream, head, environment, verdict.handle);
      }
      // Cancelled calls give their stream back at once, their work only when it is done (CVE-2023-44487).
      stream.reset(ErrorCode.refusedStream);
      return answered;
    }
    const exchange = new StreamExchange(stream, head, environment);
    stream.sink = exchange;
    exchange.start(verdict.handle);
    return exchange;
  };
};
