import { ClosedStreams, Closure } from '#gateways/etcd/http2/closed-streams';
import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { FrameType, putUint32 } from '#gateways/etcd/http2/frame';
import type { ConnectionLimits, FrameBudget } from '#gateways/etcd/http2/limits';
import type { Outbound } from '#gateways/etcd/http2/outbound';
import type { RequestHead } from '#gateways/etcd/http2/request-head';
import { Setting, settingsPayload } from '#gateways/etcd/http2/settings';
import { Http2Stream, type StreamOwner, type StreamSink } from '#gateways/etcd/http2/stream';
import { defaultWindowBytes, Transmitter } from '#gateways/etcd/http2/transmitter';

/** How requests are taken, and how the transport is left. */
export interface ConnectionEvents {
  /** A new request; its sink hears the rest of it. */
  open(stream: Http2Stream, head: RequestHead): StreamSink;
  /** Nothing more will be sent: half-close the transport after flushing. Called once. */
  done(): void;
}

const maxStreamId = 0x7fff_ffff;
/** Marks the PING that follows the first GOAWAY; any other acknowledgement is of a keepalive. */
const shutdownPing = Buffer.from('goodbye!', 'latin1');
const keepalivePing = Buffer.from('stillup?', 'latin1');

const silent: StreamSink = { data() {}, ended() {}, aborted() {}, drained() {} };

/** The state of one server connection, and everything it does of its own accord. Frames are judged in `Receiver`. */
export class Http2Connection implements StreamOwner {
  readonly limits: ConnectionLimits;
  readonly transmitter: Transmitter;
  readonly streams = new Map<number, Http2Stream>();
  readonly closed = new ClosedStreams();
  /** What the peer may still send on all streams, and what it has sent since it was last given more (6.9). */
  receiveWindow: number;
  receivedBytes = 0;
  /** The highest stream the peer has opened (5.1.1). */
  lastStreamId = 0;
  /** Streams above this are ignored: the peer was told that they will not be looked at (6.8). */
  acceptedThrough = maxStreamId;
  /** The connection has ended by an error or by `done`: nothing is read or written any more. */
  dead = false;
  settled = false;
  private readonly events: ConnectionEvents;
  private spent: Record<keyof FrameBudget, number> = nothingSpent();
  private idleTicks = 0;
  private closing = false;

  constructor(outbound: Outbound, limits: ConnectionLimits, events: ConnectionEvents) {
    this.limits = limits;
    this.events = events;
    this.transmitter = new Transmitter(outbound);
    this.receiveWindow = limits.connectionWindowBytes;
  }

  /** The server's half of the connection preface (3.4), and the connection window that has no setting (6.9.2). */
  greet() {
    const { limits, transmitter } = this;
    const payload = settingsPayload([
      [Setting.maxConcurrentStreams, limits.maxConcurrentStreams],
      [Setting.initialWindowSize, limits.streamWindowBytes],
      [Setting.maxHeaderListSize, limits.maxHeaderListBytes],
    ]);
    transmitter.frame(FrameType.settings, 0, 0, payload);
    const extra = limits.connectionWindowBytes - defaultWindowBytes;
    if (extra > 0) transmitter.numberFrame(FrameType.windowUpdate, 0, extra);
  }

  openStream(id: number, head: RequestHead, remoteClosed: boolean): Http2Stream {
    const stream = new Http2Stream(id, this, this.limits.streamWindowBytes, silent);
    stream.missingBytes = head.contentLength;
    stream.remoteClosed = remoteClosed;
    this.streams.set(id, stream);
    stream.sink = this.events.open(stream, head);
    return stream;
  }

  /** Answers a request that is not passed on. */
  refuse(id: number, remoteClosed: boolean, status: string) {
    const stream = new Http2Stream(id, this, this.limits.streamWindowBytes, silent);
    stream.remoteClosed = remoteClosed;
    this.streams.set(id, stream);
    stream.end([[':status', status]]);
  }

  finished(stream: Http2Stream) {
    if (stream.remoteClosed) this.forget(stream, Closure.ended);
    // RFC 9113 8.1: the answer is complete without the rest of the request, which the peer should not send.
    else this.abandon(stream, ErrorCode.noError);
  }

  abandon(stream: Http2Stream, code: ErrorCode) {
    this.forget(stream, Closure.reset);
    this.sendReset(stream.id, code);
  }

  /** A stream error (5.4.2): the peer broke a rule on this stream. */
  streamError(stream: Http2Stream, code: ErrorCode): boolean {
    this.abandon(stream, code);
    stream.sink.aborted();
    return this.charge('resets');
  }

  /** The peer's RST_STREAM (6.4). */
  cancel(stream: Http2Stream) {
    this.forget(stream, Closure.ended);
    stream.sink.aborted();
  }

