import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { makeDirectory, openStage, program, runCommand, type Stage } from '#harness/cli/command';
import { type ServerProcess, startServer } from '#harness/server-process';

/** What operators do with a node and its directory, as docs/operating tells them. */
jest.setTimeout(180_000);

const stages: Stage[] = [];
const servers: ServerProcess[] = [];
const directories: string[] = [];

const open = async (flags: readonly string[] = []): Promise<Stage> => {
  const stage = await openStage(flags);
  stages.push(stage);
  return stage;
};

const serve = async (data: string): Promise<ServerProcess> => {
  const server = await startServer({ program, data, log: `${data}.log` }).ready();
  servers.push(server);
  return server;
};

const scratch = (): string => {
  const directory = makeDirectory();
  directories.push(directory);
  return directory;
};

afterEach(async () => {
  for (const server of servers.splice(0)) await server.kill();
  for (const stage of stages.splice(0)) await stage.close();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const json = (text: string): Readonly<Record<string, unknown>> => JSON.parse(text) as Readonly<Record<string, unknown>>;

const INCARNATION = 1_000_000_000;

test('a backup that is taken while keys are written is restored as the same cluster, and as another', async () => {
  const { run, data } = await open();
  await run(['kv', 'put', 'kept', 'before']);
  let writing = true;
  let written = 0;
  const writer = (async () => {
    while (writing) {
      await run(['kv', 'put', `while/${++written}`, 'x']);
    }
  })();
  const made = json((await run(['backup', 'create', 'nightly', '-o', 'json'])).stdout);
  writing = false;
  await writer;
  mkdirSync(join(data, 'backups', 'hollow'));
  for (const taken of ['nightly', 'hollow']) {
    expect(await run(['backup', 'create', taken])).toMatchObject({
      exitCode: 5,
      stderr: expect.stringMatching(
        new RegExp(
          `A backup of this name exists. .backup.exists.\\n  path .*/backups/${taken}\\n  fix: Choose another`,
        ),
      ),
    });
  }
  expect((await run(['backup', 'list', '-o', 'name'])).stdout).toBe('nightly\n');
  await run(['kv', 'put', 'kept', 'after']);
  const { clusterId } = json((await run(['status', '-o', 'json'])).stdout);

  const place = scratch();
  const [same, other] = [join(place, 'same'), join(place, 'other')];
  const backup = String(made['path']);
  const restored = json((await runCommand(['backup', 'restore', backup, '--data', same, '-o', 'json'])).stdout);
  expect(restored).toMatchObject({
    clusterId,
    position: made['position'],
    base: Number(made['position']) + INCARNATION,
  });
  const again = await runCommand(['backup', 'restore', backup, '--data', same]);
  expect(again).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('expected an empty or absent directory'),
  });
  const copied = await runCommand(['backup', 'restore', backup, '--data', other, '--new-id', '-o', 'json']);
  expect(json(copied.stdout)['clusterId']).not.toBe(clusterId);

  for (const directory of [same, other]) {
    await serve(directory);
    const on = ['--data', directory];
    expect((await runCommand(['kv', 'get', 'kept', ...on])).stdout).toBe('before');
    const put = json((await runCommand(['kv', 'put', 'kept', 'restored', '-o', 'json', ...on])).stdout);
    expect(put['position']).toBeGreaterThan(Number(made['position']) + INCARNATION);
    const verified = json((await runCommand(['log', 'verify', '-o', 'json', ...on])).stdout);
    expect(verified).toMatchObject({ ok: true, to: put['position'] });
    expect(readFileSync(join(directory, 'admin.token'))).not.toEqual(readFileSync(join(data, 'admin.token')));
  }
});

