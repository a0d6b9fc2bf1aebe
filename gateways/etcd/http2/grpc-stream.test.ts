import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { Flag, FrameType } from '#gateways/etcd/http2/frame';
import { createGrpcServer } from '#gateways/etcd/http2/grpc';
import { encodeMessage } from '#gateways/etcd/http2/grpc-message';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import { GrpcCode, grpcError } from '#gateways/etcd/http2/grpc-status';
import type { GrpcStream } from '#gateways/etcd/http2/grpc-stream';
import { block, frameBytes, grpcPairs, TestPeer, uint32, type ReceivedFrame } from '#gateways/etcd/http2/test-peer';
import { expectAlive } from '#gateways/etcd/http2/test-server';

const ok = { code: GrpcCode.ok, message: '' } as const;
const heard: string[] = [];
const streams: GrpcStream[] = [];
const defects: unknown[] = [];

const listen = (stream: GrpcStream) => {
  streams.push(stream);
  stream.onMessage((message) => {
    heard.push(`message ${message.toString()}`);
    if (message.equals(Buffer.from('refuse'))) throw grpcError(GrpcCode.aborted, 'as asked');
    if (message.equals(Buffer.from('break'))) throw new Error('broken');
    stream.write(message);
  });
  stream.onHalfClose(() => {
    heard.push('half-close');
    stream.end(ok);
  });
  stream.onCancel(() => heard.push('cancel'));
  stream.onDrain(() => heard.push('drain'));
};

const handlers = new Map<string, GrpcHandler>([
  ['/t.T/Chat', { kind: 'stream', handle: listen }],
  ['/t.T/Wait', { kind: 'unary', handle: () => new Promise(() => {}) }],
  [
    '/t.T/Refuse',
    {
      kind: 'stream',
      handle: () => {
        throw grpcError(GrpcCode.unauthenticated, 'no token');
      },
    },
  ],
]);

const startServer = () =>
  createGrpcServer({ handlers, maxMessageBytes: 100, tickMs: 20, onDefect: (error) => defects.push(error) });

let server = startServer();
let peer: TestPeer;
let port = 0;

beforeEach(async () => {
  server = startServer();
  port = (await server.listen('127.0.0.1', 0)).port;
  peer = new TestPeer(port).hello();
  for (const list of [heard, streams, defects]) list.length = 0;
});
afterEach(async () => {
  peer.close();
  await server.close(0);
});

const open = (path = '/t.T/Chat', id = 1, ...more: (readonly [string, string])[]) =>
  frameBytes(FrameType.headers, Flag.endHeaders, id, block(grpcPairs(path, ...more)));
const say = (text: string, flags = 0, id = 1) =>
  frameBytes(FrameType.data, flags, id, encodeMessage(Buffer.from(text)));
const finish = (id = 1) => frameBytes(FrameType.data, Flag.endStream, id);
const isEnd = ({ type, flags }: ReceivedFrame) => type === FrameType.headers && (flags & Flag.endStream) !== 0;
const isHeaders = ({ type }: ReceivedFrame) => type === FrameType.headers;

const text = async () => {
  const { payload } = await peer.next(({ type }) => type === FrameType.data);
  return payload.subarray(5).toString();
};

/** The status of a call that has sent its response headers. */
const status = async () => {
  peer.fields(await peer.next(isHeaders));
  const fields = peer.fields(await peer.next(isEnd));
  return [Number(fields['grpc-status']), fields['grpc-message'] ?? ''];
};

it('A stream hears messages and the half-close in order, and answers as it likes.', async () => {
  peer.send(open(), say('a'), say('b'));
  expect([await text(), await text()]).toEqual(['a', 'b']);
  peer.send(say('c', Flag.endStream));
  expect(await text()).toBe('c');
  await peer.next(isEnd);
  expect(heard).toEqual(['message a', 'message b', 'message c', 'half-close']);
});

it('A stream ends with the status that its handler throws.', async () => {
  peer.send(open(), say('a'), say('refuse'), say('ignored'));
  expect(await status()).toEqual([GrpcCode.aborted, 'as asked']);
  expect(heard).toEqual(['message a', 'message refuse']);
  peer.send(open('/t.T/Refuse', 3));
  const fields = peer.fields(await peer.next(isEnd));
  expect(fields).toMatchObject({ ':status': '200', 'grpc-status': '16', 'grpc-message': 'no token' });
});

