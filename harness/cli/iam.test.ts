import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStage, runCommand, type Stage } from '#harness/cli/command';
import { runTyping, type Answer } from '#harness/cli/typing';
import type { Ran } from '#harness/quickstart/cli';

/** Questions of who may do what, and logging in, as they are typed. */

let stage: Stage;
let passwords: string;

jest.setTimeout(120_000);

const run = (line: string): Promise<Ran> => stage.run(line.split(' '));

const as = (home: string, line: string, environment: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  runCommand(line.split(' '), { environment: { HOME: join(stage.directory, home), ...environment } });

const login = (home: string, more = ''): Promise<Ran> =>
  as(home, `login bob --endpoint ${stage.server.endpoints.http} --as work --password-file ${passwords}${more}`);

interface Kept {
  readonly work: { readonly accessToken: string; readonly refreshToken: string; readonly expiresMs: number };
}

const loginsOf = (home: string): string => join(stage.directory, home, '.config', 'ultracloud', 'logins.json');

const keptOf = (home: string): Kept => JSON.parse(readFileSync(loginsOf(home), 'utf8')) as Kept;

/** As if the access token were nearly over. */
const age = (home: string): Kept => {
  const kept = keptOf(home);
  writeFileSync(loginsOf(home), JSON.stringify({ work: { ...kept.work, expiresMs: 0 } }));
  return kept;
};

beforeAll(async () => {
  stage = await openStage();
  passwords = join(stage.directory, 'password');
  writeFileSync(passwords, 'a long enough password\n');
  for (const line of [
    'organisation create acme',
    'project create shop --organisation acme',
    'user create bob --organisation acme',
    `authenticator set-password bob --password-file ${passwords}`,
    'binding create bob-keys --subject user/bob --role key-editor --noun key --prefix app/',
  ]) {
    expect({ line, ...(await run(line)) }).toMatchObject({ exitCode: 0 });
  }
}, 90_000);

afterAll(async () => stage?.close(), 60_000);

describe('questions', () => {
  test('can says yes or no, with the rule, in every format', async () => {
    const yes = await run('iam can user/bob key.put key/app/a');
    expect(yes).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^yes\nGranted by the binding bob-keys\./),
    });
    expect(yes.stdout).toMatch(/bob-keys +user\/bob +key-editor +key\/app\/… +grants it/);
    const no = await run('iam can user/bob key.put key/other -o json');
    expect(no.exitCode).toBe(6);
    expect(JSON.parse(no.stdout)).toMatchObject({ allowed: false, reason: 'missing', resource: 'key/other' });
    expect(await run('iam can user/bob key.put key/other -o name')).toMatchObject({ exitCode: 6, stdout: 'no\n' });
    expect((await run('iam can me level.raise cluster -o yaml')).stdout).toContain('reason: unlimited');
    expect((await run('iam can user/bob key.put key/base64:YXBwL/8=')).stdout).toMatch(/^yes/);
  });

  test('who-can lists people, permissions and roles are listed', async () => {
    const who = await run('iam who-can key.put key/app/a');
    expect(who.stdout).toMatch(/^WHO +BINDING +ROLE +WHERE +THROUGH +IF\n/);
    expect(who.stdout).toMatch(/user\/bob +bob-keys +key-editor +key\/app\/…/);
    expect((await run('iam permissions key -o name')).stdout.split('\n')).toContain('key.put');
    expect((await run('iam roles')).stdout).toMatch(/key-editor +yes +key\.\*/);
  });

  test('what cannot be understood is said with what was meant', async () => {
    const wrong = await run('iam can bob key.putt projct/shop');
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('did you mean key.put?');
    expect(wrong.stderr).toContain('did you mean project?');
    expect((await run('iam try --since 1')).stderr).toContain('--file: expected a file of commands');
  });

  test('a trial that changes nothing exits with 0', async () => {
    const policy = join(stage.directory, 'policy.yaml');
    writeFileSync(policy, '- command: group.create\n  id: acme/nobody\n');
    expect(await run(`iam try -f ${policy} --since 1`)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^No answer would change\.\nPositions 1 to \d+: \d+ requests judged/),
    });
    writeFileSync(policy, '- command: binding.delete\n  id: nowhere\n');
    expect(await run(`iam try -f ${policy} --since 1`)).toMatchObject({ exitCode: 4 });
  });

  test('why-denied explains a refusal by its idempotency key too', async () => {
    expect(await login('asker')).toMatchObject({ exitCode: 0 });
    const refused = await as('asker', 'kv put other 1 --idempotency-key first-try');
    expect(refused).toMatchObject({ exitCode: 6 });
    expect(refused.stderr).toMatch(/\n {2}why: ultracloud iam why-denied \d+\n/);
    const why = await as('asker', 'iam why-denied first-try');
    expect(why.stdout).toContain('It needed key.put on key/other.');
    expect(why.stdout).toMatch(/bob-keys .* holds elsewhere/);
    expect(await run('iam why-denied first-try --principal user/bob')).toMatchObject({ exitCode: 0 });
    expect(await run('iam why-denied never')).toMatchObject({ exitCode: 4 });
    const read = await as('asker', 'kv get other');
    expect(read.stderr).toContain('why: ultracloud iam can me key.read key/other');
  });
});

