import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeDirectory, program, runCommand } from '#harness/cli/command';
import { startServer, type StartingServer } from '#harness/server-process';

const withOpenssl = spawnSync('openssl', ['version']).status === 0 ? test : test.skip;

jest.setTimeout(120_000);

const directory = makeDirectory();
let server: StartingServer | undefined;
afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

withOpenssl('a server on every address is found by its directory, as its certificate names it', async () => {
  const [data, key, cert] = ['data', 'key.pem', 'cert.pem'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert];
  const about = ['-days', '2', '-subj', '/CN=node', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...made, ...about], { stdio: 'ignore' });
  const flags = ['--http', '0.0.0.0:0', '--etcd', '0.0.0.0:0', '--tls-cert', cert, '--tls-key', key];
  server = startServer({ program, data, log: join(directory, 'server.log'), flags });
  let over = false;
  void server.ended.then(() => (over = true));
  const file = join(data, 'endpoints.json');
  while (!existsSync(file) && !over) await sleep(25);
  const { http, etcd } = JSON.parse(readFileSync(file, 'utf8')) as { readonly http: string; readonly etcd: string };
  expect(http).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(etcd).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const trusting = ['--data', data, '--ca-cert', cert];
  expect(await runCommand([...trusting, 'kv', 'put', 'a', 'b'])).toMatchObject({ exitCode: 0, stderr: '' });
  const otherwise = ['--endpoint', http.replace('127.0.0.1', 'localhost')];
  expect(await runCommand([...trusting, ...otherwise, 'kv', 'get', 'a'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('fix: Name it with --endpoint as its certificate does.'),
  });
});
