import { gzipSync } from 'node:zlib';
import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { Flag, FrameType } from '#gateways/etcd/http2/frame';
import { createGrpcServer } from '#gateways/etcd/http2/grpc';
import type { GrpcCall } from '#gateways/etcd/http2/grpc-call';
import { encodeMessage } from '#gateways/etcd/http2/grpc-message';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import { GrpcCode, grpcError, percentEncode } from '#gateways/etcd/http2/grpc-status';
import { block, frameBytes, grpcPairs, requestPairs, TestPeer, uint32 } from '#gateways/etcd/http2/test-peer';
import { expectAlive } from '#gateways/etcd/http2/test-server';

const whole = Flag.endStream | Flag.endHeaders;
const maxMessageBytes = 20_000;
const calls: GrpcCall[] = [];
const defects: unknown[] = [];
const release: (() => void)[] = [];

const unary = (handle: Extract<GrpcHandler, { kind: 'unary' }>['handle']): GrpcHandler => ({ kind: 'unary', handle });

const handlers = new Map<string, GrpcHandler>([
  ['/t.T/Echo', unary((request) => request)],
  ['/t.T/Later', unary((request) => Promise.resolve(request))],
  [
    '/t.T/Stay',
    unary((request, call) => {
      calls.push(call);
      return new Promise((resolve) => release.push(() => resolve(request)));
    }),
  ],
  ['/t.T/Refuse', unary(() => Promise.reject(grpcError(GrpcCode.notFound, 'no “such” thing: 100%\n')))],
  [
    '/t.T/RefuseNow',
    unary(() => {
      throw grpcError(GrpcCode.outOfRange, '');
    }),
  ],
  ['/t.T/Defect', unary(() => Promise.reject(new Error('secret')))],
  ['/t.T/Long', unary(() => Promise.reject(grpcError(GrpcCode.aborted, 'x'.repeat(5000))))],
  ['/t.T/Who', unary((_, call) => Buffer.from(`${call.path} ${call.metadata('token')} ${call.metadata('none')}`))],
]);

const server = createGrpcServer({
  handlers,
  maxMessageBytes,
  maxHeldBytes: 50_000,
  limits: { maxConcurrentStreams: 4 },
  onDefect: (error) => defects.push(error),
});
let port = 0;
let peer: TestPeer;

beforeAll(async () => {
  port = (await server.listen('127.0.0.1', 0)).port;
});
beforeEach(() => {
  peer = new TestPeer(port).hello();
});
afterEach(() => {
  peer.close();
  for (const settle of release.splice(0)) settle();
  calls.length = 0;
});
afterAll(() => server.close(0));

const head = (path: string, id = 1, ...more: (readonly [string, string])[]) =>
  frameBytes(FrameType.headers, Flag.endHeaders, id, block(grpcPairs(path, ...more)));
const data = (bytes: Uint8Array, flags: number = Flag.endStream, id = 1) =>
  frameBytes(FrameType.data, flags, id, bytes);
const gzipped = (payload: Buffer) => {
  const framed = encodeMessage(gzipSync(payload));
  framed[0] = 1;
  return framed;
};

/** All fields and data of the answer to a stream. */
const answer = async (id = 1) => {
  let fields: Record<string, string> = {};
  const parts: Buffer[] = [];
  for (;;) {
    const frame = await peer.next(({ streamId }) => streamId === id);
    if (frame.type === FrameType.data) parts.push(frame.payload);
    if (frame.type === FrameType.headers) fields = { ...fields, ...peer.fields(frame) };
    if (frame.type === FrameType.rstStream) return { fields, reset: frame.payload.readUInt32BE() };
    if ((frame.flags & Flag.endStream) !== 0) return { fields, body: Buffer.concat(parts) };
  }
};
const statusOf = async (id = 1) => {
  const { fields } = await answer(id);
  return [Number(fields['grpc-status']), fields['grpc-message'] ?? ''];
};