test('the secret of another issuer is given from a file, and kept sealed', async () => {
  const secret = join(stage.directory, 'secret');
  writeFileSync(secret, 'known-to-the-issuer\n');
  const issuer = '--display-name Company --user-by email --issuer https://id.example.org --client-id ultracloud';
  expect(await run(`identity-provider create company ${issuer}`)).toMatchObject({ exitCode: 0 });
  const set = await run(`identity-provider set-secret company --secret-file ${secret}`);
  expect(set).toMatchObject({ exitCode: 0 });
  expect(set.stdout + (await run('log list --limit 100 -o json')).stdout).not.toContain('known-to-the-issuer');
});

describe('a login', () => {
  test('is kept for its owner only, for one context and one server', async () => {
    expect(await login('owner')).toMatchObject({ exitCode: 0 });
    expect(statSync(loginsOf('owner')).mode & 0o777).toBe(0o600);
    expect((await as('owner', 'whoami -o name')).stdout).toBe('user/bob\n');
    expect((await as('owner', 'context list')).stdout).toMatch(/\* +work +http:\S+ +user\/bob/);
    const elsewhere = await as('owner', 'whoami --endpoint http://127.0.0.1:1');
    expect(elsewhere.stderr).toContain('Nothing answers');
    // What somebody gives by hand counts before the login.
    const token = readFileSync(join(stage.data, 'admin.token'), 'utf8').trim();
    expect((await as('owner', 'whoami -o name', { ULTRACLOUD_TOKEN: token })).stdout).toBe('admin\n');
    expect(await as('owner', 'context delete work')).toMatchObject({ exitCode: 0 });
    expect(readFileSync(loginsOf('owner'), 'utf8')).toBe('{}\n');
  });

  test('is renewed as it ends, once for all runs side by side', async () => {
    expect(await login('busy')).toMatchObject({ exitCode: 0 });
    const before = age('busy');
    const runs = await Promise.all(Array.from({ length: 4 }, () => as('busy', 'whoami -o name')));
    expect(runs.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(runs.map(() => [0, 'user/bob\n']));
    const after = keptOf('busy');
    expect(after.work.refreshToken).not.toBe(before.work.refreshToken);
    expect(statSync(loginsOf('busy')).mode & 0o777).toBe(0o600);
    // A copy of what was renewed is worth nothing, and its use ends the session.
    writeFileSync(loginsOf('busy'), JSON.stringify({ work: { ...before.work, expiresMs: 0 } }));
    expect(await as('busy', 'whoami')).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('Log in again') });
    writeFileSync(loginsOf('busy'), JSON.stringify(after));
    expect(await as('busy', 'whoami')).toMatchObject({ exitCode: 6 });
  });

  test('that was ended elsewhere is refused, and asks to log in again', async () => {
    expect(await login('ended')).toMatchObject({ exitCode: 0 });
    const { credential } = JSON.parse((await as('ended', 'whoami -o json')).stdout) as { credential: string };
    expect(await run(`session revoke ${credential.replace('session/', '')}`)).toMatchObject({ exitCode: 0 });
    expect(await as('ended', 'whoami')).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('ultracloud login'),
    });
    expect(await as('ended', 'logout')).toMatchObject({ exitCode: 0 });
  });

  test('with a wrong password, or without one, is refused in words', async () => {
    const wrong = join(stage.directory, 'wrong');
    writeFileSync(wrong, 'not the password\n');
    const { http } = stage.server.endpoints;
    expect(await as('nobody', `login bob --endpoint ${http} --password-file ${wrong}`)).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('(login.refused)'),
    });
    expect(await as('nobody', `login bob --endpoint ${http}`)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--password-file'),
    });
    expect((await as('nobody', `logout --endpoint ${http}`)).stderr).toContain('Nobody is logged in here.');
    rmSync(wrong);
  });
});

describe('at a terminal', () => {
  const type = (home: string, line: string, answers: readonly Answer[], more: Readonly<Record<string, string>> = {}) =>
    runTyping(line.split(' '), answers, { HOME: join(stage.directory, home), ...more });
  const typed = 'typed, and long enough';

  test('passwords are asked for, twice when they are new, and shown nowhere', async () => {
    expect(await run('user create typist --organisation acme')).toMatchObject({ exitCode: 0 });
    const asAdmin = { ULTRACLOUD_DATA: stage.data };
    const set = (first: string, second: string) =>
      type(
        'admin',
        'authenticator set-password typist',
        [
          ['New password of typist: ', first],
          ['Again: ', second],
        ],
        asAdmin,
      );
    const other = await set(typed, `${typed}.`);
    expect(other).toMatchObject({ exitCode: 2, shown: expect.stringContaining('The two are not the same.') });
    expect(await set(typed, typed)).toMatchObject({ exitCode: 0 });

    const begun = `login typist --endpoint ${stage.server.endpoints.http}`;
    const login = await type('typist', begun, [['Password of typist: ', typed]]);
    expect(login).toMatchObject({ exitCode: 0, shown: expect.stringContaining('as user/typist') });

    const changed = 'changed, and long enough';
    const change = await type('typist', 'authenticator change-password typist', [
      ['Password until now: ', typed],
      ['New password: ', changed],
      ['Again: ', changed],
    ]);
    expect(change).toMatchObject({ exitCode: 0 });
    for (const { shown } of [other, login, change]) expect(shown).not.toContain('long enough');
    expect(await type('typist', begun, [['Password of typist: ', changed]])).toMatchObject({ exitCode: 0 });
  });

  test('tables are not cut to a terminal that does not say how wide it is', async () => {
    const { shown } = await type('admin', 'iam roles', [], { ULTRACLOUD_DATA: stage.data });
    expect(shown).toContain('Read and change keys and leases.');
  });
});
