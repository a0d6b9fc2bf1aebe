import { defaultMaxFrameBytes, Flag, frameHeaderBytes, FrameType } from '#gateways/etcd/http2/frame';
import { putFrameHeader, putUint32 } from '#gateways/etcd/http2/frame';
import { HeaderEncoder, type ResponseSection } from '#gateways/etcd/http2/header-encoder';
import type { Outbound } from '#gateways/etcd/http2/outbound';

/** What one stream still has to send, in order: data, then the trailers. */
export interface Outflow {
  readonly id: number;
  /** The peer's flow-control window for this stream; negative after it shrank its initial window (6.9.2). */
  sendWindow: number;
  queue: Buffer[];
  /** Where in `queue` the next bytes are. */
  queueHead: number;
  queuedBytes: number;
  /** Trailers that follow the queue. */
  trailers: ResponseSection | undefined;
  /** The queue became empty. */
  drained(): void;
  /** END_STREAM has been sent. */
  sent(): void;
}

/** RFC 9113 6.9.1. */
export const maxWindowBytes = 0x7fff_ffff;
export const defaultWindowBytes = 65_535;
/** Frames are not made longer than this even where the peer would take it, so that streams take turns. */
const maxOwnFrameBytes = 65_536;
/** Up to here a payload is copied behind its frame header; above, the socket gets it by reference. */
const inlineBytes = 4096;
/** More than this in the socket's own queue means that the peer does not read: streams keep what follows. */
const socketBacklogBytes = 256 * 1024;
/** RFC 9113 and the gRPC protocol: a message has a flag octet and a length of four. */
const messagePrefixBytes = 5;
/** Sent entries at the front of a queue that are kept until it is cut, so that a long queue is not moved each time. */
const compactAfter = 4096;

/** The sending half of a connection: frames, flow control, and fair turns between streams (RFC 9113 5.2, 6.9). */
export class Transmitter {
  readonly outbound: Outbound;
  readonly encoder = new HeaderEncoder();
  /** What new streams begin with: the peer's SETTINGS_INITIAL_WINDOW_SIZE. */
  initialWindow = defaultWindowBytes;
  window = defaultWindowBytes;
  /** Of the peer's SETTINGS_MAX_FRAME_SIZE, what we use. */
  maxFrameBytes = defaultMaxFrameBytes;
  /** Data that streams hold because of a window or of a peer that does not read. */
  queuedBytes = 0;
  private readonly waiting = new Set<Outflow>();
  private socketFull = false;
  private pumping = false;

  constructor(outbound: Outbound) {
    this.outbound = outbound;
  }

  /** The peer's SETTINGS_MAX_FRAME_SIZE (6.5.2). */
  limitFrames(bytes: number) {
    this.maxFrameBytes = Math.min(bytes, maxOwnFrameBytes);
  }

  /** A frame of at most 16 KiB of payload, which is copied. */
  frame(type: number, flags: number, streamId: number, payload: Uint8Array) {
    const { outbound } = this;
    outbound.reserve(frameHeaderBytes + payload.length);
    putFrameHeader(outbound.region, outbound.position, payload.length, type, flags, streamId);
    outbound.region.set(payload, outbound.position + frameHeaderBytes);
    outbound.position += frameHeaderBytes + payload.length;
  }

  /** RST_STREAM (6.4) or WINDOW_UPDATE (6.9): a frame of one number. */
  numberFrame(type: number, streamId: number, value: number) {
    const { outbound } = this;
    outbound.reserve(frameHeaderBytes + 4);
    putFrameHeader(outbound.region, outbound.position, 4, type, 0, streamId);
    putUint32(outbound.region, outbound.position + frameHeaderBytes, value);
    outbound.position += frameHeaderBytes + 4;
  }

  headers(flow: Outflow, section: ResponseSection) {
    this.frame(FrameType.headers, Flag.endHeaders, flow.id, this.encoder.encode(section));
  }

  /** A length-prefixed gRPC message (flag 0). Copied when short, else held by reference until it is sent. */
  message(flow: Outflow, payload: Uint8Array) {
    const length = messagePrefixBytes + payload.length;
    if (length <= inlineBytes && this.sendable(flow, length)) {
      const { outbound } = this;
      outbound.reserve(frameHeaderBytes + length);
      const { region, position } = outbound;
      putFrameHeader(region, position, length, FrameType.data, 0, flow.id);
      region[position + frameHeaderBytes] = 0;
      putUint32(region, position + frameHeaderBytes + 1, payload.length);
      region.set(payload, position + frameHeaderBytes + messagePrefixBytes);
      outbound.position = position + frameHeaderBytes + length;
      this.take(flow, length);
      return;
    }
    const inline = length <= inlineBytes;
    const prefix = Buffer.alloc(inline ? length : messagePrefixBytes);
    putUint32(prefix, 1, payload.length);
    if (inline) prefix.set(payload, messagePrefixBytes);
    this.enqueue(flow, prefix);
    if (!inline) this.enqueue(flow, Buffer.from(payload.buffer, payload.byteOffset, payload.length));
    this.turn(flow);
  }

