import { createServer, type AddressInfo } from 'node:net';
import { accept, type AcceptedConnection } from '#gateways/etcd/http2/accept';
import type { ConnectionEvents } from '#gateways/etcd/http2/connection';
import type { ErrorCode } from '#gateways/etcd/http2/error-code';
import { Flag, FrameType } from '#gateways/etcd/http2/frame';
import { defaultLimits, type ConnectionLimits } from '#gateways/etcd/http2/limits';
import { FlushScheduler } from '#gateways/etcd/http2/outbound';
import { frameBytes, TestPeer } from '#gateways/etcd/http2/test-peer';

/** SETTINGS_INITIAL_WINDOW_SIZE of the server below. */
export const streamBytes = 1000;

const tightLimits: ConnectionLimits = {
  ...defaultLimits,
  maxConcurrentStreams: 3,
  streamWindowBytes: streamBytes,
  connectionWindowBytes: 70_000,
  frames: { resets: 20, pings: 20, settings: 20, emptyData: 20, ignored: 20 },
};

const answerHello: ConnectionEvents['open'] = (stream, head) => ({
  data() {},
  aborted() {},
  drained() {},
  ended() {
    if (head.path !== '/') return;
    stream.headers([[':status', '200']]);
    stream.data(Buffer.from('hello'));
    stream.end([['x-end', 'yes']]);
  },
});

/** HTTP/2 without gRPC. By default "/" is answered with "hello" and trailers at its end, other requests never. */
export const startServer = (limits: Partial<ConnectionLimits> = {}, open = answerHello) => {
  const scheduler = new FlushScheduler();
  const peers: TestPeer[] = [];
  const accepted: AcceptedConnection[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accepted.push(accept(socket, scheduler, { ...tightLimits, ...limits }, open));
  });
  return {
    /** The connections in the order in which they were made. */
    accepted,
    start: () => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
    dial() {
      const peer = new TestPeer((server.address() as AddressInfo).port);
      peers.push(peer);
      return peer;
    },
    stop() {
      for (const peer of peers) peer.close();
      return new Promise((resolve) => server.close(resolve));
    },
  };
};

export const expectGoaway = async (peer: TestPeer, code: ErrorCode) => {
  const frame = await peer.next(({ type }) => type === FrameType.goaway);
  expect(frame.payload.readUInt32BE(4)).toBe(code);
  await peer.end();
};

export const expectReset = async (peer: TestPeer, code: ErrorCode, id = 1) => {
  const frame = await peer.next(({ type, streamId }) => type === FrameType.rstStream && streamId === id);
  expect(frame.payload.readUInt32BE(0)).toBe(code);
  await expectAlive(peer);
};

export const expectAlive = async (peer: TestPeer) => {
  peer.send(frameBytes(FrameType.ping, 0, 0, Buffer.from('12345678')));
  const frame = await peer.next(({ type, flags }) => type === FrameType.ping && flags === Flag.ack);
  expect(frame.payload.toString()).toBe('12345678');
};

export const expectAnswer = async (peer: TestPeer, id = 1) => {
  const frame = await peer.next(({ type, streamId }) => type === FrameType.headers && streamId === id);
  expect(peer.fields(frame)).toMatchObject({ ':status': '200' });
  const ends = ({ type, flags, streamId }: { type: number; flags: number; streamId: number }) =>
    type === FrameType.headers && streamId === id && (flags & Flag.endStream) !== 0;
  await peer.next(ends);
};
