import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openStage, type Stage, startCommand } from '#harness/cli/command';
import type { Ran } from '#harness/quickstart/cli';

/** The built command against a real server, each run a process of its own. */
let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
}, 90_000);

afterAll(async () => stage?.close(), 60_000);

const run = (line: string, input: string | Uint8Array = ''): Promise<Ran> => stage.run(line.split(' '), { input });

const fileOf = (name: string, content: unknown): string => {
  const path = join(stage.directory, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
};

const json = ({ stdout }: Ran): Readonly<Record<string, unknown>> =>
  JSON.parse(stdout) as Readonly<Record<string, unknown>>;

jest.setTimeout(120_000);

describe('keys', () => {
  test('are put, read, listed and deleted, in every format', async () => {
    expect(await run('kv put config/color blue')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^key\.put {2}key\/config\/color {2}value=blue\n\(accepted at position \d+\)\n$/),
      stderr: '',
    });
    const [value, asJson, yaml, name, table, wide] = await Promise.all(
      ['', ' -o json', ' -o yaml', ' -o name', ' -o table', ' -o wide'].map((format) =>
        run(format === ' -o table' ? 'kv list --prefix config/ -o table' : `kv get config/color${format}`),
      ),
    );
    expect(value).toMatchObject({ exitCode: 0, stdout: 'blue', stderr: '' });
    const row = { key: 'config/color', value: 'blue', version: 1 };
    expect(JSON.parse(asJson?.stdout ?? '')).toMatchObject(row);
    expect(yaml?.stdout).toMatch(/^key: config\/color\nvalue: blue\nversion: 1\n/);
    expect(name?.stdout).toBe('key/config/color\n');
    expect(table?.stdout).toMatch(/^KEY +VALUE +VERSION +MOD\nconfig\/color +blue +1 +\d+\n$/);
    expect(wide?.stdout).toMatch(/^key +config\/color\nvalue +blue\n/);
    const list = json(await run('kv list --prefix config/ -o json'));
    expect(list).toEqual({ items: [expect.objectContaining(row)] });
    const deleted = await run('kv delete config/color -o json');
    expect(json(deleted)).toMatchObject({ outcome: 'accepted', events: [{ kind: 'key.deleted' }] });
    expect(await run('kv delete config/color')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('key/config/color: nothing changed'),
    });
  });

  test('and values may be any bytes, from standard input too', async () => {
    const bytes = Uint8Array.of(0, 255, 10, 98);
    expect((await run('kv put bytes/value -', bytes)).stdout).toContain('valueBase64=AP8KYg==');
    const { stdout } = await run('kv get bytes/value -o json');
    expect(JSON.parse(stdout)).toMatchObject({ key: 'bytes/value', valueBase64: 'AP8KYg==' });
    await run('kv put --key-base64 /wBh named');
    expect((await run('kv get base64:/wBh')).stdout).toBe('named');
    expect(await run('kv list -o name')).toMatchObject({ stdout: expect.stringContaining('key/base64:/wBh\n') });
    expect((await run('kv put text/value -', 'from a file\n')).exitCode).toBe(0);
    expect((await run('kv get text/value')).stdout).toBe('from a file\n');
    expect((await run('kv put --key-base64 @@ x')).stderr).toContain('expected base64');
  });

  test('are changed together, or not, by a transaction', async () => {
    const file = fileOf('txn.json', {
      compare: [{ key: 'leader', target: 'version', op: '=', value: 0 }],
      success: [{ put: { key: 'leader', value: 'node-1' } }],
      failure: [{ get: { key: 'leader' } }],
    });
    expect(json(await run(`kv txn -f ${file} -o json`))).toMatchObject({ succeeded: true });
    const [second, fromStdin] = await Promise.all([
      run(`kv txn -f ${file}`),
      run('kv txn -f - -o json', '{"success":[{"get":{"key":"leader"}}]}'),
    ]);
    expect(second?.stdout).toMatch(/^succeeded +false\n/);
    expect(json(fromStdin)).toMatchObject({ responses: [{ get: { items: [{ value: 'node-1' }] } }] });
  });
});

