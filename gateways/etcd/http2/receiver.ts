import { Closure } from '#gateways/etcd/http2/closed-streams';
import type { Http2Connection } from '#gateways/etcd/http2/connection';
import { goaway, isIdle, ping, priority, rstStream, settings, windowUpdate } from '#gateways/etcd/http2/control-frames';
import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { Flag, FrameType, uint32At, type FrameSink } from '#gateways/etcd/http2/frame';
import { FieldSectionReader, type FieldSection } from '#gateways/etcd/http2/request-head';
import type { Http2Stream } from '#gateways/etcd/http2/stream';

/** SETTINGS_HEADER_TABLE_SIZE, left at its default (RFC 9113 6.5.2). */
const headerTableBytes = 4096;
/** A field block may have this many frames: empty CONTINUATION cost the peer nothing (CVE-2024-27316). */
const maxBlockFrames = 16;

/** A field block that goes on in CONTINUATION (RFC 9113 6.10). */
interface OpenBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

/** Judges the frames of a peer by RFC 9113 and applies them to the connection. */
export class Receiver implements FrameSink {
  private readonly connection: Http2Connection;
  private readonly sections: FieldSectionReader;
  private openBlock: OpenBlock | undefined;

  constructor(connection: Http2Connection) {
    this.connection = connection;
    this.sections = new FieldSectionReader(headerTableBytes, connection.limits.maxHeaderListBytes);
  }

  frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const { connection } = this;
    if (connection.dead) return false;
    if (this.openBlock !== undefined && type !== FrameType.continuation) {
      return connection.fail(ErrorCode.protocolError, 'a frame inside a field block');
    }
    if (!connection.settled && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) {
      return connection.fail(ErrorCode.protocolError, 'the first frame is not SETTINGS');
    }
    switch (type) {
      case FrameType.data:
        return this.data(flags, streamId, bytes, start, end);
      case FrameType.headers:
        return this.headers(flags, streamId, bytes, start, end);
      case FrameType.priority:
        return priority(connection, streamId, bytes, start, end);
      case FrameType.rstStream:
        return rstStream(connection, streamId, end - start);
      case FrameType.settings:
        return settings(connection, flags, streamId, bytes, start, end);
      case FrameType.pushPromise:
        return connection.fail(ErrorCode.protocolError, 'PUSH_PROMISE from a client');
      case FrameType.ping:
        return ping(connection, flags, streamId, bytes, start, end);
      case FrameType.goaway:
        return goaway(connection, streamId, end - start);
      case FrameType.windowUpdate:
        return windowUpdate(connection, streamId, bytes, start, end);
      case FrameType.continuation:
        return this.continuation(flags, streamId, bytes, start, end);
      default:
        // RFC 9113 5.5: frames of unknown types are ignored.
        return connection.charge('ignored');
    }
  }

  oversized(length: number) {
    this.connection.fail(ErrorCode.frameSizeError, `a frame of ${length} bytes`);
  }

  /** 6.1. Padding counts for flow control and for nothing else. */
  private data(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const { connection } = this;
    const length = end - start;
    if (streamId === 0) return connection.fail(ErrorCode.protocolError, 'DATA on stream 0');
    const bodyStart = (flags & Flag.padded) === 0 ? start : start + 1;
    const bodyEnd = (flags & Flag.padded) === 0 ? end : end - (bytes[start] ?? 0);
    if (bodyStart > end) return connection.fail(ErrorCode.frameSizeError, 'DATA without its pad length');
    if (bodyEnd < bodyStart) return connection.fail(ErrorCode.protocolError, 'padding longer than DATA');
    connection.receiveWindow -= length;
    connection.receivedBytes += length;
    if (connection.receiveWindow < 0) {
      return connection.fail(ErrorCode.flowControlError, 'DATA beyond the connection window');
    }
    connection.replenish();
    const stream = connection.streams.get(streamId);
    if (stream === undefined) return this.dataOnNoStream(streamId);
    if (stream.remoteClosed) return connection.streamError(stream, ErrorCode.streamClosed);
    stream.receiveWindow -= length;
    stream.receivedBytes += length;
    if (stream.receiveWindow < 0) return connection.streamError(stream, ErrorCode.flowControlError);
    const endStream = (flags & Flag.endStream) !== 0;
    if (stream.missingBytes !== undefined) {
      stream.missingBytes -= bodyEnd - bodyStart;
      if (stream.missingBytes < 0) return connection.streamError(stream, ErrorCode.protocolError);
    }
    if (connection.transmitter.queuedBytes > connection.limits.maxQueuedBytes) {
      return connection.streamError(stream, ErrorCode.enhanceYourCalm);
    }
    if (bodyEnd > bodyStart) stream.sink.data(bytes, bodyStart, bodyEnd);
    else if (!endStream && !connection.charge('emptyData')) return false;
    if (stream.remoteClosed) return !connection.dead;
    if (endStream) return this.endOfRequest(stream);
    connection.replenishStream(stream);
    return !connection.dead;
  }

  private dataOnNoStream(streamId: number): boolean {
    const { connection } = this;
    if (isIdle(connection, streamId)) return connection.fail(ErrorCode.protocolError, 'DATA on an idle stream');
    if (streamId > connection.acceptedThrough) return true;
    if (connection.closed.closureOf(streamId) === Closure.reset) return true;
    connection.sendReset(streamId, ErrorCode.streamClosed);
    return connection.charge('resets');
  }

  /** 6.2. */
  private headers(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const { connection } = this;
    if (streamId === 0) return connection.fail(ErrorCode.protocolError, 'HEADERS on stream 0');
    let blockStart = start;
    let blockEnd = end;
    if ((flags & Flag.padded) !== 0) {
      blockEnd -= bytes[start] ?? 0;
      blockStart += 1;
    }
    if ((flags & Flag.priority) !== 0) {
      if (blockStart + 5 <= end && (uint32At(bytes, blockStart) & 0x7fff_ffff) === streamId) {
        return connection.fail(ErrorCode.protocolError, 'a stream that depends on itself');
      }
      blockStart += 5;
    }
    if (blockStart > end) return connection.fail(ErrorCode.frameSizeError, 'HEADERS cut short');
    if (blockEnd < blockStart) return connection.fail(ErrorCode.protocolError, 'padding longer than HEADERS');
    const endStream = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0) return this.section(streamId, endStream, bytes, blockStart, blockEnd);
    const parts = [bytes.subarray(blockStart, blockEnd)];
    this.openBlock = { streamId, endStream, parts, bytes: blockEnd - blockStart };
    return true;
  }

  /** 6.10. */
  private continuation(flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    const { connection, openBlock } = this;
    if (openBlock?.streamId !== streamId) return connection.fail(ErrorCode.protocolError, 'CONTINUATION of no block');
    openBlock.parts.push(bytes.subarray(start, end));
    openBlock.bytes += end - start;
    if (openBlock.bytes > 2 * connection.limits.maxHeaderListBytes || openBlock.parts.length > maxBlockFrames) {
      return connection.fail(ErrorCode.enhanceYourCalm, 'a field block without end');
    }
    if ((flags & Flag.endHeaders) === 0) return true;
    this.openBlock = undefined;
    const block = Buffer.concat(openBlock.parts);
    return this.section(streamId, openBlock.endStream, block, 0, block.length);
  }

  /** A complete field block. It is decoded whatever becomes of it: the next ones build on its table (4.3). */
  private section(streamId: number, endStream: boolean, bytes: Buffer, start: number, end: number): boolean {
    const { connection } = this;
    const section = this.sections.read(bytes, start, end);
    if (section.kind === 'corrupt')
      return connection.fail(ErrorCode.compressionError, 'a field block that is not HPACK');
    const stream = connection.streams.get(streamId);
    if (stream !== undefined) return this.trailers(stream, endStream, section);
    if (streamId > connection.acceptedThrough) return true;
    if (!isIdle(connection, streamId)) return this.headersOnClosed(streamId);
    if (streamId % 2 === 0) return connection.fail(ErrorCode.protocolError, 'a stream with an even number');
    connection.lastStreamId = streamId;
    return this.request(streamId, endStream, section);
  }

  private request(streamId: number, endStream: boolean, section: FieldSection): boolean {
    const { connection } = this;
    const { limits } = connection;
    if (connection.streams.size >= limits.maxConcurrentStreams) return this.decline(streamId, ErrorCode.refusedStream);
    if (section.kind === 'tooLarge') {
      connection.refuse(streamId, endStream, '431');
      return true;
    }
    if (section.kind !== 'request') return this.decline(streamId, ErrorCode.protocolError);
    if (connection.transmitter.queuedBytes > limits.maxQueuedBytes) {
      return this.decline(streamId, ErrorCode.enhanceYourCalm);
    }
    const stream = connection.openStream(streamId, section, endStream);
    return endStream && !stream.localClosed ? this.endOfRequest(stream) : !connection.dead;
  }

  private decline(streamId: number, code: ErrorCode): boolean {
    this.connection.closed.add(streamId, Closure.reset);
    this.connection.sendReset(streamId, code);
    return this.connection.charge('resets');
  }

  /** 8.1: a second section ends the request and has no pseudo-header fields. */
  private trailers(stream: Http2Stream, endStream: boolean, section: FieldSection): boolean {
    if (stream.remoteClosed) return this.connection.streamError(stream, ErrorCode.streamClosed);
    if (!endStream || section.kind !== 'trailers') return this.connection.streamError(stream, ErrorCode.protocolError);
    return this.endOfRequest(stream);
  }

  private headersOnClosed(streamId: number): boolean {
    const closure = this.connection.closed.closureOf(streamId);
    if (closure === Closure.reset) return true;
    if (closure === Closure.ended) return this.connection.fail(ErrorCode.streamClosed, 'HEADERS on a closed stream');
    return this.connection.fail(ErrorCode.protocolError, 'a stream number that does not rise');
  }

  private endOfRequest(stream: Http2Stream): boolean {
    const { connection } = this;
    if (stream.missingBytes !== undefined && stream.missingBytes !== 0) {
      return connection.streamError(stream, ErrorCode.protocolError);
    }
    stream.remoteClosed = true;
    stream.sink.ended();
    return !connection.dead;
  }
}