  sendReset(id: number, code: ErrorCode) {
    this.transmitter.numberFrame(FrameType.rstStream, id, code);
  }

  /** A connection error (5.4.1). Always false, so that the reader stops on it. */
  fail(code: ErrorCode, reason: string): false {
    if (this.dead) return false;
    this.goaway(this.lastStreamId, code, reason);
    this.finish();
    return false;
  }

  /** False, with the connection ended, when the peer has used up what it may send of this in one tick. */
  charge(kind: keyof FrameBudget): boolean {
    this.spent[kind] += 1;
    if (this.spent[kind] <= this.limits.frames[kind]) return true;
    return this.fail(ErrorCode.enhanceYourCalm, `too many frames: ${kind}`);
  }

  /** Gives the peer as much as it has used, once that is half of the window: few WINDOW_UPDATE for many DATA. */
  replenish() {
    if (this.receivedBytes * 2 < this.limits.connectionWindowBytes) return;
    this.transmitter.numberFrame(FrameType.windowUpdate, 0, this.receivedBytes);
    this.receiveWindow += this.receivedBytes;
    this.receivedBytes = 0;
  }

  replenishStream(stream: Http2Stream) {
    const { streamWindowBytes, maxUnreadBytes } = this.limits;
    if (stream.receivedBytes * 2 < streamWindowBytes || stream.queuedBytes > maxUnreadBytes) return;
    this.transmitter.numberFrame(FrameType.windowUpdate, stream.id, stream.receivedBytes);
    stream.receiveWindow += stream.receivedBytes;
    stream.receivedBytes = 0;
  }

  heard() {
    this.idleTicks = 0;
  }

  /** Time passes: budgets are renewed, and a peer that has been silent is asked, then given up. */
  tick() {
    if (this.dead) return;
    const { limits } = this;
    this.spent = nothingSpent();
    this.idleTicks += 1;
    if (!this.settled && this.idleTicks >= limits.handshakeTicks) this.fail(ErrorCode.protocolError, 'no preface');
    else if (this.idleTicks === limits.keepaliveTicks) {
      this.transmitter.frame(FrameType.ping, 0, 0, keepalivePing);
    } else if (this.idleTicks >= limits.keepaliveTicks + limits.keepaliveTimeoutTicks) {
      this.fail(ErrorCode.noError, 'no answer to the keepalive ping');
    }
  }

  /**
   * Ends gracefully (6.8): first a GOAWAY that refuses nothing, so that requests on their way are still answered; when
   * the PING behind it comes back, one that names the last stream; then `done` as soon as no stream is open.
   */
  shutDown() {
    if (this.dead || this.closing) return;
    this.closing = true;
    if (!this.settled) {
      this.finish();
      return;
    }
    this.goaway(maxStreamId, ErrorCode.noError, 'shutting down');
    this.transmitter.frame(FrameType.ping, 0, 0, shutdownPing);
  }

  pingAcknowledged(payload: Uint8Array) {
    if (!this.closing || this.acceptedThrough !== maxStreamId || shutdownPing.compare(payload) !== 0) return;
    this.acceptedThrough = this.lastStreamId;
    this.goaway(this.lastStreamId, ErrorCode.noError, 'shutting down');
    if (this.streams.size === 0) this.finish();
  }

  /** The transport is gone or at its end: every request is cancelled. */
  lost() {
    if (!this.dead) this.finish();
  }

  private goaway(lastStreamId: number, code: ErrorCode, reason: string) {
    const text = Buffer.from(reason, 'latin1');
    const payload = Buffer.allocUnsafe(8 + text.length);
    putUint32(payload, 0, lastStreamId);
    putUint32(payload, 4, code);
    text.copy(payload, 8);
    this.transmitter.frame(FrameType.goaway, 0, 0, payload);
  }

  private finish() {
    this.dead = true;
    const open = [...this.streams.values()];
    this.streams.clear();
    for (const stream of open) {
      stream.localClosed = true;
      this.transmitter.discard(stream);
      stream.sink.aborted();
    }
    this.events.done();
  }

  private forget(stream: Http2Stream, closure: Closure) {
    stream.localClosed = true;
    stream.remoteClosed = true;
    this.transmitter.discard(stream);
    this.closed.add(stream.id, closure);
    this.streams.delete(stream.id);
    if (this.closing && this.acceptedThrough !== maxStreamId && this.streams.size === 0 && !this.dead) this.finish();
  }
}

const nothingSpent = (): Record<keyof FrameBudget, number> => ({
  resets: 0,
  pings: 0,
  settings: 0,
  emptyData: 0,
  ignored: 0,
});
