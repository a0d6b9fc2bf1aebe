import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { Http2Connection } from '#gateways/etcd/http2/connection';
import { clientPreface, Flag, FrameReader, FrameType } from '#gateways/etcd/http2/frame';
import type { CallEnvironment } from '#gateways/etcd/http2/grpc-call';
import { encodeMessage } from '#gateways/etcd/http2/grpc-message';
import { routeCalls, type GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import { GrpcCode } from '#gateways/etcd/http2/grpc-status';
import { createGrpcServer } from '#gateways/etcd/http2/grpc';
import { defaultLimits } from '#gateways/etcd/http2/limits';
import { FlushScheduler, Outbound } from '#gateways/etcd/http2/outbound';
import { Receiver } from '#gateways/etcd/http2/receiver';
import {
  block,
  frameBytes,
  framesOf,
  grpcPairs,
  settings,
  TestPeer,
  uint32,
  type ReceivedFrame,
} from '#gateways/etcd/http2/test-peer';
import { expectAlive } from '#gateways/etcd/http2/test-server';

const handlers = new Map<string, GrpcHandler>([
  ['/t.T/Echo', { kind: 'unary', handle: (request) => request }],
  [
    '/t.T/Chat',
    {
      kind: 'stream',
      handle: (stream) => {
        stream.onMessage((message) => stream.write(message));
        stream.onHalfClose(() => stream.end({ code: GrpcCode.ok, message: '' }));
      },
    },
  ],
]);

/** A connection over no network: takes chunks, gives back what it has written. Nothing may be thrown. */
const play = (chunks: readonly Uint8Array[]) => {
  const written: Buffer[] = [];
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      written.push(chunk);
      done();
    },
  });
  const outbound = new Outbound(socket, new FlushScheduler());
  const environment: CallEnvironment = {
    peer: 'fuzz',
    maxMessageBytes: 1000,
    heldBytes: 0,
    maxHeldBytes: 10_000,
    running: 0,
    maxRunning: 4,
    onDefect: (error) => {
      throw error;
    },
  };
  const limits = { ...defaultLimits, maxConcurrentStreams: 4, streamWindowBytes: 2000 };
  const connection = new Http2Connection(outbound, limits, {
    open: routeCalls(handlers, environment),
    done() {},
  });
  const reader = new FrameReader(new Receiver(connection));
  connection.greet();
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  outbound.flush();
  const { dead, streams, transmitter } = connection;
  connection.lost();
  return { frames: framesOf(written), bytes: Buffer.concat(written), dead, streams, transmitter, environment };
};

const sizeOf = (frames: readonly ReceivedFrame[]) => frames.reduce((sum, { payload }) => sum + 9 + payload.length, 0);

/** What holds of everything a server writes, whatever it has read (RFC 9113 5.1, 5.4.1, 6.9). */
const expectWellFormed = ({ frames, bytes, dead, streams, transmitter, environment }: ReturnType<typeof play>) => {
  expect(sizeOf(frames)).toBe(bytes.length);
  const ended = new Set<number>();
  const answered = new Set<number>();
  frames.forEach(({ type, flags, streamId, payload }, index) => {
    if (type === FrameType.goaway && payload.readUInt32BE(4) !== 0) expect(index).toBe(frames.length - 1);
    expect(payload.length).toBeLessThanOrEqual(65_536);
    if (type === FrameType.data) expect(answered.has(streamId)).toBe(true);
    if (type === FrameType.headers) answered.add(streamId);
    if (type === FrameType.data || type === FrameType.headers) {
      expect(ended.has(streamId)).toBe(false);
      if ((flags & Flag.endStream) !== 0) ended.add(streamId);
    }
    if (type === FrameType.rstStream) ended.add(streamId);
  });
  expect(dead).toBe(frames.some(({ type }) => type === FrameType.goaway));
  expect([streams.size, transmitter.queuedBytes, environment.heldBytes, environment.running]).toEqual([0, 0, 0, 0]);
};