describe('a try', () => {
  test('shows what would happen, changes nothing, and exits with 3 when something would', async () => {
    await run('kv put tried yes');
    const tried = await run('kv put tried no --dry-run');
    expect(tried).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('value=no') });
    expect(tried.stdout).toMatch(/\(dry run at position \d+; nothing was made\)/);
    expect(await run('kv delete absent --dry-run')).toMatchObject({ exitCode: 0 });
    expect((await run('kv get tried')).stdout).toBe('yes');
  });

  test('of a past position sees what was there', async () => {
    const before = Number(json(await run('kv put then old -o json'))['position']);
    await run('kv put then new');
    expect((await run(`kv get then --at ${before}`)).stdout).toBe('old');
    const past = await run(`kv put then new --expect version:1 --dry-run --at ${before}`);
    expect(past).toMatchObject({ exitCode: 3 });
    expect(await run('kv put then new --expect version:1')).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('(expect.version)'),
    });
  });

  test('of many commands says what each would come to, and applying them is all or nothing', async () => {
    const good = fileOf('good.json', { commands: [put('many/1', 'a'), put('many/2', 'b')] });
    const bad = fileOf('bad.json', [put('many/3', 'c'), { ...put('many/4', 'd'), body: { value: 'd', lease: '5' } }]);
    expect(await run(`apply -f ${good} --dry-run`)).toMatchObject({ exitCode: 3 });
    expect(await run(`apply -f ${good}`)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/many\/1.*\n.*many\/2.*\n\(accepted at position \d+\)\n$/),
      stderr: 'Tried: 2 commands would come to 2 events.\n',
    });
    expect(await run(`apply -f ${bad}`)).toMatchObject({
      exitCode: 4,
      stdout: '',
      stderr: expect.stringContaining('lease 5, commandIndex 1'),
    });
    const whatif = await run(`whatif -f ${bad}`);
    expect(whatif).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('refused: ') });
    expect((await run('kv list --prefix many/ -o name')).stdout).toBe('key/many/1\nkey/many/2\n');
  });

  const put = (id: string, value: string) => ({ command: 'key.put', id, body: { value } });
});

describe('what is followed', () => {
  test('is a line of JSON for each position, unless a person watches', async () => {
    const from = Number(json(await run('kv put seen/1 a -o json'))['position']) - 1;
    await run('kv put seen/2 b');
    const words = `kv watch --prefix seen/ --from ${from} --max 2`;
    const [frames, table, names] = await Promise.all([run(words), run(`${words} -o table`), run(`${words} -o name`)]);
    const lines = frames.stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { position: from + 1, events: [{ type: 'put', key: 'seen/1', value: 'a' }] },
      { position: from + 2, events: [{ type: 'put', key: 'seen/2', value: 'b' }] },
    ]);
    expect(table.stdout).toMatch(/^ *\d+ {2}put {5}key\/seen\/1 {2}a\n *\d+ {2}put {5}key\/seen\/2 {2}b\n$/);
    expect(names.stdout).toBe('key/seen/1\nkey/seen/2\n');
  });

  test('comes as it happens, and ends quietly at the first Ctrl-C', async () => {
    const child = startCommand(['kv', 'list', '--prefix', 'live/', '--watch', '-o', 'json'], {
      ULTRACLOUD_DATA: stage.data,
    });
    const lines: string[] = [];
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => lines.push(...chunk.trim().split('\n')));
    const said = text(child.stderr as NodeJS.ReadableStream & AsyncIterable<Buffer>);
    const until = async (count: number): Promise<void> => {
      while (lines.filter((line) => !line.includes('bookmark')).length < count)
        await once(child.stdout as never, 'data');
    };
    await until(1);
    await run('kv put live/1 now');
    await until(2);
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(await said).toBe('');
    expect(lines.find((line) => line.includes('live/1'))).toContain('"value":"now"');
  });

  test('may be cut off by a reader that has seen enough', async () => {
    await Promise.all(Array.from({ length: 4 }, (_, i) => run(`kv put pipe/${i} ${'x'.repeat(60_000)}`)));
    const child = startCommand(['kv', 'list', '--prefix', 'pipe/', '-o', 'json'], { ULTRACLOUD_DATA: stage.data });
    const said = text(child.stderr as NodeJS.ReadableStream & AsyncIterable<Buffer>);
    const ended = once(child, 'exit');
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended).toEqual([0, null]);
    expect(await said).toBe('');
  });
});

describe('the past', () => {
  test('is explained: timeline, why, log and events', async () => {
    await run('kv put told once');
    const refused = await run('kv put told twice --lease 42');
    expect(refused).toMatchObject({ exitCode: 4, stdout: '' });
    const position = /position: (\d+)/.exec(refused.stderr)?.[1] ?? '';
    const [timeline, why, shown, events] = await Promise.all([
      run('timeline key/told'),
      run('why key/told'),
      run(`log show ${position} -o json`),
      run('events --from 1 --limit 1000 --noun key -o json'),
    ]);
    expect(timeline?.stdout).toContain('by admin (admin.token) through cli');
    expect(timeline?.stdout).toContain('(lease.absent)');
    expect(why?.stdout).toContain('key/told exists, in version 1:');
    expect(why?.stdout).toContain('Refused, the newest first:');
    expect(json(shown)).toMatchObject({ command: 'key.put', outcome: 'rejected', code: 'lease.absent' });
    const kinds = events?.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(new Set(kinds)).toEqual(new Set(['key.put', 'key.deleted']));
    expect(await run('why key/never')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^key\/never does not exist\./),
    });
    expect(await run('log show 999999')).toMatchObject({ exitCode: 4 });
  });
});

