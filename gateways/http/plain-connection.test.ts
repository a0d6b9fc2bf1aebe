import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainRequests } from '#gateways/http/plain-request';
import { startTestApi, type TestApi } from '#harness/http';

// Other work may share the machine.
jest.setTimeout(60_000);

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});

afterAll(() => api.stop());

const fields = (length: number): readonly string[] => [
  'Host: x',
  `Authorization: Bearer ${api.node.token}`,
  'Content-Type: application/json',
  `Content-Length: ${length}`,
];

const put = (key: string, body = '{"value":"1"}', more: readonly string[] = []): string =>
  [`POST /v1/keys/${key}/put HTTP/1.1`, ...fields(Buffer.byteLength(body)), ...more, '', body].join('\r\n');

const withEnd = (request: string, ...more: readonly string[]): string =>
  request.replace('\r\n', `\r\n${[...more, 'Connection: close'].join('\r\n')}\r\n`);

const statuses = (answers: string): readonly string[] =>
  [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status);

/** Everything that came back until so many answers had come, and the connection was ended. */
const sent = async (parts: readonly (string | Buffer)[], count = 1): Promise<string> => {
  const socket = connect({ port: api.gateway.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  for (const part of parts) {
    socket.write(part);
    await sleep(2);
  }
  while (statuses(text).length < count && !socket.destroyed) await sleep(2);
  socket.end();
  socket.on('end', () => socket.destroy());
  await ended;
  return text;
};

describe('on a connection', () => {
  test('requests that come at once are answered in order', async () => {
    const answers = await sent([put('p1') + put('p2', '{"valu":1}') + put('p3')], 3);
    expect(statuses(answers)).toEqual(['200', '400', '200']);
    expect(answers.match(/"key":"(p\d)"/g)).toEqual(['"key":"p1"', '"key":"p3"']);
  });

  test('another kind of request behind them is answered too, and those that follow', async () => {
    const list = `GET /v1/keys/p4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.node.token}\r\n\r\n`;
    const answers = await sent([put('p4') + list + put('p5') + list], 4);
    expect(statuses(answers)).toEqual(['200', '200', '200', '200']);
  });

  test('plain requests that came before its end are answered, and then it ends', async () => {
    const answers = api.raw(put('p6') + put('p7') + put('p8'), { end: true });
    expect(statuses(await answers)).toEqual(['200', '200', '200']);
    expect((await answers).match(/Connection: [\w-]+/g)).toEqual([
      'Connection: keep-alive',
      'Connection: keep-alive',
      'Connection: close',
    ]);
  });

  test('a request that comes in two parts is one, wherever it is cut', async () => {
    const request = put('cut', '{"value":"é"}');
    const bytes = Buffer.from(request);
    for (let at = 1; at < bytes.length; at += 7) {
      const answers = await sent([bytes.subarray(0, at), bytes.subarray(at)]);
      expect([at, statuses(answers)]).toEqual([at, ['200']]);
    }
  });

  test('an answer has the fields that the server of Node gives', async () => {
    const names = (answers: string): readonly string[] =>
      [...(answers.split('\r\n\r\n')[0] ?? '').matchAll(/^([\w-]+): /gm)].map(([, name = '']) => name.toLowerCase());
    const plain = await sent([put('named')]);
    const other = await api.raw(withEnd(put('named'), 'TE: trailers'));
    expect(names(plain)).toEqual([...names(other), 'keep-alive']);
    expect(plain).toMatch(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
  });

  const bodies = ['{"value":"1"', '{"value":1}', '[]', '', '{"value":"1","value":"2"}', '{"value":"1","lease":"4711"}'];
  const requests: readonly (readonly [what: string, request: () => string])[] = [
    ...bodies.map((body) => [`the body ${body}`, () => put('alike', body)] as const),
    ['no token', () => put('alike').replace('Bearer', 'Basic')],
    ['no such route', () => put('alike').replace('/put', '/putt')],
    ['a query that is none', () => put('alike').replace('/put ', '/put?dryRun=perhaps ')],
    ['a key that is none', () => put('%4')],
    ['an expectation that fails', () => put('alike', '{"value":"1"}', ['X-UltraCloud-Expect: version:9'])],
    ['an idempotency key that is none', () => put('alike', '{"value":"1"}', ['Idempotency-Key: a b'])],
  ];
  test.each(requests)('%s is answered as it is by the server of Node', async (_what, request) => {
    const positions = /"position":\d+|x-ultracloud-position: \d+/g;
    const body = (answers: string): string => answers.slice(answers.indexOf('\r\n\r\n')).replaceAll(positions, '');
    const plain = await sent([request()]);
    const other = await api.raw(withEnd(request(), 'TE: trailers'));
    expect([statuses(plain), body(plain)]).toEqual([statuses(other), body(other)]);
    expect(statuses(plain)).toHaveLength(1);
    expect(plain.toLowerCase()).toContain('x-ultracloud-position: ');
  });

  test('a client that reads no answers holds up nobody', async () => {
    const socket = connect({ port: api.gateway.port, host: '127.0.0.1' });
    socket.pause();
    const many = put('unread', JSON.stringify({ value: 'x'.repeat(2_000) })).repeat(20);
    for (let round = 0; round < 50; round++) socket.write(many);
    await sleep(200);
    expect((await api.call('POST', '/v1/keys/other/put', { value: '1' })).status).toBe(200);
    socket.destroy();
  });
});

describe('what is not plain is left to the server of Node:', () => {
  const read = (request: string): unknown => plainRequests()(Buffer.from(request, 'latin1'));
  const head = 'POST /v1/txn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

  test('a plain request is read', () => {
    expect(read(`${head}Accept: */*\r\nContent-Length: 2\r\n\r\n{}POST`)).toMatchObject({
      target: '/v1/txn',
      body: Buffer.from('{}'),
      bytes: head.length + '\r\nAccept: */*\r\nContent-Length: 2\r\n'.length + '{}'.length,
    });
  });

  const rest = 'Content-Length: 2\r\n\r\n{}';
  test.each([
    ['another method', head.replace('POST', 'PUT') + rest],
    ['an older version', head.replace('HTTP/1.1', 'HTTP/1.0') + rest],
    ['a space in the path', head.replace('/txn', '/t xn') + rest],
    ['no host', head.replace('Host: x\r\n', '') + rest],
    ['two hosts', `${head}Host: y\r\n${rest}`],
    ['another type', head.replace('json', 'yaml') + rest],
    ['no length', `${head}\r\n{}`],
    ['two lengths', `${head}Content-Length: 2\r\n${rest}`],
    ['a list of lengths', `${head}Content-Length: 2, 2\r\n\r\n{}`],
    ['a signed length', `${head}Content-Length: +2\r\n\r\n{}`],
    ['a part of the body', `${head}Content-Length: 3\r\n\r\n{}`],
    ['a part of the head', head],
    ['chunks', `${head}Transfer-Encoding: chunked\r\n${rest}`],
    ['a wish for a sign to go on', `${head}Expect: 100-continue\r\n${rest}`],
    ['a wish for another protocol', `${head}Upgrade: h2c\r\n${rest}`],
    ['an end', `${head}Connection: close\r\n${rest}`],
    ['a folded field', `${head}A: b\r\n c: d\r\n${rest}`],
    ['a space before a colon', `${head}A : b\r\n${rest}`],
    ['a control character', `${head}A: \x00\r\n${rest}`],
    ['a lone line feed', `${head}A: b\nTransfer-Encoding: chunked\r\n${rest}`],
    ['a lone carriage return', `${head}A: b\rTransfer-Encoding: chunked\r\n${rest}`],
    ['a long head', `${head}A: ${'b'.repeat(9_000)}\r\n${rest}`],
  ])('%s', (_what, request) => {
    expect(read(request)).toBeUndefined();
  });

  test('the fields of the request before are kept only while they are the same', () => {
    const next = plainRequests();
    const request = (length: number) => Buffer.from(`${head}Content-Length: ${length}\r\n\r\n${' '.repeat(length)}`);
    expect(next(request(2))).toMatchObject({ body: Buffer.from('  ') });
    expect(next(request(2))).toMatchObject({ body: Buffer.from('  ') });
    expect(next(request(3))).toMatchObject({ body: Buffer.from('   ') });
  });
});
