import { newSigningRequest } from '#gateways/new-request';
import { startTestApi, type Reply, type TestApi } from '#harness/http';

/** Machines that are asked in, take an invitation and are heard of. */

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
  expect((await api.call('POST', '/v1/hosts/node1/create', { ttlSeconds: 5 })).status).toBe(200);
});
afterEach(() => api.stop());

const invited = async (host = 'node1', body: object = {}): Promise<string> => {
  const { status, json } = await api.call('POST', `/v1/hosts/${host}/invite`, body);
  expect({ status, json }).toMatchObject({ status: 200, json: { token: expect.any(String) } });
  return String(json['token']);
};
const enrol = async (token: string, names: readonly string[] = ['node1']): Promise<Reply> => {
  const { csr } = await newSigningRequest(names);
  return api.call('POST', '/v1/host-enrolments', { token, csr }, { authorization: '' });
};
const join = async (): Promise<number> => {
  expect((await api.call('POST', '/v1/hosts/node1/join')).status).toBe(200);
  return Number((await api.call('GET', '/v1/hosts/node1')).json['epoch']);
};
const phase = async (): Promise<unknown> => (await api.call('GET', '/v1/hosts/node1')).json['phase'];

test('an invitation gives one certificate of its host, once, and the log knows only its digest', async () => {
  const token = await invited();
  expect(token).toMatch(/^uch_node1_[0-9a-f]{64}_[A-Za-z0-9_-]{43}$/);
  const first = await enrol(token);
  expect(first).toMatchObject({ status: 200, json: { subject: 'host/node1', purpose: 'host' } });
  expect(await enrol(token)).toMatchObject({ status: 403, json: { code: 'host.uninvited' } });
  const recorded = await api.call('GET', '/v1/log?from=1');
  expect(recorded.status).toBe(200);
  expect(JSON.stringify(recorded.json)).not.toContain(token.slice(-43));
});

test('what is no invitation, or another one, is refused and enters no log', async () => {
  const token = await invited();
  const { position } = api.node.engine.head;
  const wrong = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
  for (const shown of [wrong, token.replace('node1', 'node2'), 'uch_node1', 'x']) {
    expect(await enrol(shown)).toMatchObject({ status: 403, json: { code: 'host.uninvited' } });
  }
  expect(api.node.engine.head.position).toBe(position);
  expect((await enrol(token)).status).toBe(200);
});

test('whoever guesses is let guess no more, right or wrong', async () => {
  const token = await invited();
  const wrong = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
  for (let at = 0; at < 20; at++) await enrol(wrong);
  expect(await enrol(token)).toMatchObject({ status: 429 });
});

test('a machine that asks for the name of another is refused, and may ask again', async () => {
  const token = await invited();
  for (const names of [['node2'], ['node1', 'api.example.net'], ['node1', '192.0.2.7']]) {
    expect(await enrol(token, names)).toMatchObject({
      status: 400,
      json: { problems: [{ path: 'csr', expected: 'the name node1 and no other' }] },
    });
  }
  expect((await enrol(token)).status).toBe(200);
});

test('a host that is not heard of is lost, and what it says of then is not heard', async () => {
  const epoch = await join();
  const beat = (of: number): Promise<Reply> => api.call('POST', '/v1/hosts/node1/heartbeat', { epoch: of });
  expect(await beat(epoch)).toMatchObject({ status: 200, json: { epoch, ttlSeconds: 5 } });
  expect(await beat(epoch - 1)).toMatchObject({ status: 409, json: { code: 'host.outdated' } });
  const until = Date.now() + 30_000;
  while ((await phase()) === 'up' && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await phase()).toBe('lost');
  expect(await beat(epoch)).toMatchObject({ status: 409, json: { code: 'host.outdated' } });
  const again = await join();
  expect(again).toBeGreaterThan(epoch);
  expect((await beat(again)).status).toBe(200);
}, 60_000);

test('a host that is deleted takes its certificates and what was granted to it along', async () => {
  const { json } = await enrol(await invited());
  const binding = { subject: 'host/node1', role: 'viewer' };
  expect((await api.call('POST', '/v1/bindings/of-node1/create', binding)).status).toBe(200);
  expect((await api.call('POST', '/v1/hosts/node1/delete')).status).toBe(200);
  expect((await api.call('GET', `/v1/certificates/${String(json['serial'])}`)).json['phase']).toBe('revoked');
  expect((await api.call('GET', '/v1/bindings/of-node1')).status).toBe(404);
});
