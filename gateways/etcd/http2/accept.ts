import type { Socket } from 'node:net';
import { Http2Connection, type ConnectionEvents } from '#gateways/etcd/http2/connection';
import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { clientPreface, FrameReader } from '#gateways/etcd/http2/frame';
import type { ConnectionLimits } from '#gateways/etcd/http2/limits';
import { Outbound, type FlushScheduler } from '#gateways/etcd/http2/outbound';
import { Receiver } from '#gateways/etcd/http2/receiver';

/** A connection bound to its socket. */
export interface AcceptedConnection {
  readonly connection: Http2Connection;
  /** To be called once a tick. */
  tick(): void;
  /** Flushes what is written and closes; requests that are still open are cancelled. */
  destroy(): void;
}

const httpOneMethod = /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT) /;
const httpOneText = 'This port speaks gRPC over HTTP/2 (prior knowledge, or ALPN "h2").\n';
const httpOneAnswer = [
  'HTTP/1.1 505 HTTP Version Not Supported',
  'content-type: text/plain',
  `content-length: ${httpOneText.length}`,
  'connection: close',
  '',
  httpOneText,
].join('\r\n');

/** Ticks between our end of the connection and its destruction, for the peer to read why. */
const lingerTicks = 2;
/** The same where the peer has not yet taken all that was written. */
const drainTicks = 10;

/** Serves HTTP/2 on a socket whose `allowHalfOpen` is set, from the client's preface (RFC 9113 3.4) on. */
export const accept = (
  socket: Socket,
  scheduler: FlushScheduler,
  limits: ConnectionLimits,
  open: ConnectionEvents['open'],
): AcceptedConnection => {
  const outbound = new Outbound(socket, scheduler);
  const connection = new Http2Connection(outbound, limits, {
    open,
    done() {
      outbound.flush();
      socket.end();
    },
  });
  const reader = new FrameReader(new Receiver(connection));
  let prefaceBytes = 0;
  let ticksSinceEnd = 0;

  /** The offset behind the preface, or -1 while it is incomplete or when it is wrong. */
  const preface = (chunk: Buffer): number => {
    const length = Math.min(chunk.length, clientPreface.length - prefaceBytes);
    if (clientPreface.compare(chunk, 0, length, prefaceBytes, prefaceBytes + length) !== 0) {
      // RFC 9113 3.4: GOAWAY may be left out where the peer evidently does not speak HTTP/2.
      if (prefaceBytes === 0 && httpOneMethod.test(chunk.toString('latin1', 0, 8))) socket.write(httpOneAnswer);
      else connection.greet();
      connection.fail(ErrorCode.protocolError, 'not an HTTP/2 connection preface');
      return -1;
    }
    prefaceBytes += length;
    if (prefaceBytes < clientPreface.length) return -1;
    connection.greet();
    return length;
  };

  // Input after our end is read and dropped: closing over unread bytes would reset the connection under the GOAWAY.
  socket.on('data', (chunk: Buffer) => {
    if (connection.dead) return;
    connection.heard();
    const from = prefaceBytes < clientPreface.length ? preface(chunk) : 0;
    if (from >= 0) reader.push(chunk, from);
  });
  socket.on('drain', () => {
    if (!connection.dead) connection.transmitter.resume();
  });
  // A client that has half-closed can neither open windows nor cancel: its requests are over.
  socket.on('end', () => {
    connection.lost();
  });
  // 'close' follows and says all there is to say; without a listener the process would end.
  socket.on('error', () => {});
  socket.on('close', () => {
    connection.lost();
  });

  return {
    connection,
    tick() {
      connection.tick();
      if (!connection.dead) return;
      ticksSinceEnd += 1;
      if (ticksSinceEnd > (socket.writableFinished ? lingerTicks : drainTicks)) socket.destroy();
    },
    destroy() {
      connection.lost();
      socket.destroySoon();
    },
  };
};
