import { openStage, type Stage } from '#harness/cli/command';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
}, 90_000);
afterAll(async () => stage?.close(), 60_000);

jest.setTimeout(60_000);

test('a list is given by a flag an item, or as JSON by one flag', async () => {
  await stage.run(['namespace', 'create', 'users']);
  const put = (key: string): unknown => ({ put: { id: `users/${key}`, document: { key } } });
  const apart = await stage.run([
    ...['doc', 'txn', '--operations', JSON.stringify(put('a')), '--operations', JSON.stringify(put('b'))],
  ]);
  const whole = await stage.run([
    ...['doc', 'txn', '--checks', '[{"id":"users/a","version":1},{"id":"users/c","version":0}]'],
    ...['--operations', JSON.stringify([put('c'), put('d')])],
  ]);
  expect([apart.exitCode, whole.exitCode, whole.stderr]).toEqual([0, 0, '']);
  expect((await stage.run(['doc', 'list', '--namespace', 'users', '-o', 'name'])).stdout).toBe(
    'doc/users/a\ndoc/users/b\ndoc/users/c\ndoc/users/d\n',
  );
});

test('a key that is too long is told as it was written', async () => {
  const expected = 'expected key: 1 to 1,024 bytes, got 1,025 bytes';
  expect((await stage.run(['kv', 'put', 'x'.repeat(1_025), 'v'])).stderr).toContain(`<key>: ${expected}\n`);
  expect((await stage.run(['kv', 'get', 'x'.repeat(1_025)])).stderr).toContain(`id: ${expected}\n`);
});

test('many events of one command are counted for people, and all there for programs', async () => {
  const commands = Array.from({ length: 30 }, (_, at) => ({
    command: 'key.put',
    id: `many/${at}`,
    body: { value: '' },
  }));
  const given = { input: JSON.stringify({ commands }) };
  const json = await stage.run(['raw', 'POST', '/v1/apply', '-d', given.input]);
  const { events, position } = JSON.parse(json.stdout) as {
    readonly events: readonly unknown[];
    readonly position: number;
  };
  expect(events).toHaveLength(30);
  const { stdout } = await stage.run(['log', 'show', String(position)]);
  expect(stdout.split('\n').filter((line) => line.includes('key.put  key/many/'))).toHaveLength(20);
  expect(stdout).toContain('… and 10 more events; -o json shows them all');
});
