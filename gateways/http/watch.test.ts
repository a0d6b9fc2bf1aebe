import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestApi, type Json, type Lines, type TestApi } from '#harness/http';

// Other work may share the machine.
jest.setTimeout(60_000);

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});

afterAll(() => api.stop());

const put = async (key: string, value: string): Promise<number> => {
  const { json } = await api.call('POST', `/v1/keys/${encodeURIComponent(key)}/put`, { value });
  return Number(json['position']);
};

/** So many frames of changes, without the bookmarks among them. */
const changes = async (stream: Lines, count: number): Promise<readonly Json[]> => {
  for (let wanted = count; ; wanted++) {
    const lines = await stream.take(wanted);
    const found = withoutBookmarks(lines);
    if (found.length >= count || lines.length < wanted) return found;
  }
};

const withoutBookmarks = (lines: readonly Json[]): readonly Json[] => lines.filter((line) => !('bookmark' in line));

describe('a watch', () => {
  test('tells what changed after a position, then what changes', async () => {
    const from = api.node.engine.head.position;
    const one = await put('w/a', '1');
    await put('other', '1');
    const txn = await api.call('POST', '/v1/txn', {
      success: [{ put: { key: 'w/b', value: '2' } }, { delete: { key: 'w/a' } }, { put: { key: 'v', value: '' } }],
    });
    const stream = await api.follow(`/v1/keys?prefix=w/&watch=${from}`);
    const past = await stream.take(3);
    const two = Number(txn.json['position']);
    expect(past).toEqual([
      { position: one, events: [{ type: 'put', key: 'w/a', value: '1' }] },
      {
        position: two,
        events: [
          { type: 'put', key: 'w/b', value: '2' },
          { type: 'delete', key: 'w/a' },
        ],
      },
      { bookmark: two },
    ]);
    await put('x', '1');
    const { position } = await api
      .call('POST', '/v1/keys/w%2F%FF/put', { valueBase64: '/w==' })
      .then(({ json }) => json);
    expect((await stream.take(4)).at(-1)).toEqual({
      position,
      events: [{ type: 'put', keyBase64: Buffer.from('772fff', 'hex').toString('base64'), valueBase64: '/w==' }],
    });
    stream.close();
  });

  test('of one key tells of no other', async () => {
    const from = api.node.engine.head.position;
    const stream = await api.follow(`/v1/keys/one?watch=${from}`);
    await put('one/more', '1');
    const position = await put('one', '1');
    expect(withoutBookmarks(await stream.take(2))).toEqual([
      { position, events: [{ type: 'put', key: 'one', value: '1' }] },
    ]);
    stream.close();
  });

  test('of everything is of every key', async () => {
    const from = api.node.engine.head.position;
    const stream = await api.follow(`/v1/keys?watch=${from}`);
    await put('\u0000', '1');
    await put('zzz', '1');
    expect(withoutBookmarks(await stream.take(3))).toHaveLength(2);
    stream.close();
  });

  test('of another noun names its events', async () => {
    const from = api.node.engine.head.position;
    const stream = await api.follow(`/v1/leases?watch=${from}`);
    await api.call('POST', '/v1/leases/31/grant', { ttlSeconds: 60 });
    await api.call('POST', '/v1/leases/31/revoke');
    expect(withoutBookmarks(await stream.take(3)).flatMap(({ events }) => events)).toEqual([
      { type: 'lease.granted', id: '31', body: { ttlSeconds: 60 } },
      { type: 'lease.revoked', id: '31', body: {} },
    ]);
    stream.close();
  });

  test('of a namespace tells of its documents', async () => {
    for (const name of ['ns', 'ns-2']) await api.call('POST', `/v1/namespaces/${name}/create`, {});
    const from = api.node.engine.head.position;
    await api.call('POST', '/v1/docs/ns-2%2Fa/put', { document: 1 });
    await api.call('POST', '/v1/docs/ns%2Fb/put', { document: 1 });
    await api.call('POST', '/v1/docs/ns%2Fa/put', { document: { a: 1 } });
    const stream = await api.follow(`/v1/docs?namespace=ns&prefix=a&watch=${from}`);
    const [first] = await stream.take(1);
    expect(first).toMatchObject({ events: [{ type: 'doc.put', id: 'ns/a', body: { document: { a: 1 } } }] });
    stream.close();
  });

  test('of several nouns and prefixes is one stream', async () => {
    const from = api.node.engine.head.position;
    const grant = () => api.call('POST', '/v1/leases/33/grant', { ttlSeconds: 60 });
    await put('m/a', '1');
    await put('n/a', '1');
    await grant();
    const stream = await api.follow(`/v1/watch?of=key/m%2F&of=key/%FF&of=lease&watch=${from}`);
    await stream.take(3);
    await api.call('POST', '/v1/keys/%FF/put', { value: '1' });
    await put('n/b', '1');
    await api.call('POST', '/v1/txn', {
      success: [{ put: { key: 'm/b', value: '' } }, { put: { key: 'n', value: '' } }],
    });
    await api.call('POST', '/v1/leases/33/revoke');
    expect((await changes(stream, 5)).map(({ events }) => events)).toEqual([
      [{ type: 'put', key: 'm/a', value: '1' }],
      [{ type: 'lease.granted', id: '33', body: { ttlSeconds: 60 } }],
      [{ type: 'put', keyBase64: '/w==', value: '1' }],
      [{ type: 'put', key: 'm/b', value: '' }],
      [{ type: 'lease.revoked', id: '33', body: {} }],
    ]);
    stream.close();
  });

  test.each([
    ['watch=0', 'of'],
    ['of=key', 'watch'],
    ['of=kye&watch=0', 'of'],
    ['of=&watch=0', 'of'],
    ['of=key/%F&watch=0', 'of'],
    ['of=key&watch=999999', 'watch'],
    ['of=key&watch=0&limit=1', 'limit'],
  ])('of several nouns is not %s', async (query, path) => {
    const { status, json } = await api.call('GET', `/v1/watch?${query}`);
    expect([status, (json['problems'] as readonly Json[] | undefined)?.[0]?.['path']]).toEqual([400, path]);
  });

  test('of more than a hundred is refused', async () => {
    const { status, json } = await api.call('GET', `/v1/watch?${'of=key&'.repeat(101)}watch=0`);
    expect([status, json['problems']]).toMatchObject([400, [{ path: 'of', expected: 'at most 100 of it' }]]);
  });

  test('reads a long past at the pace of its reader, without a gap', async () => {
    const from = api.node.engine.head.position;
    const value = 'x'.repeat(20_000);
    const count = 300;
    await Promise.all(Array.from({ length: count }, (_, at) => put(`long/${at}`, value)));
    const stream = await api.follow(`/v1/keys?prefix=long/&watch=${from}`);
    const lines = withoutBookmarks(await stream.take(count)).slice(0, count);
    const positions = lines.map(({ position }) => Number(position));
    expect(positions).toEqual(Array.from({ length: count }, (_, at) => from + 1 + at));
    stream.close();
  });

  test('is ended with its last position when the gateway closes', async () => {
    const other = await startTestApi();
    const stream = await other.follow('/v1/keys?watch=0');
    await stream.take(1);
    await other.call('POST', '/v1/keys/a/put', { value: '1' });
    await stream.take(2);
    const { position } = other.node.engine.head;
    await other.stop();
    const lines = await stream.take(9);
    expect(lines.at(-1)).toEqual({ closed: true, lastPosition: position });
  });
});

