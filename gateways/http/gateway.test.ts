import { startTestApi, type TestApi } from '#harness/http';

// Other work may share the machine.
jest.setTimeout(60_000);

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});

afterAll(() => api.stop());

const put = (key: string, value: string, query = '', headers = {}) =>
  api.call('POST', `/v1/keys/${encodeURIComponent(key)}/put${query}`, { value }, headers);

const get = (key: string, query = '') => api.call('GET', `/v1/keys/${encodeURIComponent(key)}${query}`);

const positionOf = (reply: { headers: Headers }): number => Number(reply.headers.get('x-ultracloud-position'));

describe('a key', () => {
  test('is put, read and deleted', async () => {
    const first = await put('config/color', 'blue');
    expect(first.status).toBe(200);
    const position = positionOf(first);
    expect(first.json).toEqual({
      position,
      outcome: 'accepted',
      events: [{ kind: 'key.put', key: 'config/color', body: { value: 'blue' } }],
    });
    const row = { key: 'config/color', value: 'blue', version: 1, createPosition: position, modPosition: position };
    expect(await get('config/color')).toMatchObject({ status: 200, json: row });
    const gone = await api.call('POST', '/v1/keys/config%2Fcolor/delete');
    expect(gone.json).toEqual({
      position: position + 1,
      outcome: 'accepted',
      events: [{ kind: 'key.deleted', key: 'config/color', body: {} }],
    });
    expect(await get('config/color')).toMatchObject({ status: 404, json: { code: 'key.absent', category: 'absent' } });
    const again = await api.call('POST', '/v1/keys/config%2Fcolor/delete', {});
    expect(again).toMatchObject({ status: 200, json: { position: position + 2, events: [] } });
  });

  const names: readonly (readonly [what: string, segment: string, form: object])[] = [
    ['slashes', 'a%2Fb%2F%2Fc', { key: 'a/b//c' }],
    ['a slash alone', '%2F', { key: '/' }],
    ['a zero byte', '%00', { key: '\0' }],
    ['bytes that are not text', '%FF%FE%00', { keyBase64: '//4A' }],
    ['an encoded percent sign', '%2525', { key: '%25' }],
    ['what looks encoded twice', '%252F', { key: '%2F' }],
    ['a question mark and a hash', 'a%3Fb%23c', { key: 'a?b#c' }],
    ['dots', '...', { key: '...' }],
    ['letters beyond ASCII', '%C3%A9%F0%9F%9A%80', { key: 'é🚀' }],
    ['a plus sign', 'a+b', { key: 'a+b' }],
    ['the name of a route', 'put', { key: 'put' }],
    ['1,024 bytes', '%ff'.repeat(1024), { keyBase64: Buffer.alloc(1024, 0xff).toString('base64') }],
  ];
  test.each(names)('may be %s', async (_what, segment, form) => {
    const written = await api.call('POST', `/v1/keys/${segment}/put`, { value: '1' });
    expect(written).toMatchObject({ status: 200, json: { events: [form] } });
    expect((await api.call('GET', `/v1/keys/${segment}`)).json).toMatchObject({ ...form, value: '1' });
    const prefix = segment.replaceAll('+', '%2B');
    expect((await api.call('GET', `/v1/keys?prefix=${prefix}&limit=1`)).json).toMatchObject({ items: [form] });
    expect((await api.call('POST', `/v1/keys/${segment}/delete`)).json).toMatchObject({ events: [form] });
  });

  test('holds bytes that are not text', async () => {
    await api.call('POST', '/v1/keys/raw/put', { valueBase64: '/wA=' });
    expect((await get('raw')).json).toMatchObject({ valueBase64: '/wA=' });
  });

  test('holds 1.5 MiB, in base64 too', async () => {
    const valueBase64 = Buffer.alloc(1.5 * 2 ** 20, 0xff).toString('base64');
    expect((await api.call('POST', '/v1/keys/large/put', { valueBase64 })).status).toBe(200);
    expect((await get('large')).json['valueBase64']).toBe(valueBase64);
    const body = `{"value":"${'x'.repeat(1.5 * 2 ** 20 - 12)}"}`;
    expect(body).toHaveLength(1.5 * 2 ** 20);
    expect((await api.call('POST', '/v1/keys/large/put', body)).status).toBe(200);
    await api.call('POST', '/v1/keys/large/delete');
  });
});

