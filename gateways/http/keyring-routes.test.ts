import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApi, type TestApi } from '#harness/http';
import { openTestNode } from '#harness/node';

/** What operators see and do of a keyring over HTTP. */
let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.stop());

const rotate = (body: unknown = {}) => api.call('POST', '/v1/keyring-rotate', body);
const show = async () => (await api.call('GET', '/v1/keyring')).json;

test('it is shown without a key', async () => {
  api.node.keyring.seal('user/alice', 'a test', Buffer.from('secret'));
  expect(await show()).toEqual({
    available: true,
    clusterKeyFrom: 'file',
    clusterKeyId: expect.stringMatching(/^[0-9a-f]{16}$/),
    generation: 1,
    subjects: 1,
    keys: 1,
    erasedKeys: 0,
  });
  expect((await api.call('GET', '/v1/keyring?subject=x')).status).toBe(400);
});

test('the cluster key is changed, and what was sealed opens', async () => {
  const sealed = api.node.keyring.seal('user/alice', 'a test', Buffer.from('secret'));
  const before = await show();
  const { status, json } = await rotate();
  expect({ status, json }).toEqual({ status: 200, json: await show() });
  expect(json['clusterKeyId']).not.toBe(before['clusterKeyId']);
  expect(api.node.keyring.open('a test', sealed).toString()).toBe('secret');
});

test('a subject gets a new key, which the log knows', async () => {
  const sealed = api.node.keyring.seal('user/alice', 'a test', Buffer.from('secret'));
  const { json } = await rotate({ subject: 'user/alice' });
  expect(json).toEqual({ subject: 'user/alice', key: expect.stringMatching(/^[0-9a-f]{16}$/) });
  expect(sealed).not.toContain(json['key']);
  // The log was told before this command.
  await api.call('POST', '/v1/keys/a/put', { value: 'b' });
  const view = await api.call('GET', '/v1/secret-keys/user%2Falice');
  expect(view.json).toMatchObject({ newest: json['key'], keys: [{ key: sealed.split(':')[2] }, { key: json['key'] }] });
});

test('a subject without keys is refused, and so is what the contract does not know', async () => {
  expect(await rotate({ subject: 'user/nobody' })).toMatchObject({
    status: 404,
    json: { code: 'secret-key.absent', category: 'absent' },
  });
  expect((await rotate({ subjects: 'user/alice' })).status).toBe(400);
  expect(await show()).toMatchObject({ keys: 0 });
});

test('a keyring that is not there says why', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ultracloud-keyring-'));
  const node = await openTestNode(directory);
  node.keyring.seal('user/alice', 'a test', Buffer.from('secret'));
  await node.stop();
  rmSync(join(directory, 'keyring'), { recursive: true });
  const lost = await startTestApi({ directory });
  try {
    const reason = expect.stringContaining('keyring.json is missing, but the log knows keys of 1 subject.');
    expect((await lost.call('GET', '/v1/keyring')).json).toEqual({ available: false, reason });
    for (const body of [{}, { subject: 'user/alice' }]) {
      expect(await lost.call('POST', '/v1/keyring-rotate', body)).toMatchObject({
        status: 503,
        json: { code: 'keyring.unavailable', category: 'unavailable', detail: { reason } },
      });
    }
    expect((await lost.call('POST', '/v1/keys/a/put', { value: 'b' })).status).toBe(200);
    expect((await lost.call('GET', '/readyz')).status).toBe(200);
  } finally {
    await lost.stop();
  }
});
