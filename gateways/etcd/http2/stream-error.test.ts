import { ErrorCode } from '#gateways/etcd/http2/error-code';
import { Flag, FrameType } from '#gateways/etcd/http2/frame';
import { block, frameBytes, hex, requestPairs, uint32 } from '#gateways/etcd/http2/test-peer';
import { expectAnswer, expectReset, startServer, streamBytes } from '#gateways/etcd/http2/test-server';

const { data, headers, rstStream, windowUpdate } = FrameType;
const { endHeaders, endStream, padded } = Flag;
const whole = endStream | endHeaders;

const request = block(requestPairs());
const open = (id = 1) => frameBytes(headers, endHeaders, id, request);
const complete = (id = 1) => frameBytes(headers, whole, id, request);
const withFields = (...pairs: (readonly [string, string])[]) =>
  frameBytes(headers, whole, 1, block([...requestPairs(), ...pairs]));
const only = (...pairs: (readonly [string, string])[]) => frameBytes(headers, whole, 1, block(pairs));
const body = (text: string, flags: number = endStream) => frameBytes(data, flags, 1, Buffer.from(text));

const { start, dial, stop } = startServer();
beforeAll(start);
afterAll(stop);

describe('stream errors of RFC 9113', () => {
  const { protocolError, streamClosed, flowControlError, refusedStream } = ErrorCode;
  const rows: readonly (readonly [string, ErrorCode, readonly Buffer[]])[] = [
    [
      '5.1 DATA after END_STREAM',
      streamClosed,
      [frameBytes(headers, whole, 1, block(requestPairs('/stay'))), body('x')],
    ],
    ['5.1 DATA after the stream is closed', streamClosed, [complete(), body('x')]],
    ['5.1 DATA after RST_STREAM', streamClosed, [open(), frameBytes(rstStream, 0, 1, uint32(8)), body('x')]],
    ['6.9 an increment of 0', protocolError, [open(), frameBytes(windowUpdate, 0, 1, uint32(0))]],
    ['6.9.1 a window above 2^31-1', flowControlError, [open(), frameBytes(windowUpdate, 0, 1, uint32(0x7fff_ffff))]],
    [
      '6.9.1 DATA beyond the stream window',
      flowControlError,
      [open(), frameBytes(data, 0, 1, Buffer.alloc(streamBytes + 1))],
    ],
    [
      '6.9.1 padding counts for the window',
      flowControlError,
      [open(), frameBytes(data, padded, 1, Buffer.concat([hex('ff'), Buffer.alloc(streamBytes)]))],
    ],
    ['8.1 HEADERS in the middle', protocolError, [open(), open()]],
    ['8.1 trailers with pseudo-headers', protocolError, [open(), complete()]],
    [
      '8.1.1 a body longer than content-length',
      protocolError,
      [frameBytes(headers, endHeaders, 1, block([...requestPairs(), ['content-length', '2']])), body('xxx')],
    ],
    [
      '8.1.1 a body shorter than content-length',
      protocolError,
      [frameBytes(headers, endHeaders, 1, block([...requestPairs(), ['content-length', '2']])), body('x')],
    ],
    ['8.1.1 no body at all', protocolError, [withFields(['content-length', '2'])]],
    ['8.1.1 content-length twice', protocolError, [withFields(['content-length', '0'], ['content-length', '1'])]],
    ['8.1.1 content-length -1', protocolError, [withFields(['content-length', '-1'])]],
    ['8.2 an upper-case name', protocolError, [withFields(['X-Test', 'a'])]],
    ['8.2.1 a space in a name', protocolError, [withFields(['x test', 'a'])]],
    ['8.2.1 a line break in a value', protocolError, [withFields(['x-test', 'a\r\nb: c'])]],
    ['8.2.1 a NUL in a value', protocolError, [withFields(['x-test', 'a\0'])]],
    ['8.2.1 a space before a value', protocolError, [withFields(['x-test', ' a'])]],
    ...['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'].map(
      (name) => [`8.2.2 ${name}`, protocolError, [withFields([name, 'x'])]] as const,
    ),
    ['8.2.2 te other than trailers', protocolError, [withFields(['te', 'trailers, deflate'])]],
    [
      '8.3 a pseudo-header behind a field',
      protocolError,
      [only([':method', 'GET'], [':scheme', 'http'], ['a', 'b'], [':path', '/'])],
    ],
    ['8.3 a pseudo-header of a response', protocolError, [withFields([':status', '200'])]],
    ['8.3 an unknown pseudo-header', protocolError, [only(...requestPairs(), [':test', 'x'])]],
    ['8.3 a pseudo-header twice', protocolError, [only(...requestPairs(), [':path', '/'])]],
    ['8.3.1 no :method', protocolError, [only([':scheme', 'http'], [':path', '/'])]],
    ['8.3.1 no :scheme', protocolError, [only([':method', 'GET'], [':path', '/'])]],
    ['8.3.1 no :path', protocolError, [only([':method', 'GET'], [':scheme', 'http'])]],
    ['8.3.1 an empty :path', protocolError, [only([':method', 'GET'], [':scheme', 'http'], [':path', ''])]],
    ['8.3.1 no pseudo-header at all', protocolError, [only(['a', 'b'])]],
    ['8.5 CONNECT with a path', protocolError, [only([':method', 'CONNECT'], [':path', '/'], [':authority', 'a'])]],
  ];
  it.each(rows)('%s', async (_, code, frames) => {
    const peer = dial().hello();
    peer.send(...frames);
    await expectReset(peer, code);
  });

  it('5.1.2 streams beyond the limit are refused, and the others go on', async () => {
    const peer = dial().hello();
    peer.send(open(1), open(3), open(5), complete(7));
    await expectReset(peer, refusedStream, 7);
    peer.send(body(''));
    await expectAnswer(peer);
  });
});