describe('a list', () => {
  beforeAll(async () => {
    for (const key of ['list/b', 'list/a/1', 'list/a', 'list/é', 'list/c', 'lisu']) await put(key, key);
  });

  const keysIn = (json: Readonly<Record<string, unknown>>): readonly string[] =>
    (json['items'] as { key: string }[]).map(({ key }) => key);

  test('is in byte order and ends without a cursor', async () => {
    const { json } = await api.call('GET', '/v1/keys?prefix=list%2F');
    expect(keysIn(json)).toEqual(['list/a', 'list/a/1', 'list/b', 'list/c', 'list/é']);
    expect(json).not.toHaveProperty('cursor');
  });

  test('goes on where the page before ended', async () => {
    const found: string[] = [];
    let cursor: string | undefined = '';
    for (let pages = 0; cursor !== undefined && pages < 9; pages++) {
      const suffix = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { json } = await api.call('GET', `/v1/keys?prefix=list/&limit=2${suffix}`);
      found.push(...keysIn(json));
      cursor = json['cursor'] as string | undefined;
    }
    expect(found).toEqual(['list/a', 'list/a/1', 'list/b', 'list/c', 'list/é']);
  });

  test('ends a page that grows large before its limit', async () => {
    const value = 'x'.repeat(1_400_000);
    for (let at = 0; at < 8; at++) await put(`big/${at}`, value);
    const first = await api.call('GET', '/v1/keys?prefix=big/');
    expect(keysIn(first.json)).toEqual(['big/0', 'big/1', 'big/2', 'big/3', 'big/4']);
    const rest = await api.call('GET', `/v1/keys?prefix=big/&cursor=${String(first.json['cursor'])}`);
    expect(keysIn(rest.json)).toEqual(['big/5', 'big/6', 'big/7']);
    expect(rest.json).not.toHaveProperty('cursor');
    const { json } = await api.call('POST', '/v1/keys-delete-range', { key: 'big/', rangeEnd: 'big0' });
    expect(json).toMatchObject({ deleted: 8 });
  });
});

describe('the past', () => {
  test('is read by position and by time', async () => {
    const one = positionOf(await put('past', '1'));
    const between = new Date();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await put('past', '2');
    expect((await get('past', `?at=${one}`)).json).toMatchObject({ value: '1', modPosition: one });
    const then = await get('past', `?at=${encodeURIComponent(between.toISOString())}`);
    expect([positionOf(then), then.json['value']]).toEqual([one, '1']);
    expect(await get('past', `?at=${one - 1}`)).toMatchObject({ status: 404, json: { position: one - 1 } });
    expect((await api.call('GET', `/v1/keys?prefix=past&at=${one}`)).json).toMatchObject({ items: [{ value: '1' }] });
  });

  test('does not reach into the future', async () => {
    expect((await get('past', '?at=999999')).json).toMatchObject({
      code: 'request.malformed',
      problems: [{ path: 'at', got: '999999, in the future' }],
    });
    expect((await get('past', '?at=2999-01-01T00:00:00Z')).status).toBe(400);
    expect((await get('past', '?at=yesterday')).status).toBe(400);
  });

  test('waits for a position', async () => {
    const next = positionOf(await put('wait', '1')) + 1;
    const waiting = get('wait', `?at-least=${next}`);
    await put('wait', '2');
    expect((await waiting).json).toMatchObject({ value: '2' });
  });

  test('is gone once it was compacted', async () => {
    const old = positionOf(await put('compacted', '1'));
    const kept = positionOf(await put('compacted', '2'));
    await put('compacted', '3');
    expect((await api.call('POST', '/v1/histories/key/compact', { position: kept })).status).toBe(200);
    expect(await get('compacted', `?at=${old}`)).toMatchObject({
      status: 410,
      json: { code: 'history.gone', oldestPosition: kept },
    });
    expect((await get('compacted', `?at=${kept}`)).json).toMatchObject({ value: '2' });
    expect((await api.call('GET', `/v1/keys?watch=${old - 1}`)).status).toBe(410);
    expect((await put('compacted', '4', `?dryRun=true&at=${old}`)).status).toBe(410);
  });
});