test('what is no backup is not restored, and makes no directory', async () => {
  const place = scratch();
  const data = join(place, 'data');
  const { exitCode, stderr } = await runCommand(['backup', 'restore', place, '--data', data]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(place);
  expect(existsSync(data)).toBe(false);
});

test('backups are taken on a schedule, and the newest are kept', async () => {
  const { run, data } = await open(['--backup-every', '1s', '--backup-keep', '2']);
  const names = (): readonly string[] => (existsSync(join(data, 'backups')) ? readdirSync(join(data, 'backups')) : []);
  const seen = new Set<string>();
  while (seen.size < 4) {
    for (const name of names()) if (name.startsWith('scheduled-')) seen.add(name);
    await run(['kv', 'put', 'tick', String(seen.size)]);
  }
  while (names().length > 2) await sleep(50);
  const { stdout } = await run(['backup', 'list', '-o', 'name']);
  expect(
    stdout
      .trim()
      .split('\n')
      .every((name) => name.startsWith('scheduled-')),
  ).toBe(true);
});

test('history is verified while the node serves, after it stopped, and after the log was truncated', async () => {
  const { run, data, server } = await open();
  await run(['kv', 'put', 'a', '1']);
  const online = json((await run(['log', 'verify', '-o', 'json'])).stdout);
  expect(online).toMatchObject({ ok: true, from: 0, to: 8, entries: 8 });
  const untouched = await run(['log', 'truncate', '2']);
  expect(untouched).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Whole segments') });

  // More than one segment of 64 MiB, so that there is something to delete.
  const value = 'x'.repeat(1_400_000);
  const token = readFileSync(join(data, 'admin.token'), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  for (let i = 0; i < 52; i++) {
    const body = JSON.stringify({ value });
    const answer = await fetch(`${server.endpoints.http}/v1/keys/large/put`, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
  }
  const { position } = json((await run(['log', 'head', '-o', 'json'])).stdout);
  const truncated = json((await run(['log', 'truncate', String(position), '-o', 'json'])).stdout);
  expect(truncated['first']).toBeGreaterThan(1);
  const verified = await run(['log', 'verify']);
  expect(verified).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining(
      `It starts at position ${String(position)}, the snapshot that stands for all before`,
    ),
  });
  await run(['kv', 'put', 'a', '2']);
  expect((await run(['kv', 'get', 'a', '--at', '8'])).stdout).toBe('1');
  expect((await run(['timeline', 'key/a'])).stdout).toContain('value=1');
  await server.stop();
  const offline = json((await run(['log', 'verify', '-o', 'json'])).stdout);
  expect(offline).toMatchObject({ ok: true, from: position, entries: 1 });
});

test('the doctor names the alarms that stand, and says how to answer them', async () => {
  const { run } = await open();
  expect((await run(['doctor'])).stdout).toMatch(/^ok +alarms +none stands/m);
  await run(['kv', 'put', 'large', 'value']);
  await run(['key-quota', 'set', 'keys', '1']);
  const { exitCode, stdout } = await run(['doctor']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^warning +alarm +key-quota\/keys: The keys take \d+ bytes, .* Remove its cause; then it ends by/m,
  );
  expect(stdout).not.toContain('notice');
  await run(['key-quota', 'lift', 'keys']);
  expect((await run(['doctor'])).stdout).toMatch(/^ok +alarms +none stands/m);
});

test('a second server on a directory is refused, and the first stays reachable', async () => {
  const { run, data } = await open();
  const second = await runCommand(['serve', '--data', data, '--http', '127.0.0.1:0', '--etcd', '127.0.0.1:0']);
  expect(second).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('in use by process') });
  expect(await run(['kv', 'put', 'still', 'there'])).toMatchObject({ exitCode: 0 });
});

test.each([
  ['a place where nothing can be made', ['--data', '/proc/ultracloud'], 1, '/proc/ultracloud: cannot be made'],
  ['a file', ['--data', program], 1, 'expected a directory'],
  [
    'an address that others reach, in the clear',
    ['--data', 'd', '--http', '0.0.0.0:0'],
    2,
    'give --tls, or --tls-cert and',
  ],
  ['a certificate without its key', ['--data', 'd', '--tls-cert', program], 2, 'expected both or neither'],
  ['a file that is no certificate', ['--data', 'd', '--tls-cert', program, '--tls-key', program], 2, 'in PEM ('],
  ['no port', ['--data', 'd', '--etcd', 'localhost'], 2, '--etcd: expected HOST:PORT'],
])('a server on %s says what to change', async (_what, flags, exitCode, said) => {
  const found = await runCommand(['serve', ...flags]);
  expect(found).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(said) });
});

test('a directory that is none is not verified, and not made', async () => {
  const absent = join(scratch(), 'absent');
  expect(await runCommand(['log', 'verify', '--data', absent])).toMatchObject({ exitCode: 1 });
  expect(existsSync(absent)).toBe(false);
});

test('what a maintainer needs holds no secret and no value', async () => {
  const { run, directory, data } = await open();
  await run(['kv', 'put', 'secret-key', 'secret-value']);
  const file = join(directory, 'bundle.tar');
  expect(await run(['debug', 'bundle', `${file}.gz`])).toMatchObject({ exitCode: 0 });
  const content = gunzipSync(readFileSync(`${file}.gz`)).toString('latin1');
  expect(content).toContain('ultracloud-debug/status.json');
  expect(content).not.toContain('secret-value');
  expect(content).not.toContain(readFileSync(join(data, 'admin.token'), 'utf8').trim());
});
