import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '#gateways/server/main';
import { startTestApi, type TestApi } from '#harness/http';

// Other work may share the machine.
jest.setTimeout(60_000);

const withOpenssl = spawnSync('openssl', ['version']).status === 0 ? describe : describe.skip;

withOpenssl('over TLS, with a certificate that openssl made', () => {
  let directory: string;
  let api: TestApi;
  let agent: Agent;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'ultracloud-tls-'));
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert];
    const about = ['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    execFileSync('openssl', ['req', '-x509', ...made, ...about], { stdio: 'ignore' });
    const tls = { key: readFileSync(key), cert: readFileSync(cert) };
    api = await startTestApi({ tls });
    agent = new Agent({ ca: tls.cert, keepAlive: true, maxSockets: 1 });
  });

  afterAll(async () => {
    agent.destroy();
    await api.stop();
    rmSync(directory, { recursive: true });
  });

  const call = (method: string, path: string, body = ''): Promise<readonly [status: number, text: string]> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${api.node.token}`,
        ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      };
      const target = { host: 'localhost', port: api.gateway.port, path, method, agent, headers, family: 4 };
      const sending = request(target, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve([response.statusCode ?? 0, text]));
      });
      sending.on('error', reject);
      sending.end(body);
    });

  test('commands and reads are answered on one connection', async () => {
    for (const value of ['1', '2']) {
      expect(await call('POST', '/v1/keys/tls/put', JSON.stringify({ value }))).toEqual([
        200,
        expect.stringContaining('accepted'),
      ]);
    }
    expect((await call('GET', '/v1/keys/tls'))[1]).toContain('"value":"2"');
    expect(await call('POST', '/v1/keys/tls/put', '{"value":"3"}')).toEqual([200, expect.stringContaining('accepted')]);
  });

  test('without TLS nothing is answered', async () => {
    const failed = await new Promise((resolve) => {
      const asking = getPlain({ host: '127.0.0.1', port: api.gateway.port, path: '/healthz' }, () =>
        resolve('answered'),
      );
      asking.on('error', () => resolve('refused'));
    });
    expect(failed).toBe('refused');
  });
});

test.each([
  ['0.0.0.0:0', '127.0.0.1:0', '--http'],
  ['127.0.0.1:0', '[::]:0', '--etcd'],
])('beyond loopback TLS is required: %s and %s', async (http, etcd, flag) => {
  const directory = mkdtempSync(join(tmpdir(), 'ultracloud-tls-'));
  const started = serve({ data: join(directory, 'data'), http, etcd, version: 'test', say: () => undefined });
  await expect(started).rejects.toThrow(new RegExp(`^${flag}: .*--tls-cert and --tls-key`));
  rmSync(directory, { recursive: true });
});