test('a retention forgets what it does not keep, and can be taken back', async () => {
  const grant = async (id: string) => positionOf(await api.call('POST', `/v1/leases/${id}/grant`, { ttlSeconds: 60 }));
  const old = await grant('91');
  await grant('92');
  await grant('93');
  const retain = (body: object) => api.call('POST', '/v1/histories/lease/retain', body);
  expect((await retain({ keepPositions: 0 })).status).toBe(400);
  expect((await retain({ keepPositions: 2 })).json).toMatchObject({
    events: [{ kind: 'history.retained', id: 'lease', body: { keepPositions: 2 } }],
  });
  const compacted = async () => (await api.call('GET', `/v1/leases?at=${old}`)).status;
  while ((await compacted()) !== 410) await new Promise((resolve) => setTimeout(resolve, 50));
  const { json } = await api.call('GET', '/v1/histories/lease');
  expect(json).toMatchObject({ id: 'lease', keepPositions: 2 });
  expect((await api.call('GET', '/v1/why/history/lease')).json).toMatchObject({
    because: { command: 'history.compact', principal: 'system', events: [{ body: { position: json['position'] } }] },
  });
  expect((await api.call('GET', '/v1/leases/91')).status).toBe(200);
  await retain({});
  expect((await api.call('GET', '/v1/histories/lease')).json).toEqual({ id: 'lease', position: json['position'] });
});

describe('the past of what rests on another noun', () => {
  test('is gone with the past of that one', async () => {
    await api.call('POST', '/v1/leases/81/grant', { ttlSeconds: 600 });
    const attached = positionOf(await api.call('POST', '/v1/keys/rests/put', { value: '1', lease: '81' }));
    await put('rests/not', '1');
    const { position } = (await api.call('POST', '/v1/keys/rests/delete')).json;
    const tried = () => api.call('POST', `/v1/leases/81/revoke?dryRun=true&at=${attached}`, {});
    expect((await tried()).json['events']).toHaveLength(2);
    await api.call('POST', '/v1/histories/key/compact', { position });
    expect(await tried()).toMatchObject({ status: 410, json: { oldestPosition: position } });
    const commands = [{ command: 'lease.revoke', id: '81' }];
    expect(await api.call('POST', '/v1/whatif', { commands, at: attached })).toMatchObject({ status: 410 });
    expect((await api.call('GET', `/v1/leases/81?at=${attached}`)).json).toMatchObject({ id: '81' });
  });
});

describe('a transaction', () => {
  test('compares, then carries out one of two lists', async () => {
    const body = {
      compare: [{ key: 'leader', target: 'version', op: '=', value: 0 }],
      success: [{ put: { key: 'leader', value: 'node-1' } }, { get: { key: 'leader' } }],
      failure: [{ get: { key: 'leader' } }, { delete: { key: 'leader' } }],
    };
    const won = await api.call('POST', '/v1/txn', body);
    const row = { key: 'leader', value: 'node-1', version: 1 };
    expect(won.json).toMatchObject({
      succeeded: true,
      responses: [{ put: {} }, { get: { items: [row], count: 1 } }],
      position: positionOf(won),
    });
    const lost = await api.call('POST', '/v1/txn', body);
    expect(lost.json).toMatchObject({
      succeeded: false,
      responses: [{ get: { items: [row] } }, { delete: { deleted: 1 } }],
      events: [{ kind: 'key.deleted', key: 'leader' }],
    });
  });
});

describe('a rejection', () => {
  test('has a status of its category and its position, and is recorded', async () => {
    const refused = await api.call('POST', '/v1/keys/k/put', { value: '1', lease: '4711' });
    expect(refused.status).toBe(404);
    const position = positionOf(refused);
    expect(Object.keys(refused.json)).toEqual(['code', 'category', 'message', 'fix', 'position', 'detail']);
    expect(refused.json).toMatchObject({
      code: 'lease.absent',
      category: 'absent',
      position,
      detail: { lease: '4711' },
    });
    expect((await api.call('GET', `/v1/log/${position}`)).json).toMatchObject({
      outcome: 'rejected',
      code: 'lease.absent',
    });
  });

  test('spells bytes in its detail', async () => {
    const body = { success: [{ put: { key: 'é', value: '1' } }, { put: { key: 'é', value: '2' } }] };
    expect(await api.call('POST', '/v1/txn', body)).toMatchObject({
      status: 400,
      json: { code: 'key.duplicate', detail: { key: 'é' } },
    });
  });
});

describe('an expectation', () => {
  test('of a version is of the object', async () => {
    await put('expected', '1', '?expect=version:0');
    expect(await put('expected', '2', '?expect=version:0')).toMatchObject({
      status: 409,
      json: { code: 'expect.version' },
    });
    expect((await put('expected', '2', '', { 'x-ultracloud-expect': 'version:1' })).status).toBe(200);
  });

  test('of a position is of what the decision reads', async () => {
    const before = positionOf(await put('moved', '1'));
    await put('elsewhere', '1');
    expect((await put('moved', '2', `?expect=${before}`)).status).toBe(200);
    expect(await put('moved', '3', `?expect=${before}`)).toMatchObject({ status: 409, json: { code: 'expect.moved' } });
    expect((await put('moved', '3', '?expect=999999')).status).toBe(400);
  });
});