it('A defect ends the stream with INTERNAL and is reported.', async () => {
  peer.send(open(), say('a'), say('break'));
  expect(await status()).toEqual([GrpcCode.internal, 'internal error']);
  expect(defects).toEqual([new Error('broken')]);
});

it('A message that is too large ends the stream and cancels its handler.', async () => {
  peer.send(open(), say('a'), say('x'.repeat(101)));
  expect((await status())[0]).toBe(GrpcCode.resourceExhausted);
  expect(heard).toEqual(['message a', 'cancel']);
});

it('A request that ends inside a message ends the stream.', async () => {
  peer.send(open(), say('a'), frameBytes(FrameType.data, Flag.endStream, 1, Buffer.alloc(3)));
  expect((await status())[0]).toBe(GrpcCode.internal);
  expect(heard).toEqual(['message a', 'cancel']);
});

it('A reset cancels once, and what is written afterwards goes nowhere.', async () => {
  peer.send(open(), say('a'));
  await text();
  peer.send(frameBytes(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel)));
  await expectAlive(peer);
  streams[0]?.write(Buffer.from('x'));
  streams[0]?.end(ok);
  await expectAlive(peer);
  expect(peer.frames).toEqual([]);
  expect(heard).toEqual(['message a', 'cancel']);
  expect(streams[0]?.writable).toBe(false);
});

