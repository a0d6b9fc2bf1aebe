import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { defaultMaxFrameBytes, Flag, FrameType } from '#gateways/etcd/http2/frame';
import { defaultLimits } from '#gateways/etcd/http2/limits';
import type { Http2Stream } from '#gateways/etcd/http2/stream';
import { block, frameBytes, requestPairs, settings, uint32, type TestPeer } from '#gateways/etcd/http2/test-peer';
import { expectAlive, expectAnswer, startServer } from '#gateways/etcd/http2/test-server';

const whole = Flag.endStream | Flag.endHeaders;
const request = (id = 1, flags: number = whole) => frameBytes(FrameType.headers, flags, id, block(requestPairs()));
const more = (id: number, bytes: number) => frameBytes(FrameType.windowUpdate, 0, id, uint32(bytes));
const initialWindow = (bytes: number) => frameBytes(FrameType.settings, 0, 0, settings([4, bytes]));
const isData = ({ type }: { type: number }) => type === FrameType.data;
const dataOf = async (peer: TestPeer) => (await peer.next(isData)).payload.toString();
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const expectNoData = async (peer: TestPeer) => {
  await expectAlive(peer);
  expect(peer.frames.filter(isData)).toEqual([]);
};

describe('sending', () => {
  const { start, dial, stop } = startServer();
  beforeAll(start);
  afterAll(stop);

  it('goes octet by octet where the window is one, and the trailers come last', async () => {
    const peer = dial().hello([4, 1]).send(request());
    let text = await dataOf(peer);
    while (text.length < 5) {
      expect(peer.frames.map(({ type }) => type)).not.toContain(FrameType.headers);
      peer.send(more(1, 1));
      text += await dataOf(peer);
    }
    expect(text).toBe('hello');
    await peer.next(({ flags }) => (flags & Flag.endStream) !== 0);
  });

  it('waits at a window of 0 until SETTINGS raise it', async () => {
    const peer = dial().hello([4, 0]).send(request());
    await peer.next(({ type }) => type === FrameType.headers);
    await expectNoData(peer);
    peer.send(initialWindow(5));
    expect(await dataOf(peer)).toBe('hello');
  });

  it('keeps count of a window that SETTINGS made negative', async () => {
    const peer = dial().hello([4, 3]).send(request());
    expect(await dataOf(peer)).toBe('hel');
    peer.send(initialWindow(1), more(1, 2));
    await expectNoData(peer);
    peer.send(more(1, 1));
    expect(await dataOf(peer)).toBe('l');
  });

  it('tells the size of the table and repeats nothing by index where the peer keeps none', async () => {
    const peer = dial().hello([1, 0]);
    for (const id of [1, 3]) {
      peer.send(request(id));
      await expectAnswer(peer, id);
    }
  });
});

