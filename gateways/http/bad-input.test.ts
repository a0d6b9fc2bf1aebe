import { Unknown } from '#log/engine';
import { startTestApi, type TestApi } from '#harness/http';
import { commandsOf } from '#gateways/openapi';
import { fixedRoutes } from '#gateways/fixed-routes';

// Other work may share the machine.
jest.setTimeout(60_000);

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});

afterAll(() => api.stop());

/** The first problem, as a person sees it. */
const problem = (json: Readonly<Record<string, unknown>>): unknown =>
  (json['problems'] as readonly object[] | undefined)?.[0];

const path = '/v1/keys/bad/put';
const deep = (levels: number): string => `{"value":${'['.repeat(levels)}${']'.repeat(levels)}}`;

describe('a body that is refused', () => {
  const bodies: readonly (readonly [what: string, body: string, problem: object])[] = [
    ['cut JSON', '{"value":"x"', { expected: 'JSON', got: 'something else at character 13' }],
    ['no JSON', 'value=x', { expected: 'JSON' }],
    ['an unknown field', '{"value":"x","vlaue":1}', { path: 'vlaue', hint: 'did you mean value?' }],
    ['another type', '{"value":1}', { path: 'value' }],
    ['null', '{"value":null}', { path: 'value', got: 'null' }],
    ['a list', '[]', { path: '', got: 'a list of 0 items' }],
    ['a text', '"x"', { path: '', got: 'the text "x"' }],
    ['nothing that belongs there', '{}', { path: 'value', got: 'nothing' }],
    ['both forms', '{"value":"x","valueBase64":"eA=="}', { path: 'value', got: 'both' }],
    ['loose base64', '{"valueBase64":"eA"}', { path: 'valueBase64' }],
    [
      'a field twice',
      '{"value":"x","value":"y"}',
      { expected: 'each field once', got: 'the field "value" more than once' },
    ],
    ['deep nesting', deep(101), { expected: 'JSON of at most 100 levels' }],
    ['very deep nesting', deep(500_000), { expected: 'JSON of at most 100 levels' }],
    ['a way to a prototype', '{"value":"x","__proto__":{"a":1}}', { path: '__proto__' }],
    ['another way to a prototype', '{"value":"x","constructor":{"prototype":1}}', { path: 'constructor' }],
    ['half of a surrogate pair', '{"value":"\\ud800"}', { path: 'value' }],
    [
      'a value beyond its limit',
      `{"value":"${'x'.repeat(1_572_865)}"}`,
      { path: 'value', got: '1,572,865 bytes of text' },
    ],
  ];
  test.each(bodies)('has %s', async (_what, body, expected) => {
    const { position } = api.node.engine.head;
    const refused = await api.call('POST', path, body);
    expect(refused).toMatchObject({ status: 400, json: { code: 'request.malformed', category: 'invalid' } });
    expect(problem(refused.json)).toMatchObject(expected);
    expect(refused.headers.get('x-ultracloud-position')).toBe(String(position));
    expect(api.node.engine.head.position).toBe(position);
  });

  test('is no UTF-8', async () => {
    const body = Buffer.from('{"value":"\xff"}', 'latin1');
    const answer = await api.raw(Buffer.concat([Buffer.from(head(`POST ${path}`, body.length)), body]));
    expect(answer).toMatch(/^HTTP\/1\.1 400[^]*JSON in UTF-8/);
  });

  test.each(['application/x-www-form-urlencoded', 'text/plain', 'application/json;charset=utf-8'])(
    'is no JSON, and of the type %s; JSON of that type is taken',
    async (type) => {
      const refused = await api.call('POST', path, 'value=x', { 'content-type': type });
      expect(refused).toMatchObject({ status: 400, json: { problems: [{ path: '', expected: 'JSON' }] } });
      const accepted = await api.call('POST', path, '{"value":"x"}', { 'content-type': type });
      expect(accepted).toMatchObject({ status: 200, json: { outcome: 'accepted' } });
    },
  );

  test('has a type that is none', async () => {
    const refused = await api.call('POST', path, '{"value":"x"}', { 'content-type': 'nonsense' });
    expect(refused).toMatchObject({ status: 400, json: { problems: [{ path: 'Content-Type' }] } });
  });

  test('is too large', async () => {
    const refused = await api.call('POST', path, `{"value":"${'x'.repeat(2_300_000)}"}`);
    expect(refused).toMatchObject({ status: 413, json: { code: 'body.tooLarge', maxBytes: 2_202_010 } });
    const claimed = await api.raw(head(`POST ${path}`, 1e12));
    expect(claimed).toMatch(/^HTTP\/1\.1 413/);
  });

  test.each([-1, 1.5, 0, '60', 1e300, null])('has a time to live of %p', async (ttlSeconds) => {
    const refused = await api.call('POST', '/v1/leases/5/grant', { ttlSeconds });
    expect(refused.status).toBe(400);
    expect(problem(refused.json)).toMatchObject({ path: 'ttlSeconds' });
  });
});

