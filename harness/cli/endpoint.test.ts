import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Given, makeDirectory, openStage, program, runCommand, type Stage } from '#harness/cli/command';
import type { Ran } from '#harness/quickstart/cli';
import { startServer } from '#harness/server-process';

/** How the command finds the server that it talks to. */
let stage: Stage;
let home: string;
let token: string;
let contexts: string;

beforeAll(async () => {
  stage = await openStage();
  home = join(stage.directory, 'home');
  contexts = join(home, '.config', 'ultracloud', 'contexts.yaml');
  token = readFileSync(join(stage.data, 'admin.token'), 'utf8').trim();
}, 90_000);

afterAll(async () => stage?.close(), 60_000);

beforeEach(() => {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
});

jest.setTimeout(120_000);

const nobodyThere = 'http://127.0.0.1:1';

const run = (line: string, environment: Given['environment'] = {}, input = ''): Promise<Ran> =>
  runCommand(line.split(' '), { environment: { HOME: home, ...environment }, input });

const endpointOf = async (line: string, environment: Given['environment'] = {}): Promise<string> => {
  const { stdout } = await run(`context show -o json ${line}`.trim(), environment);
  return (JSON.parse(stdout) as { readonly endpoint: string }).endpoint;
};

test('flags beat the environment, which beats the context', async () => {
  await run('context set lab --endpoint http://lab:1 --token lab-token');
  const environment = { ULTRACLOUD_ENDPOINT: 'http://environment:1' };
  expect(await endpointOf('')).toBe('http://lab:1');
  expect(await endpointOf('', environment)).toBe('http://environment:1');
  expect(await endpointOf('--endpoint http://flags:1', environment)).toBe('http://flags:1');
  expect(await endpointOf('--context lab', environment)).toBe('http://lab:1');
  expect(await endpointOf('', { ULTRACLOUD_DATA: stage.data })).toBe(stage.server.endpoints.http);
});

test('contexts are saved for their owner only, chosen, listed and forgotten', async () => {
  const { http } = stage.server.endpoints;
  expect(await run(`context set here --endpoint ${http} --token -`, {}, `${token}\n`)).toMatchObject({
    exitCode: 0,
    stderr: 'Saved here, and using it.\n',
  });
  expect(statSync(contexts).mode & 0o777).toBe(0o600);
  expect(await run('kv put from/context yes')).toMatchObject({ exitCode: 0 });
  await run(`context set other --endpoint ${nobodyThere} --token-file ${join(stage.data, 'admin.token')}`);
  const list = await run('context list -o json');
  expect(list.stdout).not.toContain(token);
  expect(JSON.parse(list.stdout)).toMatchObject({ current: 'here', contexts: [{ name: 'here' }, { name: 'other' }] });
  await run('context use other');
  expect(await run('status')).toMatchObject({ exitCode: 1 });
  expect(await run('context use othr')).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('Did you mean other?'),
  });
  await run('context delete other');
  expect(await run('context list -o name')).toMatchObject({ stdout: 'here\n' });
  expect(await run('status')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('No endpoint is known.') });
});

test('a token of a context goes to the endpoint of that context only', async () => {
  await run(`context set lab --endpoint http://lab:1 --token ${token}`);
  expect(await run(`status --endpoint ${stage.server.endpoints.http}`)).toMatchObject({ exitCode: 6 });
});

test('a context file that cannot be understood is named', async () => {
  mkdirSync(join(home, '.config', 'ultracloud'), { recursive: true });
  writeFileSync(contexts, 'contexts: { lab: { endpont: x } }\n');
  expect(await run('status')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(`${contexts}: contexts.lab.endpont: expected one of endpoint, token`),
  });
});

test('a server that is not there, and a token that is not its own, are told apart', async () => {
  const down = await run('status -o json', { ULTRACLOUD_ENDPOINT: nobodyThere, ULTRACLOUD_TOKEN: token });
  expect(down).toMatchObject({ exitCode: 1, stdout: '' });
  expect(JSON.parse(down.stderr)).toMatchObject({ code: 'endpoint.unreachable', category: 'unavailable' });
  const stopped = await run(`status --data ${stage.directory}`);
  expect(stopped).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('has no endpoints.json') });
  const { http } = stage.server.endpoints;
  const denied = await run('kv put a b', { ULTRACLOUD_ENDPOINT: http, ULTRACLOUD_TOKEN: 'wrong' });
  expect(denied).toMatchObject({ exitCode: 6, stdout: '' });
  expect(denied.stderr).toContain('The token is not one of this server.');
  const none = await run('kv list', { ULTRACLOUD_ENDPOINT: http });
  expect(none).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('Give a token: --token-file FILE') });
});

test('a command that waits for a server goes on until it is there', async () => {
  const absent = join(stage.directory, 'absent');
  const patient = await run(`kv put a b --wait --timeout 1s --endpoint ${nobodyThere} --token x`);
  expect(patient).toMatchObject({ exitCode: 8, stderr: expect.stringContaining('--idempotency-key') });
  expect(await run(`status --wait --timeout 500ms --data ${absent}`)).toMatchObject({ exitCode: 8 });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

(hasOpenssl ? describe : describe.skip)('over TLS (needs openssl)', () => {
  test('a certificate of an own authority is trusted when it is named, and only then', async () => {
    const directory = makeDirectory();
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const subject = ['-subj', '/CN=node', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2', '-nodes'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    const made = spawnSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject]);
    expect(made.status).toBe(0);
    const data = join(directory, 'data');
    const flags = ['--tls-cert', cert, '--tls-key', key];
    const server = startServer({ program, data, log: join(directory, 'server.log'), flags });
    try {
      const trusting = ['--data', data, '--ca-cert', cert];
      const waited = await runCommand(['status', '--wait', '--timeout', '60s', ...trusting]);
      expect(waited).toMatchObject({ exitCode: 0 });
      expect(await runCommand(['kv', 'put', 'over', 'tls', ...trusting])).toMatchObject({ exitCode: 0 });
      const suspicious = await runCommand(['kv', 'get', 'over', '--data', data]);
      expect(suspicious).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('Give the certificate of its authority with --ca-cert FILE.'),
      });
      const environment = { ULTRACLOUD_DATA: data, ULTRACLOUD_CA_CERT: cert };
      expect(await runCommand(['kv', 'get', 'over'], { environment })).toMatchObject({ exitCode: 0, stdout: 'tls' });
    } finally {
      server.signal('SIGTERM');
      await server.ended;
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
