import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemPrincipal } from '#log/authority';
import { catalog } from '#gateways/catalog';
import { startTestApi, type TestApi } from '#harness/http';

/** What operators do to a node over HTTP. */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const backups = (): string => join(api.node.directory, 'backups');
const create = (name: string) => api.call('POST', '/v1/backups', { name });

describe('a backup whose name is taken', () => {
  const conflict = (name: string) => ({
    status: 409,
    json: {
      code: 'backup.exists',
      category: 'conflict',
      message: 'A backup of this name exists.',
      fix: expect.stringContaining('Choose another name'),
      detail: { path: join(backups(), name) },
      position: expect.any(Number),
    },
  });

  test('by a whole one is refused', async () => {
    expect(await create('whole')).toMatchObject({ status: 200, json: { name: 'whole' } });
    expect(await create('whole')).toMatchObject(conflict('whole'));
  });

  test('by one without a readable manifest is refused too, and stays as it is', async () => {
    mkdirSync(join(backups(), 'damaged'), { recursive: true });
    writeFileSync(join(backups(), 'damaged', 'manifest.json'), '{');
    expect(await create('damaged')).toMatchObject(conflict('damaged'));
    mkdirSync(join(backups(), 'hollow'));
    expect(await create('hollow')).toMatchObject(conflict('hollow'));
    expect(readdirSync(join(backups(), 'hollow'))).toEqual([]);
    writeFileSync(join(backups(), 'file'), '');
    expect(await create('file')).toMatchObject(conflict('file'));
  });

  test('by one that is being taken is refused, and that one is finished', async () => {
    const answers = await Promise.all([create('twice'), create('twice'), create('twice')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    const { json } = await api.call('GET', '/v1/backups');
    expect((json['items'] as readonly { name: string }[]).filter(({ name }) => name === 'twice')).toHaveLength(1);
  });
});

test('a backup cannot have the name of what a start removes', async () => {
  expect(await create('half.unfinished')).toMatchObject({
    status: 400,
    json: { code: 'request.malformed', problems: [{ path: 'name', got: 'half.unfinished' }] },
  });
  expect(existsSync(join(backups(), 'half.unfinished'))).toBe(false);
});

describe('the health of components', () => {
  const raise = (id: string, kind = 'alarm.raise') =>
    api.node.engine.submit({
      kind,
      id,
      body: kind === 'alarm.raise' ? { code: 'test.alarm', message: 'A test.' } : {},
      principal: systemPrincipal,
      credential: 'test',
      source: 'test',
      address: '',
    });
  const ok = { status: 'ok' };
  const healthy = {
    log: { ...ok, position: expect.any(Number) },
    ...{ apply: ok, writes: ok, ...Object.fromEntries(catalog.map(({ name }) => [name, ok])) },
  };

  test('is told for each of the catalogue, to anybody', async () => {
    const { status, json } = await api.call('GET', '/readyz', undefined, { authorization: '' });
    expect({ status, json }).toEqual({
      status: 200,
      json: { status: 'ok', components: { ...healthy, chainfire: ok } },
    });
    expect((await api.call('GET', '/v1/status')).json['components']).toMatchObject(
      catalog.map(({ name }) => ({ name, status: 'ok', nouns: expect.any(Array) })),
    );
  });

  test.each([
    ['chainfire', 'key-quota/keys'],
    ['flaredb', 'timer/doc/users/ada'],
  ])('tells that an alarm stands of %s, which goes on', async (name, id) => {
    await raise(id);
    const alarmed = { status: 'alarmed' };
    expect(await api.call('GET', '/readyz')).toMatchObject({
      status: 200,
      json: { status: 'ok', components: { ...healthy, chainfire: ok, [name]: alarmed } },
    });
    const { json } = await api.call('GET', '/v1/status');
    expect(json['components']).toContainEqual(expect.objectContaining({ name, status: 'alarmed' }));
    await raise(id, 'alarm.end');
    expect((await api.call('GET', '/readyz')).json['components']).toMatchObject({ ...healthy, chainfire: ok });
  });

  test('is bad, and the node not ready, when a state cannot be read', async () => {
    const facts = jest.spyOn(api.node.engine, 'facts', 'get').mockImplementation(() => {
      throw new Error('MDB_CORRUPTED');
    });
    const { status, json } = await api.call('GET', '/readyz');
    facts.mockRestore();
    const failed = { status: 'failed' };
    expect({ status, json }).toMatchObject({
      status: 503,
      json: { status: 'unready', components: { cluster: failed, chainfire: failed, flaredb: failed, writes: ok } },
    });
    expect(JSON.stringify(json)).not.toContain('MDB');
  });
});

test('the metrics count the watches of every gateway', async () => {
  const watches = async (): Promise<number> => {
    const { text } = (await api.call('GET', '/metrics')).json as { readonly text: string };
    return Number(/^ultracloud_watches (.*)$/m.exec(text)?.[1]);
  };
  expect(await watches()).toBe(0);
  const sink = { frame: () => true, bookmark: () => undefined, closed: () => undefined };
  const watch = api.node.watch([{ noun: 'key', from: '' }], api.node.engine.head.position, sink);
  expect(await watches()).toBe(1);
  watch.close();
  expect(await watches()).toBe(0);
});