it.each(['end', 'destroy'] as const)('A client that leaves by %s cancels its streams.', async (how) => {
  peer.send(open(), say('a'));
  await text();
  peer.socket[how]();
  while (server.connectionCount() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(heard).toEqual(['message a', 'cancel']);
});

it('A deadline ends a stream with DEADLINE_EXCEEDED and cancels its handler.', async () => {
  peer.send(open('/t.T/Chat', 1, ['grpc-timeout', '30m']), say('a'));
  expect((await status())[0]).toBe(GrpcCode.deadlineExceeded);
  expect(heard).toEqual(['message a', 'cancel']);
});

it('A framed message is written to many streams, and the writer sees what waits.', async () => {
  const ids = Array.from({ length: 50 }, (_, index) => index * 2 + 1);
  peer.send(...ids.map((id) => open('/t.T/Chat', id)));
  await expectAlive(peer);
  const framed = encodeMessage(Buffer.alloc(3000, 'x'));
  for (const stream of streams) stream.writeFramed(framed);
  // The connection window of 65,535 takes 21 of the 50.
  const buffered = streams.map(({ bufferedBytes }) => bufferedBytes);
  expect(buffered.reduce((sum, bytes) => sum + bytes, 0)).toBe(50 * framed.length - 65_535);
  peer.send(frameBytes(FrameType.windowUpdate, 0, 0, uint32(1_000_000)));
  const received = new Map<number, number>();
  while ([...received.values()].reduce((sum, bytes) => sum + bytes, 0) < 50 * framed.length) {
    const { streamId, payload } = await peer.next(({ type }) => type === FrameType.data);
    received.set(streamId, (received.get(streamId) ?? 0) + payload.length);
  }
  expect(ids.every((id) => received.get(id) === framed.length)).toBe(true);
  expect(heard.filter((event) => event === 'drain').length).toBe(buffered.filter((bytes) => bytes > 0).length);
});

it('A long queue of small messages arrives in order.', async () => {
  peer.send(open());
  await expectAlive(peer);
  const count = 20_000;
  for (let index = 0; index < count; index += 1) streams[0]?.write(uint32(index));
  const parts: Buffer[] = [];
  for (let bytes = 0; bytes < count * 9;) {
    const { payload } = await peer.next(({ type }) => type === FrameType.data);
    parts.push(payload);
    bytes += payload.length;
    peer.send(...[0, 1].map((id) => frameBytes(FrameType.windowUpdate, 0, id, uint32(payload.length))));
  }
  const received = Buffer.concat(parts);
  expect(Array.from({ length: count }, (_, index) => received.readUInt32BE(index * 9 + 5))).toEqual([
    ...Array(count).keys(),
  ]);
});

it('A client that asks on and on without reading is given no more room, until it reads.', async () => {
  peer.send(open());
  const asked = Array.from({ length: 6_000 }, () => say('x'.repeat(95)));
  peer.send(...asked);
  while (heard.length < asked.length) await new Promise((resolve) => setTimeout(resolve, 5));
  const hasRoom = ({ type, streamId }: ReceivedFrame) => type === FrameType.windowUpdate && streamId === 1;
  expect(streams[0]?.bufferedBytes).toBe(asked.length * 100 - 65_535);
  expect(peer.frames.filter(hasRoom)).toEqual([]);
  peer.send(...[0, 1].map((id) => frameBytes(FrameType.windowUpdate, 0, id, uint32(1_000_000))));
  expect((await peer.next(hasRoom)).payload.readUInt32BE()).toBe(asked.length * 100);
});

it('An answer that is complete before the request makes the client stop, without an error.', async () => {
  peer.send(open());
  await expectAlive(peer);
  streams[0]?.sendHeaders();
  streams[0]?.end(ok);
  expect((await status())[0]).toBe(GrpcCode.ok);
  const reset = await peer.next(({ type }) => type === FrameType.rstStream);
  expect(reset.payload.readUInt32BE()).toBe(ErrorCode.noError);
  peer.send(say('late'), finish());
  await expectAlive(peer);
});

it('Abort drops what is buffered and resets.', async () => {
  peer.send(open());
  await expectAlive(peer);
  streams[0]?.write(Buffer.alloc(100_000));
  expect(streams[0]?.bufferedBytes).toBeGreaterThan(0);
  streams[0]?.abort();
  await peer.next(({ type }) => type === FrameType.rstStream);
  expect(streams[0]?.bufferedBytes).toBe(0);
});

describe('closing the server', () => {
  const goaway = async () => {
    const { payload } = await peer.next(({ type }) => type === FrameType.goaway);
    return [payload.readUInt32BE(0), payload.readUInt32BE(4)];
  };

  it('ends streams with UNAVAILABLE, takes what is under way, then names the last stream and leaves', async () => {
    peer.send(open(), say('a'));
    await text();
    const closed = server.close(2000);
    expect(await goaway()).toEqual([0x7fff_ffff, ErrorCode.noError]);
    const ping = await peer.next(({ type }) => type === FrameType.ping);
    expect(peer.fields(await peer.next(isEnd))['grpc-status']).toBe(String(GrpcCode.unavailable));
    peer.send(open('/t.T/Chat', 3), frameBytes(FrameType.ping, Flag.ack, 0, ping.payload));
    expect(await goaway()).toEqual([3, ErrorCode.noError]);
    peer.send(open('/t.T/Chat', 5), say('ignored', 0, 5), say('b', Flag.endStream, 3));
    await peer.next(isEnd);
    await peer.end();
    peer.socket.end();
    await closed;
    expect(heard).toEqual(['message a', 'cancel', 'message b', 'half-close']);
  });

  it('does not wait for a client that does not answer longer than it was told', async () => {
    peer.send(open('/t.T/Wait'), say('a', Flag.endStream));
    await expectAlive(peer);
    const started = performance.now();
    await server.close(50);
    expect(performance.now() - started).toBeLessThan(1500);
  });

  it('is told when the port is in use', async () => {
    const second = startServer();
    await expect(second.listen('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await second.close(0);
  });
});

describe('a silent client', () => {
  const limits = { handshakeTicks: 2, keepaliveTicks: 4, keepaliveTimeoutTicks: 4 };
  const silent = createGrpcServer({ handlers, limits, tickMs: 20, onDefect: () => {} });
  let silentPort = 0;
  beforeAll(async () => {
    silentPort = (await silent.listen('127.0.0.1', 0)).port;
  });
  afterAll(() => silent.close(0));

  it('that never speaks is left', async () => {
    const mute = new TestPeer(silentPort);
    await mute.end();
    mute.close();
  });

  it('is asked whether it is there, and kept when it answers, else left', async () => {
    const quiet = new TestPeer(silentPort).hello();
    for (const _ of [1, 2]) {
      const { payload } = await quiet.next(({ type, flags }) => type === FrameType.ping && flags === 0);
      quiet.send(frameBytes(FrameType.ping, Flag.ack, 0, payload));
    }
    await quiet.next(({ type }) => type === FrameType.goaway);
    await quiet.end();
    quiet.close();
  });
});
