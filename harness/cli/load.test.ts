import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStage, type Stage } from '#harness/cli/command';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.run(['namespace', 'create', 'users', '--max-documents', '2000']);
}, 60_000);
afterAll(() => stage.close());

const lines = (from: number, count: number): string =>
  Array.from({ length: count }, (_, at) => JSON.stringify({ key: `u${from + at}`, document: { n: from + at } })).join(
    '\n',
  );

const fileOf = (name: string, text: string): string => {
  const file = join(stage.directory, name);
  writeFileSync(file, text);
  return file;
};

test('a file of documents is tried, loaded in parts, and loaded again without a change', async () => {
  const file = fileOf('users.ndjson', `${lines(0, 1_200)}\n\n${lines(1_200, 300)}\n`);
  const tried = await stage.run(['doc', 'load', 'users', '-f', file, '--dry-run', '-o', 'json']);
  expect([tried.exitCode, JSON.parse(tried.stdout)]).toEqual([3, { documents: 1_500, written: 1_500, unchanged: 0 }]);
  const loaded = await stage.run(['doc', 'load', 'users', '-f', file, '-o', 'json']);
  expect([loaded.exitCode, JSON.parse(loaded.stdout)]).toEqual([0, { documents: 1_500, written: 1_500, unchanged: 0 }]);
  const again = await stage.run(['doc', 'load', 'users', '-f', '-', '-o', 'json'], { input: lines(0, 1_500) });
  expect([again.exitCode, JSON.parse(again.stdout)]).toEqual([0, { documents: 1_500, written: 0, unchanged: 1_500 }]);
}, 60_000);

test('a load that is refused names the lines, and what is loaded', async () => {
  const file = fileOf('more.ndjson', lines(1_500, 1_200));
  const { exitCode, stderr } = await stage.run(['doc', 'load', 'users', '-f', file]);
  expect([exitCode, stderr]).toEqual([7, expect.stringMatching(/lines 1 to 1000: The namespace has reached a limit/)]);
  expect(stderr).toContain('The 0 documents before them are loaded.');
}, 60_000);

test.each([
  ['a line that is no JSON', '{"key": "a", "document": 1}\nkey: b', /line 2: expected JSON such as/],
  ['a line that is no object', '[]', /line 1: expected JSON such as/],
  ['a field that is not known', '{"key": "a", "dokument": 1}', /did you mean document\?/],
])('%s is a problem with its place', async (_what, text, expected) => {
  const { exitCode, stderr } = await stage.run(['doc', 'load', 'users', '-f', fileOf('bad.ndjson', text)]);
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(expected)]);
});

test('a file that is not there is named', async () => {
  const { exitCode, stderr } = await stage.run(['doc', 'load', 'users', '-f', join(stage.directory, 'none')]);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('none');
});