describe('an idempotency key', () => {
  const key = (name: string) => ({ 'idempotency-key': name });

  test('gives the recorded answer again', async () => {
    const first = await put('once', '1', '', key('a-1'));
    await put('once', '2');
    const again = await put('once', '1', '', key('a-1'));
    expect(again.json).toEqual(first.json);
    expect((await get('once')).json).toMatchObject({ value: '2', version: 2 });
  });

  test('refuses another request', async () => {
    await put('once', '1', '', key('a-2'));
    expect(await put('once', '2', '', key('a-2'))).toMatchObject({ status: 409, json: { code: 'request.reused' } });
    expect(await put('twice', '1', '', key('a-2'))).toMatchObject({ status: 409, json: { code: 'request.reused' } });
  });

  test('gives a transaction its recorded reply', async () => {
    const body = { success: [{ put: { key: 'txn-once', value: '1', previous: true } }] };
    const first = await api.call('POST', '/v1/txn', body, key('a-3'));
    expect((await api.call('POST', '/v1/txn', body, key('a-3'))).json).toEqual(first.json);
  });

  test('that is an old UUIDv7 is refused', async () => {
    const old = '0190a1b2-c3d4-7000-8000-000000000000';
    expect(await put('once', '1', '', key(old))).toMatchObject({ status: 409, json: { code: 'request.expired' } });
  });

  test('that is a UUIDv7 is carried out once for ever, whatever the clock that made it', async () => {
    const hourMs = 3_600_000;
    let nowMs = Date.UTC(2026, 0, 1);
    const clocked = await startTestApi({ now: () => nowMs });
    const bornAt = (ms: number): string => {
      const hex = ms.toString(16).padStart(12, '0');
      return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
    };
    const once = (ms: number) => clocked.call('POST', '/v1/keys/k/put', { value: '1' }, key(bornAt(ms)));
    for (const aheadMs of [-hourMs, 0, hourMs]) {
      const startMs = nowMs;
      const bornMs = nowMs + aheadMs;
      const first = await once(bornMs);
      expect(first.status).toBe(200);
      const answers = new Set<unknown>();
      for (let hours = 1; hours <= 30; hours++) {
        nowMs = startMs + hours * hourMs;
        const again = await once(bornMs);
        answers.add(again.status === 200 ? again.json['position'] : again.json['code']);
      }
      expect([...answers]).toEqual([first.json['position'], 'request.expired']);
    }
    await clocked.stop();
  });

  test('of another kind is forgotten after 24 hours', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const clocked = await startTestApi({ now: () => nowMs });
    const once = () => clocked.call('POST', '/v1/keys/k/put', { value: '1' }, key('mine'));
    const first = await once();
    nowMs += 24 * 3_600_000 - 1;
    expect((await once()).json).toEqual(first.json);
    nowMs += 1;
    expect(positionOf(await once())).toBeGreaterThan(positionOf(first) + 1);
    await clocked.stop();
  });

  test.each(['', 'a b', 'é', 'x'.repeat(256)])('is visible ASCII, which %p is not', async (name) => {
    const answer = await api.raw(
      Buffer.from(
        `POST /v1/keys/a/delete HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.node.token}\r\n` +
          `Idempotency-Key: ${name}\r\nConnection: close\r\n\r\n`,
      ),
    );
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(answer).toContain('"path":"Idempotency-Key"');
  });
});

