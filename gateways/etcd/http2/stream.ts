import type { ErrorCode } from '#gateways/etcd/http2/error-code';
import type { ResponseSection } from '#gateways/etcd/http2/header-encoder';
import type { Outflow, Transmitter } from '#gateways/etcd/http2/transmitter';

/** What a request does, told to the layer above. Nothing is told after `aborted`, or after our own end or reset. */
export interface StreamSink {
  /** Body octets `bytes[start, end)`, which may be kept. */
  data(bytes: Buffer, start: number, end: number): void;
  /** END_STREAM: the request is complete and has as many octets as its content-length said. */
  ended(): void;
  /** The peer reset the stream, broke a rule on it, or is gone. */
  aborted(): void;
  /** Everything written has left the stream's queue. */
  drained(): void;
}

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly transmitter: Transmitter;
  /** END_STREAM has been sent. */
  finished(stream: Http2Stream): void;
  /** Lets the peer send more on the stream, if it has used much of what it may. */
  replenishStream(stream: Http2Stream): void;
  /** Sends RST_STREAM and forgets the stream. */
  abandon(stream: Http2Stream, code: ErrorCode): void;
}

/** A request and its answer (RFC 9113 section 5.1, from `open` on). Writes after the end are ignored. */
export class Http2Stream implements Outflow {
  readonly id: number;
  sendWindow: number;
  queue: Buffer[] = [];
  queueHead = 0;
  queuedBytes = 0;
  trailers: ResponseSection | undefined;
  /** What the peer may still send, and what it has sent since it was last given more (6.9). */
  receiveWindow: number;
  receivedBytes = 0;
  /** Body octets that content-length promised and that have not arrived (8.1.1). */
  missingBytes: number | undefined;
  remoteClosed = false;
  localClosed = false;
  sink: StreamSink;
  private readonly owner: StreamOwner;
  private ending = false;

  constructor(id: number, owner: StreamOwner, receiveWindow: number, sink: StreamSink) {
    this.id = id;
    this.owner = owner;
    this.sendWindow = owner.transmitter.initialWindow;
    this.receiveWindow = receiveWindow;
    this.sink = sink;
  }

  /** False after the end, a reset or the loss of the connection: nothing can be written any more. */
  get writable(): boolean {
    return !this.ending && !this.localClosed;
  }

  headers(section: ResponseSection) {
    if (this.writable) this.owner.transmitter.headers(this, section);
  }

  message(payload: Uint8Array) {
    if (this.writable) this.owner.transmitter.message(this, payload);
  }

  data(bytes: Buffer) {
    if (this.writable) this.owner.transmitter.data(this, bytes);
  }

  /** Sends the section with END_STREAM once everything written has been sent. */
  end(section: ResponseSection) {
    if (!this.writable) return;
    this.ending = true;
    this.owner.transmitter.end(this, section);
  }

  /** Drops what is queued and sends RST_STREAM, unless the stream is closed already. */
  reset(code: ErrorCode) {
    if (!this.localClosed) this.owner.abandon(this, code);
  }

  drained() {
    if (!this.remoteClosed) this.owner.replenishStream(this);
    this.sink.drained();
  }

  sent() {
    this.localClosed = true;
    this.owner.finished(this);
  }
}
