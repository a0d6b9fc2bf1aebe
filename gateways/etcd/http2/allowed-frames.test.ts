import { Flag, FrameType } from '#gateways/etcd/http2/frame';
import { block, frameBytes, hex, requestPairs, settings, uint32 } from '#gateways/etcd/http2/test-peer';
import { expectAlive, expectAnswer, startServer, streamBytes } from '#gateways/etcd/http2/test-server';

const { continuation, data, goaway, headers, priority, rstStream, windowUpdate } = FrameType;
const { ack, endHeaders, endStream, padded } = Flag;
const whole = endStream | endHeaders;

const request = block(requestPairs());
const open = (id = 1) => frameBytes(headers, endHeaders, id, request);
const complete = (id = 1) => frameBytes(headers, whole, id, request);
const withFields = (...pairs: (readonly [string, string])[]) =>
  frameBytes(headers, whole, 1, block([...requestPairs(), ...pairs]));
const body = (text: string, flags: number = endStream) => frameBytes(data, flags, 1, Buffer.from(text));

const { start, dial, stop } = startServer();
beforeAll(start);
afterAll(stop);

describe('what RFC 9113 allows', () => {
  const rows: readonly (readonly [string, readonly Buffer[]])[] = [
    ['a request without a body', [complete()]],
    ['a request with a body', [open(), body('abc')]],
    [
      'a content-length that is right',
      [
        frameBytes(headers, endHeaders, 1, block([...requestPairs(), ['content-length', '3']])),
        body('a', 0),
        body('bc'),
      ],
    ],
    ['4.1 undefined flags', [frameBytes(headers, whole | 0x52, 1, request)]],
    ['5.1 PRIORITY on an idle stream', [frameBytes(priority, 0, 9, Buffer.alloc(5)), complete()]],
    [
      '5.1 PRIORITY and WINDOW_UPDATE on a closed stream',
      [complete(), frameBytes(priority, 0, 1, Buffer.alloc(5)), frameBytes(windowUpdate, 0, 1, uint32(1))],
    ],
    ['5.1 RST_STREAM on a closed stream', [complete(), frameBytes(rstStream, 0, 1, uint32(8))]],
    [
      '5.1 frames for a stream that was refused',
      [
        frameBytes(headers, endHeaders, 1, block([...requestPairs(), ['te', 'x']])),
        body('x', 0),
        frameBytes(headers, whole, 1, block([['a', 'b']])),
        complete(3),
      ],
    ],
    ['5.5 frames of unknown types', [frameBytes(0xee, 0xff, 0, Buffer.alloc(9)), frameBytes(0x10, 0, 1), complete()]],
    ['6.1 padded DATA', [open(), frameBytes(data, endStream | padded, 1, hex('03 6162 0000 00'))]],
    ['6.1 DATA of padding only', [open(), frameBytes(data, endStream | padded, 1, hex('02 0000'))]],
    [
      '6.2 padded HEADERS with a priority',
      [
        frameBytes(
          headers,
          whole | padded | Flag.priority,
          1,
          Buffer.concat([hex('02 0000 0000 ff'), request, Buffer.alloc(2)]),
        ),
      ],
    ],
    ['6.5.2 an unknown setting', [frameBytes(FrameType.settings, 0, 0, settings([0xff, 7])), complete()]],
    ['6.8 GOAWAY of a client that still waits', [complete(), frameBytes(goaway, 0, 0, Buffer.alloc(8))]],
    [
      '6.10 a block in pieces',
      [
        frameBytes(headers, endStream, 1, request.subarray(0, 5)),
        frameBytes(continuation, 0, 1, request.subarray(5, 6)),
        frameBytes(continuation, endHeaders, 1, request.subarray(6)),
      ],
    ],
    ['8.1 trailers', [open(), body('x', 0), frameBytes(headers, whole, 1, block([['x-checksum', '1']]))]],
    ['8.2.3 cookie crumbs', [withFields(['cookie', 'a=b'], ['cookie', 'c=d'])]],
    ['8.2.2 te: trailers', [withFields(['te', 'trailers'])]],
  ];
  it.each(rows)('%s', async (_, frames) => {
    const peer = dial().hello();
    peer.send(...frames);
    await expectAnswer(peer, frames.some((frame) => frame.equals(complete(3))) ? 3 : 1);
    await expectAlive(peer);
  });

  it('3.4 the server begins with its settings and acknowledges ours', async () => {
    const peer = dial().hello();
    const first = await peer.next(() => true);
    expect([first.type, first.flags]).toEqual([FrameType.settings, 0]);
    expect(first.payload).toEqual(settings([3, 3], [4, streamBytes], [6, 16_384]));
    await peer.next(({ type, flags }) => type === FrameType.settings && flags === ack);
  });

  it('6.5.2 a header list above the announced size is answered with 431, and the table goes on', async () => {
    const peer = dial().hello();
    const long = block(Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'v'.repeat(150)] as const));
    const indexed = Buffer.concat([hex('40 0161 0162'), long]);
    peer.send(frameBytes(headers, endStream, 1, request));
    peer.send(frameBytes(continuation, 0, 1, indexed.subarray(0, 16_000)));
    peer.send(frameBytes(continuation, endHeaders, 1, indexed.subarray(16_000)));
    const frame = await peer.next(({ type }) => type === headers);
    expect(peer.fields(frame)).toEqual({ ':status': '431' });
    // Index 62 is "a: b" of the list that was refused.
    peer.send(frameBytes(headers, whole, 3, Buffer.concat([request, hex('be')])));
    await expectAnswer(peer, 3);
  });
});
