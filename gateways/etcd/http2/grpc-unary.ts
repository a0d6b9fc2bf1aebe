import { encodingOf, timeoutMsOf, type CallEnvironment, type GrpcCall } from '#gateways/etcd/http2/grpc-call';
import { MessageReader, type MessageSink } from '#gateways/etcd/http2/grpc-message';
import { GrpcCode, GrpcError, trailersOnly, type GrpcStatus } from '#gateways/etcd/http2/grpc-status';
import type { RequestHead } from '#gateways/etcd/http2/request-head';
import type { Http2Stream, StreamSink } from '#gateways/etcd/http2/stream';

/**
 * One request message to one response message. Refuses by throwing, or rejecting with, a `GrpcError`. The request is a
 * view of what the socket read: copy what is to be kept for long.
 */
export type UnaryHandler = (request: Buffer, call: GrpcCall) => Promise<Uint8Array> | Uint8Array;

/** One call of a unary method. */
export class UnaryExchange implements StreamSink, GrpcCall, MessageSink {
  cancelled = false;
  private readonly stream: Http2Stream;
  private readonly head: RequestHead;
  private readonly environment: CallEnvironment;
  private readonly handler: UnaryHandler;
  private readonly reader: MessageReader;
  private request: Buffer | undefined;
  private deadline: NodeJS.Timeout | undefined;

  constructor(stream: Http2Stream, head: RequestHead, environment: CallEnvironment, handler: UnaryHandler) {
    this.stream = stream;
    this.head = head;
    this.environment = environment;
    this.handler = handler;
    const encoding = encodingOf(head) ?? 'identity';
    this.reader = new MessageReader(environment.maxMessageBytes, encoding, environment, this);
  }

  get path(): string {
    return this.head.path;
  }

  get peer(): string {
    return this.environment.peer;
  }

  metadata(name: string): string | undefined {
    return this.head.fields.get(name);
  }

  data(bytes: Buffer, start: number, end: number) {
    const fault = this.reader.push(bytes, start, end);
    if (fault !== undefined) this.refuse(fault);
  }

  message(payload: Buffer) {
    if (this.request === undefined) this.request = payload;
    else this.refuse({ code: GrpcCode.internal, message: 'a unary call with more than one message' });
  }

  ended() {
    const { request } = this;
    this.request = undefined;
    if (request === undefined || this.reader.incomplete) {
      this.refuse({ code: GrpcCode.internal, message: 'a unary call without a complete message' });
    } else this.run(request);
  }

  aborted() {
    this.cancelled = true;
    this.reader.discard();
    clearTimeout(this.deadline);
  }

  drained() {}

  private run(request: Buffer) {
    const { environment } = this;
    try {
      const answer = this.handler(request, this);
      if (answer instanceof Uint8Array) {
        this.reply(answer);
        return;
      }
      environment.running += 1;
      this.startDeadline();
      answer.then(
        (payload) => {
          environment.running -= 1;
          this.reply(payload);
        },
        (error: unknown) => {
          environment.running -= 1;
          this.fail(error);
        },
      );
    } catch (error) {
      this.fail(error);
    }
  }

  private startDeadline() {
    const timeoutMs = timeoutMsOf(this.head);
    if (timeoutMs === undefined) return;
    this.deadline = setTimeout(() => {
      this.cancelled = true;
      this.refuse({ code: GrpcCode.deadlineExceeded, message: 'context deadline exceeded' });
    }, timeoutMs);
  }

  private reply(payload: Uint8Array) {
    if (this.deadline !== undefined) clearTimeout(this.deadline);
    if (!this.stream.writable) return;
    this.stream.headers('response');
    this.stream.message(payload);
    this.stream.end('ok');
  }

  private fail(error: unknown) {
    if (error instanceof GrpcError) {
      this.refuse(error);
      return;
    }
    this.environment.onDefect(error, this.path);
    this.refuse({ code: GrpcCode.internal, message: 'internal error' });
  }

  private refuse(status: GrpcStatus) {
    this.reader.discard();
    clearTimeout(this.deadline);
    this.stream.end(trailersOnly(status));
  }
}
