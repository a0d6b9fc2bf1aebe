import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { clientPreface, Flag, FrameType } from '#gateways/etcd/http2/frame';
import { block, frameBytes, hex, requestPairs, settings, uint32 } from '#gateways/etcd/http2/test-peer';
import { expectAlive, expectGoaway, startServer } from '#gateways/etcd/http2/test-server';

const { continuation, data, goaway, headers, ping, priority, pushPromise, rstStream, windowUpdate } = FrameType;
const { ack, endHeaders, endStream, padded } = Flag;
const whole = endStream | endHeaders;

const request = block(requestPairs());
const open = (id = 1) => frameBytes(headers, endHeaders, id, request);
const complete = (id = 1) => frameBytes(headers, whole, id, request);
const body = (text: string, flags: number = endStream) => frameBytes(data, flags, 1, Buffer.from(text));

const { start, dial, stop } = startServer();
beforeAll(start);
afterAll(stop);

describe('connection errors of RFC 9113', () => {
  const { protocolError, frameSizeError, flowControlError, streamClosed, compressionError, enhanceYourCalm } =
    ErrorCode;
  const rows: readonly (readonly [string, ErrorCode, readonly Buffer[]])[] = [
    ['4.2 a frame above the largest size', frameSizeError, [open(), frameBytes(data, 0, 1, Buffer.alloc(16_385))]],
    ['4.2 the same on stream 0', frameSizeError, [frameBytes(ping, 0, 0, Buffer.alloc(16_385))]],
    ['4.3 a block that is not HPACK', compressionError, [frameBytes(headers, whole, 1, hex('80'))]],
    ['4.3 the same in trailers', compressionError, [open(), frameBytes(headers, whole, 1, hex('80'))]],
    ['5.1 DATA on an idle stream', protocolError, [body('x')]],
    ['5.1 RST_STREAM on an idle stream', protocolError, [frameBytes(rstStream, 0, 1, uint32(8))]],
    ['5.1 WINDOW_UPDATE on an idle stream', protocolError, [frameBytes(windowUpdate, 0, 1, uint32(1))]],
    ['5.1 HEADERS on a stream that has ended', streamClosed, [complete(), complete()]],
    ['5.1.1 HEADERS on an even stream', protocolError, [complete(2)]],
    ['5.1.1 a number below the last', protocolError, [complete(5), complete(3)]],
    [
      '5.3.1 HEADERS that depend on themselves',
      protocolError,
      [frameBytes(headers, whole | Flag.priority, 1, Buffer.concat([uint32(1), Buffer.from([0]), request]))],
    ],
    ['6.1 DATA on stream 0', protocolError, [frameBytes(data, 0, 0, Buffer.from('x'))]],
    ['6.1 padding longer than DATA', protocolError, [open(), frameBytes(data, padded, 1, hex('05 0000 00'))]],
    ['6.1 padding as long as DATA', protocolError, [open(), frameBytes(data, padded, 1, hex('04 0000 00'))]],
    ['6.1 no pad length', frameSizeError, [open(), frameBytes(data, padded, 1)]],
    ['6.2 HEADERS on stream 0', protocolError, [complete(0)]],
    ['6.2 padding longer than HEADERS', protocolError, [frameBytes(headers, whole | padded, 1, hex('ff 82'))]],
    ['6.2 HEADERS without their priority', frameSizeError, [frameBytes(headers, whole | Flag.priority, 1, hex('82'))]],
    ['6.3 PRIORITY on stream 0', protocolError, [frameBytes(priority, 0, 0, Buffer.alloc(5))]],
    ['6.3 PRIORITY of 4 bytes', frameSizeError, [frameBytes(priority, 0, 1, Buffer.alloc(4))]],
    ['6.4 RST_STREAM on stream 0', protocolError, [frameBytes(rstStream, 0, 0, uint32(8))]],
    ['6.4 RST_STREAM of 3 bytes', frameSizeError, [open(), frameBytes(rstStream, 0, 1, Buffer.alloc(3))]],
    ['6.5 SETTINGS on a stream', protocolError, [frameBytes(FrameType.settings, 0, 1)]],
    ['6.5 SETTINGS of 5 bytes', frameSizeError, [frameBytes(FrameType.settings, 0, 0, Buffer.alloc(5))]],
    [
      '6.5 an acknowledgement with settings',
      frameSizeError,
      [frameBytes(FrameType.settings, ack, 0, settings([3, 1]))],
    ],
    ['6.5.2 ENABLE_PUSH of 2', protocolError, [frameBytes(FrameType.settings, 0, 0, settings([2, 2]))]],
    ['6.5.2 a window of 2^31', flowControlError, [frameBytes(FrameType.settings, 0, 0, settings([4, 2 ** 31]))]],
    ['6.5.2 frames of 16,383', protocolError, [frameBytes(FrameType.settings, 0, 0, settings([5, 16_383]))]],
    ['6.5.2 frames of 2^24', protocolError, [frameBytes(FrameType.settings, 0, 0, settings([5, 2 ** 24]))]],
    ['6.6 PUSH_PROMISE from a client', protocolError, [frameBytes(pushPromise, endHeaders, 1, uint32(2))]],
    ['6.7 PING on a stream', protocolError, [frameBytes(ping, 0, 1, Buffer.alloc(8))]],
    ['6.7 PING of 7 bytes', frameSizeError, [frameBytes(ping, 0, 0, Buffer.alloc(7))]],
    ['6.8 GOAWAY on a stream', protocolError, [frameBytes(goaway, 0, 1, Buffer.alloc(8))]],
    ['6.8 GOAWAY of 7 bytes', frameSizeError, [frameBytes(goaway, 0, 0, Buffer.alloc(7))]],
    ['6.9 WINDOW_UPDATE of 3 bytes', frameSizeError, [frameBytes(windowUpdate, 0, 0, Buffer.alloc(3))]],
    ['6.9 an increment of 0', protocolError, [frameBytes(windowUpdate, 0, 0, uint32(0))]],
    ['6.9.1 a window above 2^31-1', flowControlError, [frameBytes(windowUpdate, 0, 0, uint32(0x7fff_ffff))]],
    [
      '6.9.2 settings that overflow a stream',
      flowControlError,
      [
        frameBytes(FrameType.settings, 0, 0, settings([4, 1])),
        open(),
        frameBytes(windowUpdate, 0, 1, uint32(0x7fff_fffe)),
        frameBytes(FrameType.settings, 0, 0, settings([4, 2])),
      ],
    ],
    ['6.10 CONTINUATION without HEADERS', protocolError, [frameBytes(continuation, endHeaders, 1, request)]],
    ['6.10 CONTINUATION of a complete block', protocolError, [open(), frameBytes(continuation, endHeaders, 1)]],
    ['6.10 another frame inside a block', protocolError, [frameBytes(headers, 0, 1, request), body('x')]],
    [
      '6.10 another stream inside a block',
      protocolError,
      [frameBytes(headers, 0, 1, request), frameBytes(continuation, endHeaders, 3)],
    ],
    [
      '5.5 an unknown frame inside a block',
      protocolError,
      [frameBytes(headers, 0, 1, request), frameBytes(0xee, 0, 0)],
    ],
    [
      '10.5.1 CONTINUATION without end',
      enhanceYourCalm,
      [frameBytes(headers, 0, 1, request), ...Array.from({ length: 16 }, () => frameBytes(continuation, 0, 1))],
    ],
    [
      '10.5.1 a field block of 48 KiB',
      enhanceYourCalm,
      [
        frameBytes(headers, 0, 1, request),
        ...Array.from({ length: 3 }, () => frameBytes(continuation, 0, 1, Buffer.alloc(16_384))),
      ],
    ],
    [
      '10.5 a flood of PING',
      enhanceYourCalm,
      Array.from({ length: 21 }, () => frameBytes(ping, 0, 0, Buffer.alloc(8))),
    ],
    [
      '10.5 a flood of SETTINGS',
      enhanceYourCalm,
      Array.from({ length: 21 }, () => frameBytes(FrameType.settings, 0, 0)),
    ],
    ['10.5 a flood of empty DATA', enhanceYourCalm, [open(), ...Array.from({ length: 21 }, () => body('', 0))]],
    [
      '10.5 a flood of PRIORITY',
      enhanceYourCalm,
      Array.from({ length: 21 }, () => frameBytes(priority, 0, 9, Buffer.alloc(5))),
    ],
    [
      '10.5 rapid reset',
      enhanceYourCalm,
      Array.from({ length: 21 }, (_, index) =>
        Buffer.concat([open(index * 2 + 1), frameBytes(rstStream, 0, index * 2 + 1, uint32(8))]),
      ),
    ],
    [
      '10.5 resets that the server is made to send',
      enhanceYourCalm,
      Array.from({ length: 21 }, (_, index) =>
        Buffer.concat([open(index * 2 + 1), frameBytes(windowUpdate, 0, index * 2 + 1, uint32(0))]),
      ),
    ],
  ];
  it.each(rows)('%s', async (_, code, frames) => {
    const peer = dial().hello();
    peer.send(...frames);
    await expectGoaway(peer, code);
  });

  it('3.4 a first frame that is not SETTINGS', async () => {
    const peer = dial();
    peer.send(clientPreface, complete());
    await expectGoaway(peer, protocolError);
  });

  it('3.4 a preface that is not one', async () => {
    const peer = dial();
    peer.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'));
    await expectGoaway(peer, protocolError);
  });

  it('3.4 a preface that comes octet by octet is one', async () => {
    const peer = dial();
    for (const octet of clientPreface) {
      peer.send(Buffer.from([octet]));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    peer.send(frameBytes(FrameType.settings, 0, 0));
    await expectAlive(peer);
  });

  it('an HTTP/1.1 client is told in its own words', async () => {
    const peer = dial();
    const heard: Buffer[] = [];
    peer.socket.removeAllListeners('data');
    peer.socket.on('data', (chunk: Buffer) => heard.push(chunk));
    peer.send(Buffer.from('GET /health HTTP/1.1\r\nhost: x\r\n\r\n'));
    await peer.end();
    expect(Buffer.concat(heard).toString()).toMatch(/^HTTP\/1\.1 505 [^]*gRPC over HTTP\/2/);
  });
});