  /** Bytes that carry their prefixes already; held by reference until sent, so that many streams can share them. */
  data(flow: Outflow, bytes: Buffer) {
    if (bytes.length <= this.maxFrameBytes && this.sendable(flow, bytes.length)) {
      this.dataFrame(flow, bytes);
      return;
    }
    this.enqueue(flow, bytes);
    this.turn(flow);
  }

  /** Ends the stream after what it still has queued. */
  end(flow: Outflow, trailers: ResponseSection) {
    if (flow.queuedBytes > 0) flow.trailers = trailers;
    else this.endNow(flow, trailers);
  }

  /** Drops what the stream still had to send. */
  discard(flow: Outflow) {
    this.waiting.delete(flow);
    this.queuedBytes -= flow.queuedBytes;
    flow.queue = [];
    flow.queueHead = 0;
    flow.queuedBytes = 0;
    flow.trailers = undefined;
  }

  /** A stream's window has grown (6.9). */
  resumeFlow(flow: Outflow) {
    if (flow.queuedBytes > 0) this.turn(flow);
  }

  /** The connection's window has grown, or the socket has drained. */
  resume() {
    this.socketFull = false;
    this.pump();
  }

  private sendable(flow: Outflow, length: number): boolean {
    return flow.queuedBytes === 0 && length <= flow.sendWindow && length <= this.window && !this.stalled();
  }

  private stalled(): boolean {
    if (!this.socketFull) this.socketFull = this.outbound.backlogBytes() > socketBacklogBytes;
    return this.socketFull;
  }

  private take(flow: Outflow, length: number) {
    flow.sendWindow -= length;
    this.window -= length;
  }

  private dataFrame(flow: Outflow, bytes: Buffer) {
    const { outbound } = this;
    const inline = bytes.length <= inlineBytes;
    outbound.reserve(frameHeaderBytes + (inline ? bytes.length : 0));
    putFrameHeader(outbound.region, outbound.position, bytes.length, FrameType.data, 0, flow.id);
    if (inline) outbound.region.set(bytes, outbound.position + frameHeaderBytes);
    outbound.position += frameHeaderBytes + (inline ? bytes.length : 0);
    if (!inline) outbound.append(bytes);
    this.take(flow, bytes.length);
  }

  private enqueue(flow: Outflow, bytes: Buffer) {
    if (bytes.length === 0) return;
    flow.queue.push(bytes);
    flow.queuedBytes += bytes.length;
    this.queuedBytes += bytes.length;
  }

  private turn(flow: Outflow) {
    this.waiting.add(flow);
    this.pump();
  }

  /** One frame a stream and round, while windows and socket allow. Streams without a window leave the rounds. */
  private pump() {
    if (this.pumping) return;
    this.pumping = true;
    try {
      for (const flow of this.waiting) {
        if (this.window <= 0 || this.stalled()) break;
        this.waiting.delete(flow);
        const room = Math.min(flow.sendWindow, this.window, this.maxFrameBytes);
        if (room > 0) this.sendQueued(flow, room);
        // A Set visits what is added during the visit, last: the stream waits for its next turn.
        if (room > 0 && flow.queuedBytes > 0) this.waiting.add(flow);
      }
    } finally {
      this.pumping = false;
    }
  }

  private sendQueued(flow: Outflow, room: number) {
    const head = flow.queue[flow.queueHead];
    if (head === undefined) return;
    const bytes = head.length <= room ? head : head.subarray(0, room);
    if (bytes === head) flow.queueHead += 1;
    else flow.queue[flow.queueHead] = head.subarray(room);
    if (flow.queueHead >= compactAfter) {
      flow.queue = flow.queue.slice(flow.queueHead);
      flow.queueHead = 0;
    }
    flow.queuedBytes -= bytes.length;
    this.queuedBytes -= bytes.length;
    this.dataFrame(flow, bytes);
    if (flow.queuedBytes > 0) return;
    flow.queue = [];
    flow.queueHead = 0;
    if (flow.trailers === undefined) flow.drained();
    else this.endNow(flow, flow.trailers);
  }

  private endNow(flow: Outflow, trailers: ResponseSection) {
    flow.trailers = undefined;
    this.frame(FrameType.headers, Flag.endHeaders | Flag.endStream, flow.id, this.encoder.encode(trailers));
    flow.sent();
  }
}
