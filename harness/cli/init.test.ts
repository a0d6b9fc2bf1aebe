import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, program, runCommand } from '#harness/cli/command';
import { startServer } from '#harness/server-process';

jest.setTimeout(60_000);

let directory: string;
beforeEach(() => (directory = makeDirectory()));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const json = (text: string): Readonly<Record<string, unknown>> => JSON.parse(text) as Readonly<Record<string, unknown>>;
const names = ['--organisation', 'acme', '--project', 'shop', '--administrator', 'alice'];

test('a directory is made under names of one’s own, and served as it is', async () => {
  const data = join(directory, 'data');
  const password = 'correct horse battery staple';
  const made = await runCommand(['init', '--data', data, ...names, '--password-file', '-', '-o', 'json'], {
    input: `${password}\n`,
  });
  expect(made.exitCode).toBe(0);
  expect(json(made.stdout)).toMatchObject({
    directory: data,
    organisation: 'acme',
    project: 'shop',
    administrator: 'alice',
    breakGlass: join(data, 'admin.token'),
    canLogIn: true,
  });
  expect(statSync(join(data, 'admin.token')).mode & 0o777).toBe(0o600);
  for (const name of readdirSync(join(data, 'log'))) {
    expect(readFileSync(join(data, 'log', name)).includes(password)).toBe(false);
  }
  const server = await startServer({ program, data, log: join(directory, 'server.log') }).ready();
  try {
    const run = (...words: readonly string[]) =>
      runCommand([...words, '-o', 'json'], { environment: { ULTRACLOUD_DATA: data } });
    expect(json((await run('binding', 'get', 'alice-owner')).stdout)).toMatchObject({
      subject: 'user/alice',
      role: 'owner',
    });
    expect(json((await run('project', 'get', 'shop')).stdout)).toMatchObject({ organisation: 'acme' });
    expect((await run('organisation', 'get', 'default')).exitCode).toBe(4);
  } finally {
    await server.stop();
  }
});

test.each([
  ['a name that is none', ['--project', 'A b'], '', '--project: expected'],
  ['a password that is too short', ['--password-file', '-'], 'short\n', '--password-file: expected a password of at'],
  ['a file that is not there', ['--password-file', '/nonexistent/pw'], '', 'cannot be read'],
])('%s is refused, and nothing is made', async (_title, flags, input, said) => {
  const data = join(directory, 'data');
  expect(await runCommand(['init', '--data', data, ...flags], { input })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(said),
  });
  expect(existsSync(data)).toBe(false);
});

test('a directory that is there is left alone', async () => {
  const data = join(directory, 'data');
  expect(await runCommand(['init', '--data', data])).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining(`serve --data ${data}`),
  });
  const before = readFileSync(join(data, 'admin.token'), 'utf8');
  expect(await runCommand(['init', '--data', data])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('is a data directory already'),
  });
  expect(readFileSync(join(data, 'admin.token'), 'utf8')).toBe(before);
});