describe('a unary call', () => {
  it.each(['/t.T/Echo', '/t.T/Later'])('%s is answered with headers, one message and trailers', async (path) => {
    peer.send(head(path), data(encodeMessage(Buffer.from('abc'))));
    const { fields, body } = await answer();
    expect(fields).toEqual({ ':status': '200', 'content-type': 'application/grpc', 'grpc-status': '0' });
    expect(body).toEqual(encodeMessage(Buffer.from('abc')));
  });

  it('takes a message in frames of one octet, and an END_STREAM of its own', async () => {
    const octets = [...encodeMessage(Buffer.from('abc'))].map((octet) => data(Buffer.from([octet]), 0));
    peer.send(head('/t.T/Echo'), ...octets, data(Buffer.alloc(0)));
    expect((await answer()).body?.subarray(5).toString()).toBe('abc');
  });

  it('shows path, metadata and peer to its handler', async () => {
    peer.send(head('/t.T/Who', 1, ['token', 'root.1']), data(encodeMessage(Buffer.alloc(0))));
    expect((await answer()).body?.subarray(5).toString()).toBe('/t.T/Who root.1 undefined');
    peer.send(head('/t.T/Stay', 3), data(encodeMessage(Buffer.alloc(0)), Flag.endStream, 3));
    await expectAlive(peer);
    expect(calls[0]?.peer).toBe(`127.0.0.1:${peer.socket.localPort}`);
  });

  it('leaves with the others of its turn in one write', async () => {
    await peer.next(({ flags }) => flags === Flag.ack);
    const chunks: Buffer[] = [];
    peer.socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const message = encodeMessage(Buffer.from('abc'));
    peer.send(...[1, 3, 5, 7].map((id) => Buffer.concat([head('/t.T/Later', id), data(message, Flag.endStream, id)])));
    await answer(7);
    expect(chunks.length).toBe(1);
  });

  it.each([
    ['/t.T/Refuse', GrpcCode.notFound, 'no %E2%80%9Csuch%E2%80%9D thing: 100%25%0A'],
    ['/t.T/RefuseNow', GrpcCode.outOfRange, ''],
    ['/t.T/Defect', GrpcCode.internal, 'internal error'],
    ['/t.T/Long', GrpcCode.aborted, 'x'.repeat(4096)],
    ['/t.T/None', GrpcCode.unimplemented, 'unknown method None for service t.T'],
    ['/x.X/None', GrpcCode.unimplemented, 'unknown service x.X'],
    ['/__proto__', GrpcCode.unimplemented, 'unknown service __proto__'],
  ])('%s is refused with its status', async (path, code, message) => {
    peer.send(head(path), data(encodeMessage(Buffer.from('abc'))));
    expect(await statusOf()).toEqual([code, message]);
    await expectAlive(peer);
  });

  it('reports a defect to the operator only', () => {
    expect(defects).toEqual([new Error('secret')]);
  });

  const large = encodeMessage(Buffer.alloc(maxMessageBytes + 1));
  const abc = encodeMessage(Buffer.from('abc'));
  it.each([
    ['no message', GrpcCode.internal, 'without a complete message', Buffer.alloc(0)],
    ['half a prefix', GrpcCode.internal, 'without a complete message', abc.subarray(0, 3)],
    ['half a message', GrpcCode.internal, 'without a complete message', abc.subarray(0, 6)],
    ['two messages', GrpcCode.internal, 'more than one message', Buffer.concat([abc, abc])],
    ['a message and a half', GrpcCode.internal, 'without a complete message', Buffer.concat([abc, abc.subarray(0, 6)])],
    ['a message that is too large', GrpcCode.resourceExhausted, '(20001 vs. 20000)', large.subarray(0, 5)],
    ['a compressed message', GrpcCode.internal, 'without grpc-encoding', gzipped(Buffer.from('abc'))],
  ])('is refused for %s', async (_, code, message, body) => {
    peer.send(head('/t.T/Echo'), data(body));
    expect(await statusOf()).toEqual([code, expect.stringContaining(message)]);
  });

  it('that grows too large in many frames is refused', async () => {
    const [first, second] = [large.subarray(0, 3), large.subarray(3, 10)];
    peer.send(head('/t.T/Echo'), data(first, 0), data(second, 0));
    expect((await statusOf())[0]).toBe(GrpcCode.resourceExhausted);
  });

  it('is refused when the connection holds too much of incomplete messages', async () => {
    const most = encodeMessage(Buffer.alloc(maxMessageBytes)).subarray(0, 16_000);
    for (const id of [1, 3, 5, 7]) peer.send(head('/t.T/Echo', id), data(most, 0, id));
    expect(await statusOf(7)).toEqual([GrpcCode.resourceExhausted, expect.stringContaining('incomplete')]);
    peer.send(...[1, 3, 5].map((id) => frameBytes(FrameType.rstStream, 0, id, uint32(ErrorCode.cancel))));
    peer.send(head('/t.T/Echo', 9), data(most, 0, 9), data(Buffer.alloc(4005), Flag.endStream, 9));
    expect((await answer(9)).body?.length).toBe(maxMessageBytes + 5);
  });

  it('ends at its deadline, and its handler can see it', async () => {
    peer.send(head('/t.T/Stay', 1, ['grpc-timeout', '20m']), data(encodeMessage(Buffer.alloc(0))));
    expect(await statusOf()).toEqual([GrpcCode.deadlineExceeded, 'context deadline exceeded']);
    expect(calls[0]?.cancelled).toBe(true);
  });

  it('that is reset is seen by its handler, and its answer goes nowhere', async () => {
    peer.send(head('/t.T/Stay'), data(encodeMessage(Buffer.alloc(0))));
    peer.send(frameBytes(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel)));
    await expectAlive(peer);
    expect(calls[0]?.cancelled).toBe(true);
    release.pop()?.();
    await expectAlive(peer);
    expect(peer.frames.filter(({ streamId }) => streamId === 1)).toEqual([]);
  });

  it('is refused while too many cancelled ones still run', async () => {
    for (const id of [1, 3, 5, 7]) {
      peer.send(head('/t.T/Stay', id), data(encodeMessage(Buffer.alloc(0)), Flag.endStream, id));
      peer.send(frameBytes(FrameType.rstStream, 0, id, uint32(ErrorCode.cancel)));
    }
    peer.send(head('/t.T/Echo', 9), data(encodeMessage(Buffer.alloc(0)), Flag.endStream, 9));
    expect(await answer(9)).toMatchObject({ reset: ErrorCode.refusedStream });
  });
});

