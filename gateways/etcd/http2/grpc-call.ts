import type { HeldMemory, RequestEncoding } from '#gateways/etcd/http2/grpc-message';
import type { RequestHead } from '#gateways/etcd/http2/request-head';

/** What a handler may ask about its call. */
export interface GrpcCall {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Address and port of the client. */
  readonly peer: string;
  /** Whether the client has cancelled, its deadline has passed, or its connection is gone. */
  readonly cancelled: boolean;
  /** A request field by its lower-case name; values of one name are joined with a comma. */
  metadata(name: string): string | undefined;
}

/** What the calls of one connection share. */
export interface CallEnvironment extends HeldMemory {
  readonly peer: string;
  readonly maxMessageBytes: number;
  /** Unary handlers that have not settled, those of cancelled calls included. */
  running: number;
  readonly maxRunning: number;
  /** Something other than a `GrpcError` was thrown by a handler. */
  readonly onDefect: (error: unknown, path: string) => void;
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };
/** The longest delay that timers of Node take; what is longer is as good as none. */
const maxTimerMs = 0x7fff_ffff;
/** Above a second, timers are set to a multiple of this, so that equal deadlines share a timer list. */
const coarseMs = 64;

/** grpc-timeout in milliseconds, rounded up; undefined without one, Number.NaN if it is malformed. */
export const timeoutMsOf = (head: RequestHead): number | undefined => {
  const text = head.fields.get('grpc-timeout');
  if (text === undefined) return undefined;
  if (!/^\d{1,8}[HMSmun]$/.test(text)) return Number.NaN;
  const ms = Math.ceil(Number(text.slice(0, -1)) * (unitMs[text.slice(-1)] as number));
  if (ms > maxTimerMs) return undefined;
  return ms > 1000 ? Math.min(maxTimerMs, Math.ceil(ms / coarseMs) * coarseMs) : ms;
};

/** grpc-encoding, if it is one that we read. */
export const encodingOf = (head: RequestHead): RequestEncoding | undefined => {
  const encoding = head.fields.get('grpc-encoding') ?? 'identity';
  return encoding === 'identity' || encoding === 'gzip' ? encoding : undefined;
};