test('a reader that leaves too much unread is closed with the place where it can go on, others are not', async () => {
  const from = api.node.engine.head.position;
  const quick = await api.follow(`/v1/keys?prefix=slow/&watch=${from}`);
  const socket = await stalled(`/v1/keys?prefix=slow/&watch=${from}`);
  const value = 'x'.repeat(500_000);
  const count = 20;
  const reading = changes(quick, count);
  for (let at = 0; at < count; at++) await put(`slow/${at}`, value);
  expect(await reading).toHaveLength(count);
  const read = await readAll(socket);
  const lines = read
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Json);
  const last = lines.at(-1);
  expect(last).toEqual({ closed: true, lastPosition: expect.any(Number) });
  const seen = lines.filter((line) => 'events' in line).map(({ position }) => Number(position));
  expect(seen.at(-1)).toBe(last?.['lastPosition']);
  expect(seen.length).toBeLessThan(count);
  const rest = await api.follow(`/v1/keys?prefix=slow/&watch=${Number(last?.['lastPosition'])}`);
  expect(withoutBookmarks(await rest.take(count - seen.length))[0]).toMatchObject({
    position: Number(seen.at(-1)) + 1,
  });
  rest.close();
  quick.close();
}, 30_000);

const stalled = (path: string): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect(api.gateway.port, '127.0.0.1');
    socket.once('data', () => {
      socket.pause();
      resolve(socket);
    });
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${api.node.token}\r\n\r\n`,
    );
  });

const readAll = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text));
    socket.resume();
  });

test('a stream that its reader leaves is forgotten', async () => {
  // Streams that earlier tests have left may still be going.
  for (let tries = 0; tries < 100 && api.node.watchCount() > 0; tries++) await sleep(20);
  const before = api.node.watchCount();
  const stream = await api.follow(`/v1/keys?watch=${api.node.engine.head.position}`);
  await stream.take(1);
  for (let tries = 0; tries < 100 && api.node.watchCount() === before; tries++) await sleep(20);
  expect(api.node.watchCount()).toBe(before + 1);
  stream.close();
  for (let tries = 0; tries < 100 && api.node.watchCount() > before; tries++) await sleep(20);
  expect(api.node.watchCount()).toBe(before);
});

test('a thousand streams get each change', async () => {
  const from = api.node.engine.head.position;
  const streams = await Promise.all(Array.from({ length: 1_000 }, () => api.follow(`/v1/keys/hot?watch=${from}`)));
  await Promise.all(streams.map((stream) => stream.take(1)));
  const position = await put('hot', '1');
  const lines = await Promise.all(streams.map((stream) => changes(stream, 1)));
  expect(lines.every(([line]) => line?.['position'] === position)).toBe(true);
  for (const stream of streams) stream.close();
}, 60_000);