describe('a trial', () => {
  test('answers what would happen and records nothing', async () => {
    const { position } = api.node.engine.head;
    const tried = await put('trial', '1', '?dryRun=true');
    expect(tried.json).toEqual({
      outcome: 'accepted',
      dryRun: true,
      position,
      events: [{ kind: 'key.put', key: 'trial', body: { value: '1' } }],
    });
    expect(api.node.engine.head.position).toBe(position);
    expect((await get('trial')).status).toBe(404);
    const refused = await api.call('POST', '/v1/keys/trial/put?dryRun=true', { value: '1', lease: '4711' });
    expect(refused).toMatchObject({ status: 404, json: { code: 'lease.absent', position } });
    expect((await put('trial', '1', '?dryRun=true&expect=version:1')).json).toMatchObject({ code: 'expect.version' });
  });

  test('can be made on the past', async () => {
    const created = positionOf(await put('tried', '1'));
    const at = (position: number) => put('tried', '2', `?dryRun=true&expect=version:0&at=${position}`);
    expect((await at(created)).json).toMatchObject({ code: 'expect.version', detail: { found: 1 }, position: created });
    expect((await at(created - 1)).json).toMatchObject({ outcome: 'accepted', position: created - 1 });
  });

  test('pins what is then done', async () => {
    const tried = await put('pinned', '1', '?dryRun=true');
    await put('pinned', 'x');
    expect((await put('pinned', '1', `?expect=${String(tried.json['position'])}`)).status).toBe(409);
  });

  test('of many commands lets each see the ones before', async () => {
    const { json } = await api.call('POST', '/v1/whatif', {
      commands: [
        { command: 'lease.grant', id: '77', body: { ttlSeconds: 60 } },
        { command: 'key.put', id: 'held', body: { value: '1', lease: '77' } },
        { command: 'key.put', idBase64: '/w==', body: { value: '1', lease: '78' } },
        { command: 'lease.revoke', id: '77' },
        { command: 'key.txn', body: { failure: [], success: [{ get: { key: 'held' } }] } },
      ],
    });
    expect(json).toMatchObject({
      dryRun: true,
      position: api.node.engine.head.position,
      outcomes: [
        { command: 'lease.grant', id: '77', outcome: 'accepted' },
        { command: 'key.put', key: 'held', events: [{ kind: 'key.put' }] },
        { command: 'key.put', keyBase64: '/w==', outcome: 'rejected', code: 'lease.absent' },
        { events: [{ kind: 'lease.revoked' }, { kind: 'key.deleted', key: 'held' }] },
        { succeeded: true, responses: [{ get: { items: [] } }] },
      ],
    });
    expect((await api.call('GET', '/v1/leases/77')).status).toBe(404);
  });

  test('on the past counts what an index held then', async () => {
    await api.call('POST', '/v1/leases/79/grant', { ttlSeconds: 600 });
    const attached = positionOf(await api.call('POST', '/v1/keys/attached/put', { value: '1', lease: '79' }));
    await api.call('POST', '/v1/keys/attached/delete');
    const revoke = { commands: [{ command: 'lease.revoke', id: '79' }] };
    const events = async (at: number) =>
      (
        (await api.call('POST', '/v1/whatif', { ...revoke, at })).json['outcomes'] as { events: { kind: string }[] }[]
      )[0];
    expect((await events(attached))?.events.map(({ kind }) => kind)).toEqual(['lease.revoked', 'key.deleted']);
    expect((await events(attached + 1))?.events.map(({ kind }) => kind)).toEqual(['lease.revoked']);
  });
});

describe('a batch', () => {
  test('is carried out at one position, or not at all', async () => {
    const done = await api.call('POST', '/v1/apply', {
      commands: [
        { command: 'key.put', id: 'batch/1', body: { value: '1' } },
        { command: 'key.put', id: 'batch/2', body: { valueBase64: '/w==' } },
      ],
    });
    expect(done.json).toMatchObject({ outcome: 'accepted', events: [{ key: 'batch/1' }, { key: 'batch/2' }] });
    expect((await get('batch/2')).json).toMatchObject({ valueBase64: '/w==', modPosition: positionOf(done) });
    const refused = await api.call('POST', '/v1/apply', {
      commands: [
        { command: 'key.put', id: 'batch/3', body: { value: '1' } },
        { command: 'key.put', id: 'batch/4', body: { value: '1', lease: '4711' } },
      ],
    });
    expect(refused).toMatchObject({ status: 404, json: { code: 'lease.absent', detail: { commandIndex: 1 } } });
    expect((await get('batch/3')).status).toBe(404);
  });

  test('names what is wrong with a command in it', async () => {
    const commands = [
      { command: 'key.putt', id: 'a' },
      { command: 'key.put', body: { valu: '1' } },
      { command: 'key.txn', id: 'a' },
      { command: 'lease.expire', id: '1', body: { holderPosition: 1 } },
      { command: 'batch.apply', body: { commands: [] } },
      { command: 'lease.grant', idBase64: '/w==', body: { ttlSeconds: 1 } },
    ];
    const { status, json } = await api.call('POST', '/v1/apply', { commands });
    expect(status).toBe(400);
    expect((json['problems'] as { path: string; hint?: string }[]).map(({ path, hint }) => [path, hint])).toEqual([
      ['commands[0].command', 'did you mean key.put?'],
      ['commands[1].id', undefined],
      ['commands[1].body.value', undefined],
      ['commands[1].body.valu', 'did you mean value?'],
      ['commands[2].id', undefined],
      ['commands[3].command', undefined],
      ['commands[4].command', undefined],
      ['commands[5].id', undefined],
    ]);
  });
});