describe('compression', () => {
  const zipped = (body: Buffer, encoding = 'gzip') => {
    peer.send(head('/t.T/Echo', 1, ['grpc-encoding', encoding]), data(body));
    return answer();
  };

  it('by gzip is read', async () => {
    expect((await zipped(gzipped(Buffer.from('abc')))).body?.subarray(5).toString()).toBe('abc');
  });

  it('is the choice of each message', async () => {
    expect((await zipped(encodeMessage(Buffer.from('abc')))).body?.subarray(5).toString()).toBe('abc');
  });

  it('beyond the largest message is refused without inflating it all', async () => {
    const { fields } = await zipped(gzipped(Buffer.alloc(10_000_000)));
    expect(fields['grpc-status']).toBe(String(GrpcCode.resourceExhausted));
  });

  it('that is broken is refused', async () => {
    const body = gzipped(Buffer.from('abc'));
    body.fill(0xff, 10);
    expect((await zipped(body)).fields['grpc-status']).toBe(String(GrpcCode.internal));
  });

  it('of another kind is refused with those that are known', async () => {
    expect((await zipped(encodeMessage(Buffer.alloc(0)), 'snappy')).fields).toMatchObject({
      'grpc-status': String(GrpcCode.unimplemented),
      'grpc-accept-encoding': 'identity,gzip',
    });
  });
});

describe('a request that is not gRPC', () => {
  const grpc = ['content-type', 'application/grpc'] as const;
  it.each([
    ['a GET', [[':method', 'GET'], ...requestPairs('/t.T/Echo').slice(1)], { ':status': '405', allow: 'POST' }],
    ['no content-type', requestPairs('/t.T/Echo'), { ':status': '415' }],
    ['grpc-web', [...requestPairs('/t.T/Echo'), ['content-type', 'application/grpc-web']], { ':status': '415' }],
    ['no te', [...requestPairs('/t.T/Echo'), grpc], { ':status': '200', 'grpc-status': '13' }],
    ['a bad timeout', grpcPairs('/t.T/Echo', ['grpc-timeout', '1x']), { ':status': '200', 'grpc-status': '13' }],
    [
      'CONNECT',
      [
        [':method', 'CONNECT'],
        [':authority', 'a'],
      ],
      { ':status': '405' },
    ],
  ] as const)('is told so: %s', async (_, pairs, fields) => {
    peer.send(frameBytes(FrameType.headers, whole, 1, block(pairs)));
    expect((await answer()).fields).toMatchObject(fields);
    await expectAlive(peer);
  });

  it.each(['application/grpc+proto', 'application/grpc;charset=utf-8'])('but %s is', async (type) => {
    const pairs = [...requestPairs('/t.T/Echo'), ['content-type', type], ['te', 'trailers']] as const;
    peer.send(frameBytes(FrameType.headers, Flag.endHeaders, 1, block(pairs)), data(encodeMessage(Buffer.alloc(0))));
    expect((await answer()).fields['grpc-status']).toBe('0');
  });
});

describe('grpc-message', () => {
  it('is percent-encoded UTF-8, cut at a character', () => {
    expect(percentEncode('plain ~ text')).toBe('plain ~ text');
    expect(percentEncode('50%\té')).toBe('50%25%09%C3%A9');
    expect(percentEncode('x'.repeat(10_000)).length).toBe(4096);
    expect(decodeURIComponent(percentEncode(`x${'é'.repeat(3000)}`))).toBe(`x${'é'.repeat(2047)}`);
  });
});
