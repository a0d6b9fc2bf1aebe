import { connect, type Socket } from 'node:net';
import { clientPreface, FrameReader, FrameType, putFrameHeader } from '#gateways/etcd/http2/frame';
import { HpackDecoder } from '#gateways/etcd/http2/hpack';

/** A client that sends whatever a test wants to see refused, and shows the frames that come back. */

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export const frameBytes = (type: number, flags: number, streamId: number, payload: Uint8Array = Buffer.alloc(0)) => {
  const bytes = Buffer.alloc(9 + payload.length);
  putFrameHeader(bytes, 0, payload.length, type, flags, streamId);
  bytes.set(payload, 9);
  return bytes;
};

export const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

export const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const text = (octets: string) => {
  const bytes = Buffer.from(octets, 'latin1');
  // RFC 7541 5.1: lengths of 127 and more go on in further octets, here at most two.
  const rest = bytes.length - 127;
  const length = rest < 0 ? [bytes.length] : rest < 128 ? [127, rest] : [127, (rest & 0x7f) | 0x80, rest >> 7];
  return Buffer.concat([Buffer.from(length), bytes]);
};

/** Literals without indexing (RFC 7541 6.2.2). */
export const block = (pairs: readonly (readonly [string, string])[]) =>
  Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));

export const requestPairs = (path = '/') =>
  [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'test'],
  ] as const;

export const grpcPairs = (path: string, ...more: (readonly [string, string])[]) => [
  ...requestPairs(path),
  ['content-type', 'application/grpc'] as const,
  ['te', 'trailers'] as const,
  ...more,
];

export const settings = (...pairs: (readonly [number, number])[]) =>
  Buffer.concat(pairs.map(([identifier, value]) => Buffer.concat([Buffer.from([0, identifier]), uint32(value)])));

/** Cuts bytes into frames of any length. */
export const framesOf = (chunks: readonly Buffer[]): ReceivedFrame[] => {
  const frames: ReceivedFrame[] = [];
  const reader = new FrameReader(frameList(frames), 0xff_ffff);
  for (const chunk of chunks) reader.push(chunk);
  return frames;
};

const frameList = (frames: ReceivedFrame[], heard: () => void = () => {}) => ({
  frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number) {
    frames.push({ type, flags, streamId, payload: bytes.subarray(start, end) });
    heard();
    return true;
  },
  oversized() {},
});

export class TestPeer {
  readonly socket: Socket;
  /** What has come and was not taken by `next`. */
  readonly frames: ReceivedFrame[] = [];
  private readonly decoder = new HpackDecoder(4096, 65_536);
  private ended = false;
  private wake: () => void = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const reader = new FrameReader(
      frameList(this.frames, () => this.wake()),
      0xff_ffff,
    );
    this.socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
    });
    this.socket.on('error', () => {});
    for (const event of ['end', 'close']) {
      this.socket.on(event, () => {
        this.ended = true;
        this.wake();
      });
    }
  }

  /** Preface, SETTINGS, and nothing else. */
  hello(...pairs: (readonly [number, number])[]) {
    this.send(clientPreface, frameBytes(FrameType.settings, 0, 0, settings(...pairs)));
    return this;
  }

  send(...bytes: Uint8Array[]) {
    this.socket.write(Buffer.concat(bytes));
    return this;
  }

  /** The next frame that matches; those before it are dropped. Rejects after `timeoutMs` or at the end. */
  async next(matches: (frame: ReceivedFrame) => boolean, timeoutMs = 3000): Promise<ReceivedFrame> {
    const dropped: string[] = [];
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      for (let frame = this.frames.shift(); frame !== undefined; frame = this.frames.shift()) {
        if (matches(frame)) return frame;
        dropped.push(`${frame.type}:${frame.flags}:${frame.streamId}:${frame.payload.toString('latin1')}`);
      }
      const leftMs = deadline - performance.now();
      if (this.ended || leftMs <= 0) throw new Error(`no such frame, but ${JSON.stringify(dropped)}`);
      await this.change(leftMs);
    }
  }

  /** Resolves when the server has ended the connection. */
  async end(timeoutMs = 3000) {
    const deadline = performance.now() + timeoutMs;
    while (!this.ended) {
      if (performance.now() > deadline) throw new Error('the connection is still open');
      await this.change(deadline - performance.now());
    }
  }

  /** The decoded section of a HEADERS frame; every one has to be read, in order, for the table to follow. */
  fields(frame: ReceivedFrame): Record<string, string> {
    const list = this.decoder.decode(frame.payload, 0, frame.payload.length);
    return Object.fromEntries((list?.fields ?? []).map(({ name, value }) => [name, value]));
  }

  close() {
    this.socket.destroy();
  }

  private change(timeoutMs: number) {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
