import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { restoreBackup } from '#gateways/server/restore';
import { startTestApi, type TestApi } from '#harness/http';

// Other work may share the machine.
jest.setTimeout(60_000);

/** Positions up to `taken` are the backup's; those up to `lost` came after it, and `base` begins what followed. */
let api: TestApi;
let taken: number;
let lost: number;
let base: number;

beforeAll(async () => {
  const old = await startTestApi();
  const put = (value: string) => old.call('POST', '/v1/keys/k/put', { value });
  await put('1');
  const backup = await old.node.operations.createBackup('before');
  taken = backup.position;
  lost = Number((await put('2')).json['position']);
  const directory = mkdtempSync(join(tmpdir(), 'ultracloud-test-'));
  ({ base } = await restoreBackup({ backup: backup.path, data: directory }));
  await old.stop();
  api = await startTestApi({ directory });
  await api.call('POST', '/v1/keys/k/put', { value: '3' });
});

afterAll(() => api.stop());

const get = (path: string) => api.call('GET', path);

describe('after a restore', () => {
  test('positions go on far behind those of the backup', () => {
    expect(lost).toBeGreaterThan(taken);
    expect(base).toBe(taken + 1_000_000_000);
    expect(api.node.engine.head.position).toBeGreaterThan(base);
  });

  test('what was before the backup is read as it was', async () => {
    expect((await get(`/v1/keys/k?at=${taken}`)).json).toMatchObject({ value: '1' });
    expect((await get(`/v1/keys/k?at=${base}`)).json).toMatchObject({ value: '1' });
    expect((await get('/v1/keys/k')).json).toMatchObject({ value: '3' });
    expect((await get('/v1/timeline/key/k')).json['items']).toHaveLength(2);
  });

  test.each([
    ['a read', 'GET', (at: number) => `/v1/keys/k?at=${at}`],
    ['a list', 'GET', (at: number) => `/v1/keys?at=${at}`],
    ['a watch', 'GET', (at: number) => `/v1/keys?watch=${at}`],
    ['a watch of several nouns', 'GET', (at: number) => `/v1/watch?of=key&of=lease&watch=${at}`],
    ['a followed log', 'GET', (at: number) => `/v1/log?follow=true&from=${at + 1}`],
    ['a dry run', 'POST', (at: number) => `/v1/keys/k/put?dryRun=true&at=${at}`],
    ['an expectation', 'POST', (at: number) => `/v1/keys/k/put?expect=${at}`],
  ])('%s at a position that was left out says where the past goes on', async (_what, method, path) => {
    for (const at of [lost, base - 1]) {
      expect(await api.call(method, path(at), method === 'POST' ? { value: '4' } : undefined)).toMatchObject({
        status: 410,
        json: { code: 'history.gone', oldestPosition: base },
      });
    }
  });

  test('a watch from the backup on gives what came after the restore', async () => {
    const stream = await api.follow(`/v1/keys?watch=${taken}`);
    const [first] = await stream.take(1);
    expect(first).toMatchObject({ events: [{ type: 'put', key: 'k', value: '3' }] });
    stream.close();
  });

  test('a time between is the last moment of the backup', async () => {
    const { nowMs } = api.node.engine.outcome(taken) ?? { nowMs: 0 };
    const at = encodeURIComponent(new Date(nowMs).toISOString());
    expect((await get(`/v1/keys/k?at=${at}`)).headers.get('x-ultracloud-position')).toBe(String(taken));
  });

  test('what followed is verified from the restored snapshot on', async () => {
    const verified = await api.node.operations.verifyLog();
    expect(verified).toMatchObject({ from: base, to: api.node.engine.head.position });
    expect(verified).not.toHaveProperty('difference');
  });
});
