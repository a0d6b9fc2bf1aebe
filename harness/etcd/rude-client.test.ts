import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { Flag, FrameType } from '#gateways/etcd/http2/frame';
import { encodeMessage } from '#gateways/etcd/http2/grpc-message';
import { defaultLimits } from '#gateways/etcd/http2/limits';
import { block, frameBytes, grpcPairs, TestPeer, uint32 } from '#gateways/etcd/http2/test-peer';
import { PutRequest, RangeRequest, RangeResponse } from '#gateways/etcd/messages/kv';
import { WatchRequest } from '#gateways/etcd/messages/watch';
import type { RawClient } from '#harness/etcd/raw-client';
import { ourPeer, type OurPeer } from '#harness/etcd/raw-peer';
import type { TestGateway } from '#harness/etcd/test-gateway';

// Other work may share the machine.
jest.setTimeout(120_000);
const patienceMs = 60_000;

let ours: OurPeer;
let server: TestGateway;
let other: RawClient;
let peer: TestPeer;

beforeAll(async () => {
  ours = await ourPeer();
  ({ server, client: other } = ours);
});
afterAll(() => ours.stop());
beforeEach(() => {
  peer = new TestPeer(server.port).hello();
});
afterEach(() => peer.close());

const watches = async (count: number): Promise<void> => {
  while (server.node.watchCount() !== count) await new Promise((resolve) => setTimeout(resolve, 10));
};

const call = (path: string, id: number, token = server.token): Buffer =>
  frameBytes(FrameType.headers, Flag.endHeaders, id, block(grpcPairs(path, ['token', token])));
const say = (message: Buffer, id: number, flags: number): Buffer =>
  frameBytes(FrameType.data, flags, id, encodeMessage(message));
const putCall = (id: number, key: string, token?: string): Buffer => {
  const put = PutRequest.encode({ key, value: Buffer.from('1') });
  return Buffer.concat([call('/etcdserverpb.KV/Put', id, token), say(put, id, Flag.endStream)]);
};
const watchCall = (id: number): Buffer => {
  const watch = WatchRequest.encode({ create: { key: 'watched', filters: [] } });
  return Buffer.concat([call('/etcdserverpb.Watch/Watch', id), say(watch, id, 0)]);
};
const isEnd = ({ type, flags }: { readonly type: number; readonly flags: number }): boolean =>
  type === FrameType.headers && (flags & Flag.endStream) !== 0;

const count = async (key: string): Promise<number> => {
  const answered = await other.call('/etcdserverpb.KV/Range', RangeRequest.encode({ key }));
  if ('refused' in answered) throw new Error(answered.refused);
  return RangeResponse.decode(answered.answer).count;
};

describe('a client that closes its sending side', () => {
  // As in gRPC for Go: it could neither open windows nor cancel, so it is gone.
  test('behind a whole call is left, and the call is carried out as for one whose connection broke', async () => {
    peer.send(putCall(1, 'half'));
    peer.socket.end();
    await peer.end(patienceMs);
    while ((await count('half')) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('inside a call changes nothing', async () => {
    const { position } = server.node.engine.head;
    const whole = putCall(1, 'cut');
    peer.send(whole.subarray(0, whole.length - 1));
    peer.socket.end();
    await peer.end(patienceMs);
    expect(await count('cut')).toBe(0);
    expect(server.node.engine.head.position).toBe(position);
  });

  test('with a watch open is left, and its watch ends', async () => {
    peer.send(watchCall(1));
    await watches(1);
    peer.socket.end();
    await peer.end(patienceMs);
    await watches(0);
  });
});

test('a client that resets its calls as fast as it makes them is told to calm down, and others go on', async () => {
  const calls = defaultLimits.frames.resets + 1;
  for (let made = 0; made < calls; made++) {
    const id = 2 * made + 1;
    peer.send(watchCall(id), frameBytes(FrameType.rstStream, 0, id, uint32(ErrorCode.cancel)));
  }
  const goaway = await peer.next(({ type }) => type === FrameType.goaway, patienceMs);
  expect(goaway.payload.readUInt32BE(4)).toBe(ErrorCode.enhanceYourCalm);
  await peer.end(patienceMs);
  await watches(0);
  expect(await other.call('/etcdserverpb.KV/Put', PutRequest.encode({ key: 'other' }))).toHaveProperty('answer');
});

test('a client without a valid token is told so in each call, on a connection that goes on', async () => {
  const { position } = server.node.engine.head;
  peer.send(putCall(1, 'token', 'wrong'), putCall(3, 'token', ''));
  const ends = [await peer.next(isEnd, patienceMs), await peer.next(isEnd, patienceMs)];
  expect(ends.map((end) => [end.streamId, peer.fields(end)['grpc-status']])).toEqual([
    [1, '16'],
    [3, '3'],
  ]);
  expect(server.node.engine.head.position).toBe(position);
  peer.send(putCall(5, 'token'));
  expect((await peer.next(isEnd, patienceMs)).streamId).toBe(5);
  expect(await count('token')).toBe(1);
});