test('a body without a type is taken for JSON, and none for no fields', async () => {
  const body = '{"value":"x"}';
  const request = head(`POST ${path}`, body.length).replace('Content-Type: application/json\r\n', '');
  expect(await api.raw(request + body)).toMatch(/^HTTP\/1\.1 200/);
  expect((await api.call('POST', '/v1/keys/bad/delete')).status).toBe(200);
  expect((await api.call('POST', '/v1/keys/bad/delete', '')).status).toBe(200);
});

const head = (line: string, length: number): string =>
  `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${api.node.token}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

describe('an id that is refused', () => {
  const ids: readonly (readonly [what: string, request: string])[] = [
    ['a key beyond its limit', `POST /v1/keys/${'x'.repeat(1_025)}/put`],
    ['an empty key', 'POST /v1/keys//put'],
    ['an empty key of a read', 'GET /v1/keys/'],
    ['a stray percent sign', 'GET /v1/keys/100%'],
    ['half an encoded byte', 'GET /v1/keys/%4'],
    ['a lease with a slash', 'POST /v1/leases/1%2F2/revoke'],
    ['a lease with a control character', 'POST /v1/leases/1%00/revoke'],
    ['a lease that is no UTF-8', 'POST /v1/leases/%FF/revoke'],
    ['a negative lease', 'POST /v1/leases/-1/revoke'],
    ['a namespace with a control character', 'GET /v1/namespaces/a%07b'],
    ['a doc with a slash too many', 'GET /v1/docs/users%2F'],
  ];
  test.each(ids)('is %s', async (_what, request) => {
    const [method = '', target = ''] = request.split(' ');
    const { position } = api.node.engine.head;
    const refused = await api.call(
      method,
      target,
      method === 'POST' ? (target.endsWith('put') ? { value: '' } : {}) : undefined,
    );
    expect(refused.status).toBe(400);
    expect(problem(refused.json)).toMatchObject({ path: 'id' });
    expect(api.node.engine.head.position).toBe(position);
  });
});

describe('a query that is refused', () => {
  const queries: readonly (readonly [query: string, problem: object])[] = [
    ['limit=0', { path: 'limit' }],
    ['limit=-1', { path: 'limit' }],
    ['limit=1.5', { path: 'limit' }],
    ['limit=10001', { path: 'limit' }],
    ['limit=many', { path: 'limit' }],
    ['limit=1&limit=2', { path: 'limit', got: 'several' }],
    ['limt=1', { path: 'limt', hint: 'did you mean limit?' }],
    ['Limit=1', { path: 'Limit', hint: 'did you mean limit?' }],
    ['__proto__=1', { path: '__proto__' }],
    ['constructor', { path: 'constructor' }],
    ['at=', { path: 'at' }],
    ['at=-1', { path: 'at' }],
    ['at=1e3', { path: 'at' }],
    ['at=%ff', { path: 'at' }],
    ['at=2026-02-30T00:00:00Z', { path: 'at' }],
    ['at-least=x', { path: 'at-least' }],
    ['consistency=strong', { path: 'consistency' }],
    ['cursor=***', { path: 'cursor' }],
    ['prefix=%f', { path: 'prefix' }],
    [`prefix=${'x'.repeat(1_025)}`, { path: 'prefix' }],
    ['watch=now', { path: 'watch' }],
    ['watch=999999', { path: 'watch' }],
    ['watch=0&limit=1', { path: 'limit' }],
    ['watch=0&at=1', { path: 'at' }],
    ['dryRun=true', { path: 'dryRun' }],
  ];
  test.each(queries)('is %s', async (query, expected) => {
    const refused = await api.call('GET', `/v1/keys?${query}`);
    expect(refused.status).toBe(400);
    expect(problem(refused.json)).toMatchObject(expected);
  });

  const ofCommands = ['expect=v1', 'expect=-1', 'expect=version:', 'dryRun=1', 'dryRun', 'at=1', 'limit=1', 'watch=1'];
  test.each(ofCommands)('is %s of a command', async (query) => {
    expect((await api.call('POST', `${path}?${query}`, { value: 'x' })).status).toBe(400);
  });

  test.each(['/healthz', '/version', '/v1/status', '/metrics', '/openapi.json', '/v1/log/1', '/v1/why/key/a'])(
    'is any of %s',
    async (target) => expect((await api.call('GET', `${target}?verbose=1`)).status).toBe(400),
  );
});

describe('a path that leads nowhere', () => {
  test.each([
    ['POST', '/v1/key/a/put', 'did you mean POST /v1/keys/{id}/put?'],
    ['POST', '/v1/keys/a/putt', 'did you mean POST /v1/keys/{id}/put?'],
    ['GET', '/v1/keys/a/b', undefined],
    ['GET', '/v1/kesy', 'did you mean GET /v1/keys?'],
    ['GET', '/', undefined],
    ['GET', '/v2/keys', undefined],
    ['GET', '//', undefined],
    ['GET', '/v1/status/', 'did you mean GET /v1/status?'],
    ['GET', '/../../etc/passwd', undefined],
    ['GET', `/${'a/'.repeat(3_000)}`, undefined],
  ])('%s %s', async (method, target, suggestion) => {
    const { status, json } = await api.call(method, target);
    expect(status).toBe(404);
    expect(json['suggestion']).toBe(suggestion);
  });

  test.each([
    ['GET', '/v1/txn', 'POST'],
    ['DELETE', '/v1/keys/a', 'GET'],
    ['PUT', '/v1/keys/a/put', 'POST'],
    ['HEAD', '/v1/status', 'GET'],
    ['POST', '/v1/status', 'GET'],
    ['OPTIONS', '/v1/keys', 'GET'],
  ])('%s of %s, which takes %s', async (method, target, allow) => {
    const { status, headers } = await api.call(method, target);
    expect([status, headers.get('allow')]).toEqual([405, allow]);
  });
});

describe('a request that cannot be read', () => {
  test('is no HTTP', async () => {
    expect(await api.raw('SSH-2.0-OpenSSH_9.2\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400[^]*x-ultracloud-position: \d+[^]*request\.malformed/,
    );
  });

  test('has a head that is too large', async () => {
    expect(await api.raw(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431[^]*head\.tooLarge/,
    );
  });

  test('ends in the middle of its body, and the next one is answered', async () => {
    await api.raw(`${head(`POST ${path}`, 100)}{"value"`, { end: true }).catch(() => '');
    expect((await api.call('GET', '/healthz')).status).toBe(200);
  });

  test('comes on a socket that its sender has closed for writing', async () => {
    const body = '{"value":"half"}';
    expect(await api.raw(head(`POST ${path}`, body.length) + body, { end: true })).toMatch(/^HTTP\/1\.1 200/);
  });
});

describe('without a token', () => {
  const words = (route: string): string => route.replaceAll(/\{\w+\}/g, '1');
  const routes = (): readonly (readonly [string, string])[] => {
    const { components } = api.node.engine.vocabulary;
    return [
      ...components.flatMap((component) => commandsOf(component).map(({ route }) => ['POST', words(route)] as const)),
      ...components.flatMap(({ views }) =>
        views.flatMap(({ spec }) => [['GET', spec.route] as const, ['GET', `${spec.route}/1`] as const]),
      ),
      ...fixedRoutes.filter(({ open }) => !open).map(({ method, path: route }) => [method, words(route)] as const),
      ['GET', '/nowhere'],
      ['PATCH', '/v1/keys'],
    ];
  };

  test('nothing answers but health, version and the empty page of the documents', async () => {
    const { position } = api.node.engine.head;
    expect(routes().length).toBeGreaterThan(30);
    for (const [method, route] of routes()) {
      const refused = await fetch(`http://127.0.0.1:${api.gateway.port}${route}`, {
        method,
        ...(method === 'POST' ? { body: '{}', headers: { 'content-type': 'application/json' } } : {}),
      });
      expect([route, refused.status, refused.headers.get('www-authenticate')]).toEqual([
        route,
        401,
        'Bearer realm="ultracloud"',
      ]);
      expect(await refused.json()).toMatchObject({ code: 'request.unauthenticated' });
    }
    expect(api.node.engine.head.position).toBe(position);
    await api.node.certificates.create();
    const created = api.node.engine.head.position;
    for (const { path: route } of fixedRoutes.filter(({ open, method }) => open && method === 'GET')) {
      const answered = await fetch(`http://127.0.0.1:${api.gateway.port}${route}`);
      expect([route, answered.status]).toEqual([route, 200]);
      expect(answered.headers.get('x-ultracloud-position')).toBe(String(created));
      const { status, headers } = await fetch(`http://127.0.0.1:${api.gateway.port}${route}`, { method: 'HEAD' });
      expect([status, headers.get('content-length')]).toEqual([200, answered.headers.get('content-length')]);
    }
  });

  test('or with a wrong one, or the right one shown in another way', async () => {
    const { token } = api.node;
    for (const authorization of [
      'Bearer wrong',
      'Bearer',
      `Basic ${btoa(`root:${token}`)}`,
      token,
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
    ]) {
      expect((await api.call('GET', '/v1/status', undefined, { authorization })).status).toBe(401);
    }
    expect((await api.call('GET', '/v1/status', undefined, { authorization: `bearer ${token}` })).status).toBe(200);
  });

  test('a large body is refused unread', async () => {
    const request = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2000000\r\n\r\n`;
    expect(await api.raw(request)).toMatch(/^HTTP\/1\.1 401/);
  });
});

test('a wrong credential cannot be guessed at speed', async () => {
  const guess = () => api.call('GET', '/v1/status', undefined, { authorization: 'Bearer guess' });
  const statuses = await Promise.all(Array.from({ length: 200 }, async () => (await guess()).status));
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
});

test('a credential that sends too much is told to pause', async () => {
  const limited = await startTestApi({ rateLimit: 5 });
  const replies = await Promise.all(Array.from({ length: 20 }, () => limited.call('GET', '/v1/status')));
  const paused = replies.filter(({ status }) => status === 429);
  expect(paused.length).toBeGreaterThanOrEqual(10);
  expect(paused[0]?.headers.get('retry-after')).toBe('1');
  await limited.stop();
});

test('a node that refuses writes says so, and still reads', async () => {
  api.node.engine.refuseWrites('The disk is full.');
  const refused = await api.call('POST', path, { value: 'x' });
  const json = { code: 'node.full', category: 'exhausted', reason: 'The disk is full.' };
  expect(refused).toMatchObject({ status: 507, json });
  expect(await api.call('GET', '/readyz')).toMatchObject({
    status: 503,
    json: { components: { writes: { status: 'refused' } } },
  });
  expect((await api.call('GET', '/v1/status')).json).toMatchObject({
    writes: { accepted: false, reason: 'The disk is full.' },
  });
  api.node.engine.refuseWrites(undefined);
  expect((await api.call('GET', '/readyz')).status).toBe(200);
});

test('a defect tells its caller nothing of itself', async () => {
  const defects: Error[] = [];
  const broken = await startTestApi({ onDefect: (error) => defects.push(error) });
  jest.spyOn(broken.node.operations, 'listBackups').mockRejectedValue(new Error('secret of the house'));
  const failed = await broken.call('GET', '/v1/backups');
  expect(failed).toMatchObject({ status: 500, json: { code: 'gateway.defect' } });
  expect(JSON.stringify(failed.json)).not.toContain('secret');
  expect(defects.map(({ message }) => message)).toEqual(['secret of the house']);
  await broken.stop();
});

test('an outcome that nobody knows is not called a failure', async () => {
  const lost = await startTestApi();
  jest.spyOn(lost.node.engine, 'submit').mockRejectedValue(new Unknown('gone'));
  expect(await lost.call('POST', path, { value: 'x' })).toMatchObject({
    status: 504,
    json: { code: 'outcome.unknown' },
  });
  jest.restoreAllMocks();
  await lost.stop();
});
