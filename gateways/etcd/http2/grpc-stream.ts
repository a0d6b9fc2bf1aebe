import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { encodingOf, timeoutMsOf, type CallEnvironment, type GrpcCall } from '#gateways/etcd/http2/grpc-call';
import { MessageReader, type MessageSink } from '#gateways/etcd/http2/grpc-message';
import { GrpcCode, GrpcError, trailersOf, trailersOnly, type GrpcStatus } from '#gateways/etcd/http2/grpc-status';
import type { RequestHead } from '#gateways/etcd/http2/request-head';
import type { Http2Stream, StreamSink } from '#gateways/etcd/http2/stream';

/** A call with any number of messages either way. Callbacks are to be set before the handler returns. */
export interface GrpcStream extends GrpcCall {
  /** Bytes written that wait for the client to read; the writer decides how many are too many. */
  readonly bufferedBytes: number;
  /** False once the call is over, by whichever side: writes are ignored. */
  readonly writable: boolean;
  onMessage(listener: (message: Buffer) => void): void;
  /** The client has sent all its messages. */
  onHalfClose(listener: () => void): void;
  /** The client has cancelled, its deadline has passed, or its connection is gone. Not after our own `end`. */
  onCancel(listener: () => void): void;
  /** `bufferedBytes` has come back to 0. */
  onDrain(listener: () => void): void;
  /** Sends the response headers, which otherwise precede the first message. */
  sendHeaders(): void;
  /** Sends a message, which must not be changed afterwards. */
  write(payload: Uint8Array): void;
  /** Sends what `encodeMessage` made, to as many streams as there are, without a copy for each. */
  writeFramed(framed: Buffer): void;
  /** Ends the call once everything written has been sent. */
  end(status: GrpcStatus): void;
  /** Ends the call at once; what is buffered is dropped, and the client sees RST_STREAM. */
  abort(): void;
}

/** Throwing a `GrpcError` ends the call with it. */
export type StreamHandler = (stream: GrpcStream) => void;

const ignore = () => {};

/** One call of a streaming method. */
export class StreamExchange implements StreamSink, GrpcStream, MessageSink {
  cancelled = false;
  private readonly stream: Http2Stream;
  private readonly head: RequestHead;
  private readonly environment: CallEnvironment;
  private readonly reader: MessageReader;
  private opened = false;
  private messageListener: (message: Buffer) => void = ignore;
  private halfCloseListener: () => void = ignore;
  private cancelListener: () => void = ignore;
  private drainListener: () => void = ignore;
  private deadline: NodeJS.Timeout | undefined;

  constructor(stream: Http2Stream, head: RequestHead, environment: CallEnvironment) {
    this.stream = stream;
    this.head = head;
    this.environment = environment;
    const encoding = encodingOf(head) ?? 'identity';
    this.reader = new MessageReader(environment.maxMessageBytes, encoding, environment, this);
  }

  /** Hands the call to its handler. */
  start(handler: StreamHandler) {
    const timeoutMs = timeoutMsOf(this.head);
    if (timeoutMs !== undefined) {
      this.deadline = setTimeout(() => {
        if (!this.stream.writable) return;
        this.end({ code: GrpcCode.deadlineExceeded, message: 'context deadline exceeded' });
        this.aborted();
      }, timeoutMs);
    }
    this.guard(() => handler(this));
  }

  get path(): string {
    return this.head.path;
  }

  get peer(): string {
    return this.environment.peer;
  }

  get bufferedBytes(): number {
    return this.stream.queuedBytes;
  }

  get writable(): boolean {
    return this.stream.writable;
  }

  metadata(name: string): string | undefined {
    return this.head.fields.get(name);
  }

  onMessage(listener: (message: Buffer) => void) {
    this.messageListener = listener;
  }

  onHalfClose(listener: () => void) {
    this.halfCloseListener = listener;
  }

  onCancel(listener: () => void) {
    this.cancelListener = listener;
  }

  onDrain(listener: () => void) {
    this.drainListener = listener;
  }

  sendHeaders() {
    if (this.opened) return;
    this.opened = true;
    this.stream.headers('response');
  }

  write(payload: Uint8Array) {
    this.sendHeaders();
    this.stream.message(payload);
  }

  writeFramed(framed: Buffer) {
    this.sendHeaders();
    this.stream.data(framed);
  }

  end(status: GrpcStatus) {
    clearTimeout(this.deadline);
    this.reader.discard();
    this.stream.end(this.opened ? trailersOf(status) : trailersOnly(status));
  }

  abort() {
    clearTimeout(this.deadline);
    this.reader.discard();
    this.stream.reset(ErrorCode.cancel);
  }

  data(bytes: Buffer, start: number, end: number) {
    const fault = this.reader.push(bytes, start, end);
    if (fault === undefined) return;
    this.end(fault);
    this.aborted();
  }

  message(payload: Buffer) {
    // One DATA frame may hold messages behind the one that ended the call.
    if (this.stream.writable) this.guard(() => this.messageListener(payload));
  }

  ended() {
    if (this.reader.incomplete) {
      this.end({ code: GrpcCode.internal, message: 'the request ends inside a message' });
      this.aborted();
    } else this.guard(this.halfCloseListener);
  }

  aborted() {
    if (this.cancelled) return;
    this.cancelled = true;
    clearTimeout(this.deadline);
    this.reader.discard();
    this.guard(this.cancelListener);
  }

  drained() {
    this.guard(this.drainListener);
  }

  private guard(step: () => void) {
    try {
      step();
    } catch (error) {
      if (error instanceof GrpcError) {
        this.end(error);
        return;
      }
      this.environment.onDefect(error, this.path);
      this.end({ code: GrpcCode.internal, message: 'internal error' });
    }
  }
}
