import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