const hello = frameBytes(FrameType.settings, 0, 0);
const streamId = fc.constantFrom(0, 1, 1, 1, 2, 3, 3, 5, 7, 9, 11, 0x7fff_ffff);
const flags = fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 0xd, 0x25, 0x2c), fc.integer({ min: 0, max: 255 }));
const path = fc.constantFrom('/t.T/Echo', '/t.T/Chat', '/t.T/None', '*', '');
const extra = fc.constantFrom<readonly [string, string][]>(
  [],
  [['grpc-encoding', 'gzip']],
  [['content-length', '8']],
  [['X', 'y']],
  [[':path', '/']],
);
const fieldBlock = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(path, extra).map(([where, more]) => block(grpcPairs(where, ...more))) },
  { weight: 1, arbitrary: fc.constant(block([['x-trailer', '1']])) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60 }).map((octets) => Buffer.from(octets)) },
);
const message = fc.uint8Array({ maxLength: 1100 }).map((octets) => encodeMessage(octets));
const body = fc.oneof(
  message,
  fc.tuple(message, fc.nat({ max: 1100 })).map(([framed, cutAt]) => framed.subarray(0, cutAt)),
  fc.uint8Array({ maxLength: 30 }),
);
const number = fc.oneof(fc.constantFrom(0, 1, 100, 65_535, 0x7fff_ffff, 0xffff_ffff), fc.nat()).map(uint32);
const setting = fc
  .tuple(fc.integer({ min: 0, max: 10 }), fc.constantFrom(0, 1, 100, 16_384, 65_536, 0x7fff_ffff, 0xffff_ffff))
  .map((pair) => settings(pair));

/** Frames that are right in all but a detail, or in everything. */
const likelyFrame = fc.oneof(
  fc.tuple(fc.constantFrom(4, 4, 5, 0), streamId, fieldBlock).map(([f, id, b]) => frameBytes(1, f, id, b)),
  fc.tuple(fc.constantFrom(0, 0, 1), streamId, body).map(([f, id, b]) => frameBytes(0, f, id, b)),
  fc.tuple(streamId, number).map(([id, n]) => frameBytes(8, 0, id, n)),
  fc.tuple(streamId, number).map(([id, n]) => frameBytes(3, 0, id, n)),
  fc.tuple(fc.constantFrom(0, 0, 0, 1), setting).map(([f, s]) => frameBytes(4, f, 0, s)),
  fc.tuple(fc.constantFrom(0, 4), streamId, fieldBlock).map(([f, id, b]) => frameBytes(9, f, id, b)),
  fc.constant(frameBytes(6, 0, 0, Buffer.alloc(8))),
);
const anyFrame = fc
  .tuple(fc.integer({ min: 0, max: 10 }), flags, streamId, fc.uint8Array({ maxLength: 40 }))
  .map(([type, f, id, payload]) => frameBytes(type, f, id, payload));
const frames = (more: number) =>
  fc.array(fc.oneof({ weight: 20, arbitrary: likelyFrame }, { weight: more, arbitrary: anyFrame }), { maxLength: 30 });

describe('whatever a client sends, the server goes on, and writes frames that are well-formed', () => {
  it('for frames that are nearly right', () => {
    fc.assert(
      fc.property(frames(0), (sent) => expectWellFormed(play([hello, ...sent]))),
      { numRuns: 600 },
    );
  });

  it('for frames of any kind', () => {
    fc.assert(
      fc.property(frames(20), (sent) => expectWellFormed(play([hello, ...sent]))),
      { numRuns: 400 },
    );
  });

  it('for frames in which some octets are changed', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(frames(1), fc.array(change, { minLength: 1, maxLength: 5 }), (sent, changes) => {
        const bytes = Buffer.concat([hello, ...sent]);
        for (const [at, octet] of changes) bytes[at % bytes.length] = octet;
        expectWellFormed(play([bytes]));
      }),
      { numRuns: 400 },
    );
  });

  it('for random octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => expectWellFormed(play([octets]))),
      { numRuns: 400 },
    );
  });
});

it('However the bytes are cut, the answer is the same.', () => {
  fc.assert(
    fc.property(frames(2), fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 60 }), (sent, sizes) => {
      const bytes = Buffer.concat([hello, ...sent]);
      const chunks: Buffer[] = [];
      let offset = 0;
      for (const size of sizes) {
        chunks.push(bytes.subarray(offset, offset + size));
        offset += size;
      }
      expect(play([...chunks, bytes.subarray(offset)]).bytes).toEqual(play([bytes]).bytes);
    }),
    { numRuns: 200 },
  );
});

it('A server on a real port outlives clients that send random octets and leave.', async () => {
  const server = createGrpcServer({ handlers, onDefect: () => {} });
  const { port } = await server.listen('127.0.0.1', 0);
  const octets = fc.sample(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 300 })), 200);
  const peers = octets.map(([polite, bytes]) => {
    const peer = new TestPeer(port);
    if (polite) peer.send(clientPreface);
    return peer.send(bytes);
  });
  const witness = new TestPeer(port).hello();
  await expectAlive(witness);
  for (const peer of peers) peer.close();
  await expectAlive(witness);
  witness.close();
  await server.close(0);
});