describe('a large answer', () => {
  const pattern = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => index % 251));
  const streams: Http2Stream[] = [];
  const drained: number[] = [];
  const { start, dial, stop, accepted } = startServer(defaultLimits, (stream) => {
    streams.push(stream);
    return {
      data() {},
      aborted() {},
      drained() {
        drained.push(stream.id);
      },
      ended() {
        stream.headers('response');
        stream.data(pattern);
      },
    };
  });
  beforeAll(start);
  afterAll(stop);
  afterEach(() => {
    streams.length = 0;
    drained.length = 0;
  });

  const collect = async (peer: TestPeer, id: number, bytes: number) => {
    const parts: Buffer[] = [];
    for (let length = 0; length < bytes; length += parts.at(-1)?.length ?? 0) {
      parts.push((await peer.next((frame) => isData(frame) && frame.streamId === id)).payload);
    }
    return parts;
  };

  it('stops at the windows, shows what waits, and says when it is gone', async () => {
    const peer = dial().hello().send(request());
    await collect(peer, 1, 65_535);
    expect(streams[0]?.queuedBytes).toBe(pattern.length - 65_535);
    peer.send(more(1, pattern.length));
    await expectNoData(peer);
    expect(drained).toEqual([]);
    peer.send(more(0, pattern.length));
    const parts = await collect(peer, 1, pattern.length - 65_535);
    expect(Buffer.concat(parts).equals(pattern.subarray(65_535))).toBe(true);
    expect(Math.max(...parts.map(({ length }) => length))).toBe(defaultMaxFrameBytes);
    expect([streams[0]?.queuedBytes, drained]).toEqual([0, [1]]);
  });

  it('comes in frames as long as the peer takes, up to 64 KiB', async () => {
    const peer = dial().hello([4, 0x7fff_ffff], [5, 0xff_ffff]).send(more(0, 0x7fff_0000), request());
    const parts = await collect(peer, 1, pattern.length);
    expect(Math.max(...parts.map(({ length }) => length))).toBe(65_536);
  });

  it('takes turns with others where the connection window is short', async () => {
    const peer = dial().hello([4, 0x7fff_ffff]).send(request(1), request(3));
    await collect(peer, 1, 65_535);
    peer.send(more(0, 4 * defaultMaxFrameBytes));
    const ids: number[] = [];
    for (let count = 0; count < 4; count += 1) ids.push((await peer.next(isData)).streamId);
    expect(ids.sort()).toEqual([1, 1, 3, 3]);
  });

  it('waits for a peer that does not read, with little in the socket, and then arrives whole', async () => {
    const peer = dial().hello([4, 0x7fff_ffff]);
    await peer.next(({ flags }) => flags === Flag.ack);
    peer.socket.pause();
    const ids = Array.from({ length: 20 }, (_, index) => index * 2 + 1);
    peer.send(more(0, 0x7fff_0000), ...ids.map((id) => request(id)));
    await rest(200);
    const waiting = streams.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0);
    expect(waiting).toBeGreaterThan(5_000_000);
    expect(accepted.at(-1)?.connection.transmitter.queuedBytes).toBe(waiting);
    expect(accepted.at(-1)?.connection.transmitter.outbound.backlogBytes()).toBeLessThan(1_000_000);
    peer.socket.resume();
    const received = new Map<number, Buffer[]>(ids.map((id) => [id, []]));
    for (let length = 0; length < ids.length * pattern.length;) {
      const { streamId, payload } = await peer.next(isData);
      received.get(streamId)?.push(payload);
      length += payload.length;
    }
    expect(ids.every((id) => Buffer.concat(received.get(id) ?? []).equals(pattern))).toBe(true);
    expect(drained.length).toBe(ids.length);
  });

  it('is dropped when the peer resets the stream', async () => {
    const peer = dial().hello().send(request());
    await collect(peer, 1, 65_535);
    peer.send(frameBytes(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel)));
    await expectAlive(peer);
    expect(accepted.at(-1)?.connection.transmitter.queuedBytes).toBe(0);
    expect(streams[0]?.writable).toBe(false);
  });
});

describe('a peer that leaves too much unread', () => {
  const { start, dial, stop } = startServer({ maxQueuedBytes: 3 });
  beforeAll(start);
  afterAll(stop);

  it('gets no further requests answered', async () => {
    const peer = dial().hello([4, 1]).send(request(1), request(3));
    const frame = await peer.next(({ type }) => type === FrameType.rstStream);
    expect([frame.streamId, frame.payload.readUInt32BE()]).toEqual([3, ErrorCode.enhanceYourCalm]);
  });

  it('cannot go on with the requests that it has begun', async () => {
    const peer = dial().hello([4, 1]);
    peer.send(request(1, Flag.endHeaders), request(3), frameBytes(FrameType.data, 0, 1, Buffer.alloc(1)));
    const frame = await peer.next(({ type }) => type === FrameType.rstStream);
    expect([frame.streamId, frame.payload.readUInt32BE()]).toEqual([1, ErrorCode.enhanceYourCalm]);
  });
});

describe('receiving', () => {
  const { start, dial, stop } = startServer();
  beforeAll(start);
  afterAll(stop);

  it('gives back half a window at a time, for stream and connection', async () => {
    const peer = dial().hello().send(request(1, Flag.endHeaders));
    const credit = new Map<number, number>();
    for (let sent = 500; sent <= 100_000; sent += 500) {
      peer.send(frameBytes(FrameType.data, 0, 1, Buffer.alloc(500)));
      while ((credit.get(1) ?? 0) < sent) {
        const { streamId, payload } = await peer.next(({ type }) => type === FrameType.windowUpdate);
        credit.set(streamId, (credit.get(streamId) ?? 0) + payload.readUInt32BE());
      }
    }
    // The first of the connection makes its window 70,000; then twice half of that.
    expect(credit.get(0)).toBe(70_000 - 65_535 + 2 * 35_000);
  });
});
