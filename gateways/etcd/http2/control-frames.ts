import type { Http2Connection } from '#gateways/etcd/http2/connection';
import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { Flag, FrameType, uint32At } from '#gateways/etcd/http2/frame';
import { readSettings, Setting } from '#gateways/etcd/http2/settings';
import { maxWindowBytes } from '#gateways/etcd/http2/transmitter';

const noBytes = Buffer.alloc(0);

/** RFC 9113 5.3.2: read for its errors only. */
export const priority = (
  connection: Http2Connection,
  streamId: number,
  bytes: Buffer,
  start: number,
  end: number,
): boolean => {
  if (streamId === 0) return connection.fail(ErrorCode.protocolError, 'PRIORITY on stream 0');
  if (end - start !== 5) return connection.fail(ErrorCode.frameSizeError, 'PRIORITY of a wrong length');
  if ((uint32At(bytes, start) & 0x7fff_ffff) === streamId) {
    return connection.fail(ErrorCode.protocolError, 'a stream that depends on itself');
  }
  return connection.charge('ignored');
};

/** RFC 9113 6.4. */
export const rstStream = (connection: Http2Connection, streamId: number, length: number): boolean => {
  if (length !== 4) return connection.fail(ErrorCode.frameSizeError, 'RST_STREAM of a wrong length');
  if (isIdle(connection, streamId)) return connection.fail(ErrorCode.protocolError, 'RST_STREAM on an idle stream');
  const stream = connection.streams.get(streamId);
  if (stream !== undefined) connection.cancel(stream);
  return connection.charge('resets');
};

/** RFC 9113 6.5. */
export const settings = (
  connection: Http2Connection,
  flags: number,
  streamId: number,
  bytes: Buffer,
  start: number,
  end: number,
): boolean => {
  if (streamId !== 0) return connection.fail(ErrorCode.protocolError, 'SETTINGS on a stream');
  if ((flags & Flag.ack) !== 0) {
    return end === start || connection.fail(ErrorCode.frameSizeError, 'an acknowledgement with settings');
  }
  const read = readSettings(bytes, start, end);
  if (!Array.isArray(read)) return connection.fail(read, 'SETTINGS that are not allowed');
  connection.settled = true;
  const { transmitter } = connection;
  for (const [identifier, value] of read) {
    if (identifier === Setting.headerTableSize) transmitter.encoder.limitTable(value);
    else if (identifier === Setting.maxFrameSize) transmitter.limitFrames(value);
    else if (identifier === Setting.initialWindowSize && !initialWindow(connection, value)) return false;
  }
  transmitter.frame(FrameType.settings, Flag.ack, 0, noBytes);
  return connection.charge('settings');
};

/** RFC 9113 6.9.2: the change applies to what streams have left, which may become negative. */
const initialWindow = (connection: Http2Connection, bytes: number): boolean => {
  const change = bytes - connection.transmitter.initialWindow;
  connection.transmitter.initialWindow = bytes;
  for (const stream of connection.streams.values()) {
    if (stream.sendWindow + change > maxWindowBytes) {
      return connection.fail(ErrorCode.flowControlError, 'an initial window that overflows a stream');
    }
    stream.sendWindow += change;
  }
  for (const stream of [...connection.streams.values()]) connection.transmitter.resumeFlow(stream);
  return true;
};

/** RFC 9113 6.7. */
export const ping = (
  connection: Http2Connection,
  flags: number,
  streamId: number,
  bytes: Buffer,
  start: number,
  end: number,
): boolean => {
  if (streamId !== 0) return connection.fail(ErrorCode.protocolError, 'PING on a stream');
  if (end - start !== 8) return connection.fail(ErrorCode.frameSizeError, 'PING of a wrong length');
  const payload = bytes.subarray(start, end);
  if ((flags & Flag.ack) !== 0) {
    connection.pingAcknowledged(payload);
    return !connection.dead;
  }
  connection.transmitter.frame(FrameType.ping, Flag.ack, 0, payload);
  return connection.charge('pings');
};

/** RFC 9113 6.8: a client that says goodbye goes on with the streams it has; it closes when they are answered. */
export const goaway = (connection: Http2Connection, streamId: number, length: number): boolean => {
  if (streamId !== 0) return connection.fail(ErrorCode.protocolError, 'GOAWAY on a stream');
  if (length < 8) return connection.fail(ErrorCode.frameSizeError, 'GOAWAY cut short');
  return connection.charge('ignored');
};

/** RFC 9113 6.9. */
export const windowUpdate = (
  connection: Http2Connection,
  streamId: number,
  bytes: Buffer,
  start: number,
  end: number,
): boolean => {
  const { transmitter } = connection;
  if (end - start !== 4) return connection.fail(ErrorCode.frameSizeError, 'WINDOW_UPDATE of a wrong length');
  const increment = uint32At(bytes, start) & 0x7fff_ffff;
  if (streamId === 0) {
    if (increment === 0) return connection.fail(ErrorCode.protocolError, 'WINDOW_UPDATE of 0');
    if (transmitter.window + increment > maxWindowBytes) {
      return connection.fail(ErrorCode.flowControlError, 'WINDOW_UPDATE beyond the largest window');
    }
    transmitter.window += increment;
    transmitter.resume();
    return !connection.dead;
  }
  if (isIdle(connection, streamId)) return connection.fail(ErrorCode.protocolError, 'WINDOW_UPDATE on an idle stream');
  const stream = connection.streams.get(streamId);
  if (stream === undefined) return true;
  if (increment === 0) return connection.streamError(stream, ErrorCode.protocolError);
  if (stream.sendWindow + increment > maxWindowBytes) {
    return connection.streamError(stream, ErrorCode.flowControlError);
  }
  stream.sendWindow += increment;
  transmitter.resumeFlow(stream);
  return !connection.dead;
};

/**
 * Not opened yet (RFC 9113 5.1); even numbers are ours to open, which we never do. What the peer opens after it was
 * told to stop is not idle: its frames are ignored (6.8).
 */
export const isIdle = (connection: Http2Connection, streamId: number): boolean =>
  streamId % 2 === 0 || (streamId > connection.lastStreamId && streamId <= connection.acceptedThrough);