describe('a failure', () => {
  test('is told on standard error, in the chosen format', async () => {
    const [plain, asJson, yaml, name] = await Promise.all(
      ['', ' -o json', ' -o yaml', ' -o name'].map((format) => run(`kv get nothing/here${format}`)),
    );
    for (const each of [plain, asJson, yaml, name]) expect(each).toMatchObject({ exitCode: 4, stdout: '' });
    expect(plain?.stderr).toMatch(/^error: There is no such key\. \(key\.absent\)\n {2}fix: .*\n {2}position: \d+\n$/);
    expect(JSON.parse(asJson?.stderr ?? '')).toMatchObject({ code: 'key.absent', category: 'absent' });
    expect(yaml?.stderr).toMatch(/^code: key\.absent\n/);
    expect(name?.stderr).toMatch(/^error: /);
    const usage = await run('kv list --limit many -o json');
    expect(usage).toMatchObject({ exitCode: 2, stdout: '' });
    expect(JSON.parse(usage.stderr)).toMatchObject({ code: 'usage', category: 'invalid' });
  });

  test('has no colour where no terminal reads it', async () => {
    const { stderr } = await stage.run(['kv', 'get', 'nothing'], { environment: { TERM: 'xterm-256color' } });
    expect(stderr).not.toContain('\u001b');
  });

  test('of what was sent twice under one key, with another body, is a conflict', async () => {
    const first = await run('kv put same a --idempotency-key once-1 -o json');
    const again = await run('kv put same a --idempotency-key once-1 -o json');
    expect(again.stdout).toBe(first.stdout);
    expect(await run('kv put same b --idempotency-key once-1')).toMatchObject({ exitCode: 5 });
  });

  test('to find in time is told as such, while a wait that succeeds is quiet', async () => {
    const late = await run('kv get later --wait --timeout 500ms');
    expect(late).toMatchObject({ exitCode: 8, stdout: '', stderr: expect.stringContaining('(timedOut)') });
    const waiting = run('kv get sooner --wait --timeout 60s');
    await run('kv put sooner here');
    expect(await waiting).toMatchObject({ exitCode: 0, stdout: 'here', stderr: '' });
  });

  test('of something that is used up is told as such', async () => {
    await run('namespace create small --max-documents 1');
    await run(`doc put small/a {}`);
    expect(await run('doc put small/b {}')).toMatchObject({
      exitCode: 7,
      stderr: expect.stringContaining('(namespace.'),
    });
  });
});

describe('locks and leases', () => {
  test('a command runs while the lock is held, and its exit code is given', async () => {
    expect(await stage.run(['lock', 'demo', '--', 'sh', '-c', 'echo held; exit 5'])).toMatchObject({
      exitCode: 5,
      stdout: 'held\n',
    });
    expect((await run('kv list --prefix demo/ -o name')).stdout).toBe('');
  });

  test('a lease takes its keys with it', async () => {
    await run('lease grant 77 600');
    await run('kv put leased x --lease 77');
    expect((await run('lease revoke 77')).stdout).toContain('key.deleted  key/leased');
    expect(await run('lease keep-alive 77')).toMatchObject({ exitCode: 4 });
  });
});

describe('anything else', () => {
  test('is asked for with raw', async () => {
    expect(JSON.parse((await run('raw GET /v1/status')).stdout)).toMatchObject({ level: 1 });
    const made = await stage.run(['raw', 'POST', '/v1/keys/raw%2Fkey/put', '-d', '-'], { input: '{"value":"r"}' });
    expect(json(made)).toMatchObject({ outcome: 'accepted' });
    expect(await run('raw GET /v1/nothing')).toMatchObject({ exitCode: 4, stdout: '' });
    const malformed = await stage.run(['raw', 'POST', '/v1/keys/a/put', '-d', '{"val":"x"}']);
    expect(malformed).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('- val: expected a field of') });
    expect(malformed.stderr).not.toContain('`problems`');
  });

  test('what lasts tells people how far it is, on standard error only', async () => {
    const line = 'bench put --duration 1500ms --clients 2 --keys 5 --value-bytes 16';
    const [plain, asJson, quiet] = await Promise.all([run(line), run(`${line} -o json`), run(`${line} --quiet`)]);
    expect(plain).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('put with 2 clients …') });
    expect(plain.stdout).toMatch(/^work +put\n/);
    expect(json(asJson)).toMatchObject({ work: 'put', valueBytes: 16 });
    expect([asJson.stderr, quiet.stderr]).toEqual(['', '']);
    expect((await run('kv list --prefix bench/ -o name')).stdout).toBe('');
  });

  test('top and status say how the node is, for scripts too', async () => {
    expect(json(await run('top --once --interval 200ms -o json'))).toMatchObject({ writes: 'accepted' });
    expect((await run('status')).stdout).toMatch(/^version +\d/);
    expect((await run('status -o yaml')).stdout).toMatch(/^version: \d/);
    const { exitCode, stdout } = await run('doctor -o json');
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"name":"disk space"') });
  });
});
