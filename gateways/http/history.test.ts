import { Script } from 'node:vm';
import { startTestApi, type Json, type TestApi } from '#harness/http';

// Other work may share the machine.
jest.setTimeout(60_000);

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});

afterAll(() => api.stop());

const post = async (path: string, body: unknown = {}, headers = {}): Promise<number> => {
  const { json } = await api.call('POST', path, body, headers);
  return Number(json['position']);
};

const get = async (path: string): Promise<Json> => (await api.call('GET', path)).json;

const items = (json: Json): readonly Json[] => json['items'] as readonly Json[];

describe('a timeline', () => {
  let positions: readonly number[];

  beforeAll(async () => {
    const created = await post('/v1/keys/t/put', { value: '1' }, { 'idempotency-key': 'first' });
    const refused = await post('/v1/keys/t/put', { value: '1', lease: '9' });
    const byTxn = await post('/v1/txn', {
      success: [{ put: { key: 't', value: '2' } }, { put: { key: 'u', value: '2' } }],
    });
    const deleted = await post('/v1/keys/t/delete');
    await post('/v1/keys/t/delete');
    const again = await post('/v1/keys/t/put', { value: '3' }, { 'user-agent': 'ultracloud-cli/0.1.0' });
    await post('/v1/keys/t%00/put', { value: 'another' });
    positions = [created, refused, byTxn, deleted, again];
  });

  test('tells every change and refusal, with who, when and how', async () => {
    const json = await get('/v1/timeline/key/t');
    expect(items(json).map(({ position, command, outcome, source }) => [position, command, outcome, source])).toEqual([
      [positions[0], 'key.put', 'accepted', 'http'],
      [positions[1], 'key.put', 'rejected', 'http'],
      [positions[2], 'key.txn', 'accepted', 'http'],
      [positions[3], 'key.delete', 'accepted', 'http'],
      [positions[4], 'key.put', 'accepted', 'cli'],
    ]);
    expect(items(json)[0]).toEqual({
      position: positions[0],
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      command: 'key.put',
      key: 't',
      principal: 'admin',
      credential: 'admin.token',
      source: 'http',
      address: '127.0.0.1',
      requestId: 'first',
      outcome: 'accepted',
      events: [{ kind: 'key.put', key: 't', body: { value: '1' } }],
    });
    expect(items(json)[1]).toMatchObject({ code: 'lease.absent', fix: expect.any(String), detail: { lease: '9' } });
    expect(items(json)[2]).toMatchObject({ events: [{ key: 't' }], otherEvents: 1 });
  });

  test('is the same before and after it is on disk', async () => {
    const fresh = await get('/v1/timeline/key/t');
    await api.node.engine.flush();
    expect(await get('/v1/timeline/key/t')).toEqual(fresh);
  });

  test('comes in pages', async () => {
    const found: unknown[] = [];
    let cursor: string | undefined;
    do {
      const json = await get(`/v1/timeline/key/t?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      found.push(...items(json).map(({ position }) => position));
      cursor = json['cursor'] as string | undefined;
    } while (cursor !== undefined);
    expect(found).toEqual(positions);
  });

  test('of what is about no single thing holds refusals', async () => {
    const position = await post('/v1/txn', { compare: [{ key: 'a', target: 'version', op: '=', value: 'x' }] });
    expect(items(await get('/v1/timeline/key'))).toMatchObject([
      { position, command: 'key.txn', code: 'compare.invalid' },
    ]);
    expect(await get('/v1/why/key')).toMatchObject({ refusals: [{ position, code: 'compare.invalid' }] });
  });

  test.each([
    ['/v1/timeline/kye/t', 'noun', 'did you mean key?'],
    ['/v1/timeline/lease/x%2Fy', 'id', undefined],
    ['/v1/why/batch/x', 'id', undefined],
    ['/v1/timeline/key/t?cursor=LTE', 'cursor', undefined],
  ])('of %s is refused', async (path, at, hint) => {
    const { status, json } = await api.call('GET', path);
    expect(status).toBe(400);
    const [problem] = json['problems'] as readonly { path: string; hint?: string }[];
    expect([problem?.path, problem?.hint]).toEqual([at, hint]);
  });
});

describe('why', () => {
  test('names the outcome that made an object what it is', async () => {
    await post('/v1/keys/y/put', { value: '1' });
    const position = await post('/v1/apply', { commands: [{ command: 'key.put', id: 'y', body: { value: '2' } }] });
    expect(await get('/v1/why/key/y')).toMatchObject({
      noun: 'key',
      key: 'y',
      exists: true,
      version: 2,
      modPosition: position,
      state: { value: '2' },
      because: { position, command: 'batch.apply', principal: 'admin' },
      refusals: [],
    });
  });

  test('names what ended it, through what followed from what', async () => {
    await post('/v1/leases/5/grant', { ttlSeconds: 60 });
    await post('/v1/keys/leased/put', { value: '1', lease: '5' });
    const position = await post('/v1/leases/5/revoke');
    const json = await get('/v1/why/key/leased');
    expect(json).toMatchObject({
      exists: false,
      because: { position, command: 'lease.revoke', id: '5', otherEvents: 1 },
    });
    expect(json).not.toHaveProperty('state');
  });

  test('tells the last refusals, the newest first', async () => {
    const refused: number[] = [];
    for (let at = 0; at < 12; at++)
      refused.unshift(await post('/v1/keys/r/put', { value: '1', lease: String(at + 100) }));
    const { refusals } = await get('/v1/why/key/r');
    expect((refusals as Json[]).map(({ position }) => position)).toEqual(refused.slice(0, 10));
  });

  test('of a thing that a larger command could not change names that command', async () => {
    const put = (id: string, lease?: string) => ({
      put: { key: id, value: '1', ...(lease === undefined ? {} : { lease }) },
    });
    const byTxn = await post('/v1/txn', { success: [put('in-txn/1'), put('in-txn/2', '4711')] });
    const commands = [
      { command: 'key.put', id: 'in-batch/1', body: { value: '1' } },
      { command: 'key.put', id: 'in-batch/2', body: { value: '1', lease: '4711' } },
    ];
    const byBatch = await post('/v1/apply', { commands });
    const refusals = async (id: string) => (await get(`/v1/why/key/${encodeURIComponent(id)}`))['refusals'];
    const refused = { outcome: 'rejected', code: 'lease.absent', fix: expect.any(String) };
    expect(await refusals('in-txn/2')).toMatchObject([{ position: byTxn, command: 'key.txn', ...refused }]);
    expect(await refusals('in-batch/2')).toMatchObject([
      { position: byBatch, command: 'batch.apply', ...refused, detail: { commandIndex: 1 } },
    ]);
    expect(await refusals('in-batch/1')).toEqual([]);
    expect(items(await get('/v1/timeline/key/in-batch%2F2'))).toHaveLength(1);
  });

  test('is told of documents and namespaces', async () => {
    const created = await post('/v1/namespaces/told/create');
    const made = await post('/v1/docs/told%2Fa/put', { document: { size: 1 } });
    const refused = await post('/v1/docs/told%2Fa/put', { document: { size: 2 }, ifVersion: 9 });
    const json = await get('/v1/why/doc/told%2Fa');
    expect(json).toMatchObject({
      exists: true,
      state: { document: { size: 1 } },
      because: { position: made, command: 'doc.put', id: 'told/a' },
      refusals: [{ position: refused, outcome: 'rejected', category: 'conflict' }],
    });
    expect(await get('/v1/why/namespace/told')).toMatchObject({ because: { position: created } });
    const dropped = await post('/v1/docs/told%2Fa/delete');
    expect(items(await get('/v1/timeline/doc/told%2Fa')).map(({ position }) => position)).toEqual([
      made,
      refused,
      dropped,
    ]);
    expect(await get('/v1/why/doc/told%2Fa')).toMatchObject({ exists: false, because: { position: dropped } });
  });

  test('of what never was says that nothing is known', async () => {
    const json = await get('/v1/why/key/never');
    expect(json).toEqual({
      noun: 'key',
      key: 'never',
      exists: false,
      refusals: [],
      position: api.node.engine.head.position,
    });
  });
});

describe('the log', () => {
  test('is read in order and in pages', async () => {
    const first = await get('/v1/log?limit=2');
    expect(items(first).map(({ position }) => position)).toEqual([1, 2]);
    expect(first['next']).toBe(3);
    const { position } = api.node.engine.head;
    const last = await get(`/v1/log?from=${position}`);
    expect(items(last)).toHaveLength(1);
    expect(last).not.toHaveProperty('next');
    expect(await get(`/v1/log?from=${position + 1}`)).toEqual({ items: [] });
  });

  test('has each outcome at its position', async () => {
    expect(await get('/v1/log/1')).toMatchObject({ position: 1, command: 'duty.acquire', principal: 'system' });
    expect(await api.call('GET', '/v1/log/99999')).toMatchObject({ status: 404, json: { code: 'position.absent' } });
    expect((await api.call('GET', '/v1/log/-1')).status).toBe(400);
  });

  test('is followed from any position', async () => {
    const stream = await api.follow('/v1/log?from=1&follow=true');
    const { position } = api.node.engine.head;
    await stream.take(position);
    await post('/v1/keys/f/put', { value: '1' });
    const lines = await stream.take(position + 1);
    expect(lines.map((line) => line['position'])).toEqual(Array.from({ length: position + 1 }, (_, at) => at + 1));
    stream.close();
  });
});

describe('an operator', () => {
  test('sees how far the node is', async () => {
    const { position, hash } = api.node.engine.head;
    expect(await get('/v1/status')).toMatchObject({
      position,
      hash: hash.toString('hex'),
      level: 1,
      writes: { accepted: true },
      log: { first: 1, end: position },
    });
    expect(await get('/v1/log-bounds')).toEqual({ first: 1, end: position });
  });

  test('makes backups and lists them', async () => {
    const made = await api.call('POST', '/v1/backups', { name: 'first' });
    expect(made).toMatchObject({ status: 200, json: { name: 'first', position: api.node.engine.head.position } });
    expect(items(await get('/v1/backups'))).toMatchObject([{ name: 'first' }]);
    expect(await api.call('POST', '/v1/backups', { name: 'first' })).toMatchObject({
      status: 409,
      json: { code: 'backup.exists' },
    });
    expect((await api.call('POST', '/v1/backups', { name: '../escape' })).status).toBe(400);
  });

  test('truncates the log up to what a snapshot covers', async () => {
    const { position } = api.node.engine.head;
    expect((await api.call('POST', '/v1/log-truncate', { before: position + 1 })).status).toBe(400);
    const { status, json } = await api.call('POST', '/v1/log-truncate', { before: position });
    expect([status, json['snapshot']]).toEqual([200, expect.objectContaining({ position })]);
  });

  test('renews a lease without a trace in the log', async () => {
    await post('/v1/leases/8/grant', { ttlSeconds: 60 });
    const { position } = api.node.engine.head;
    expect((await api.call('POST', '/v1/leases/8/renew')).json).toEqual({ id: '8', ttlSeconds: 60 });
    expect(await api.call('POST', '/v1/leases/9/renew')).toMatchObject({ status: 404, json: { code: 'lease.ended' } });
    expect(api.node.engine.head.position).toBe(position);
  });

  test('has figures for Prometheus', async () => {
    await post('/v1/keys/figures/put', { value: '1' });
    const { json } = await api.call('GET', '/metrics');
    const { position } = api.node.engine.head;
    expect(json['text']).toContain(`\nultracloud_position ${position}\n`);
    expect(json['text']).toContain('\nultracloud_alarms 0\n');
    expect(json['text']).toMatch(/\nultracloud_group_entries_count [1-9]/);
    expect(json['text']).toMatch(/\nultracloud_apply_seconds_count [1-9]/);
    expect(json['text']).toMatch(/ultracloud_http_requests_total\{method="GET",route="\/v1\/log",status="200"\} \d/);
    expect(json['text']).toMatch(/ultracloud_outcomes_total\{command="key.put",outcome="rejected"\} \d/);
  });

  test('browses the documents, which load nothing from elsewhere', async () => {
    const { headers, json } = await api.call('GET', '/docs', undefined, { authorization: '' });
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    const script = /<script>([^]*)<\/script>/.exec(String(json['text']))?.[1] ?? '';
    expect(() => new Script(script)).not.toThrow();
    expect(String(json['text']).replace(script, '')).not.toMatch(/(src|href)=/);
    expect(await get('/openapi.json')).toMatchObject({ openapi: '3.1.0', paths: { '/v1/keys/{id}/put': {} } });
  });
});
