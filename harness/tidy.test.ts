import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  bannedIn,
  bans,
  downloadAddresses,
  machinePaths,
  missingInCatalog,
  tooLong,
  vaguelyNamed,
  withoutTable,
  type ProjectFile,
} from '#harness/lint/tidy';

/** Properties of the source itself; the second half plants what each must find. */
const root = join(__dirname, '..');

const projectFiles = (): readonly ProjectFile[] =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
    .split('\n')
    .filter((path) => path !== '' && statSync(join(root, path), { throwIfNoEntry: false })?.isFile())
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

describe('the project', () => {
  const files = projectFiles();
  /** These name what they ban. */
  const written = files.filter(({ path }) => !['harness/lint/tidy.ts', 'harness/tidy.test.ts'].includes(path));

  test('writes nothing that is banned', () => expect(bannedIn(written)).toEqual([]));
  test('has no file or folder whose name says nothing', () => expect(vaguelyNamed(files)).toEqual([]));
  test('lists every component in the catalog', () => expect(missingInCatalog(files)).toEqual([]));
  test('has a decision table beside every aggregate', () => expect(withoutTable(files)).toEqual([]));
  test('has no file with two nouns in it', () => expect(tooLong(files)).toEqual([]));
  test('names no registry', () => expect(downloadAddresses(files)).toEqual([]));
  test('names no folder of this machine', () => {
    expect(machinePaths(written, [root, dirname(root), homedir()])).toEqual([]);
  });
});

const file = (path: string, text = ''): ProjectFile => ({ path, text });

describe('what is planted is found', () => {
  const pure = 'aggregates/chainfire/key.ts';
  const planted: readonly (readonly [ban: string, path: string, text: string])[] = [
    ['clock', pure, 'const now = Date.now();'],
    ['clock', pure, 'const now = new Date();'],
    ['clock', pure, 'const local = new Date(2026, 1);'],
    ['clock', pure, 'const now = Date();'],
    ['clock', pure, "const then = Date.parse('2026');"],
    ['clock', 'projections/view.ts', 'const now = performance.now();'],
    ['time zone', pure, 'const hour = new Date(ms).getHours();'],
    ['randomness', 'commands/command.ts', 'const id = Math.random();'],
    ['randomness', pure, 'const id = crypto.randomUUID();'],
    ['inexact arithmetic', pure, 'const half = Math.pow(2, -score);'],
    ['environment', pure, 'const home = process.env.HOME;'],
    ['environment', pure, "const fs = require('fs');"],
    ['waiting', pure, 'setTimeout(work, 5);'],
    ['waiting', pure, 'const work = async () => 1;'],
    ['waiting', 'projections/chainfire/key.ts', 'export type Later = Promise<number>;'],
    ['locale', pure, 'names.sort((a, b) => a.localeCompare(b));'],
    ['locale', pure, 'const text = size.toLocaleString();'],
    ['locale', pure, 'const order = new Intl.Collator();'],
    ['unicode tables', 'commands/codec/text.ts', 'const letter = /\\p{L}/u;'],
    ['unicode tables', 'commands/codec/text.ts', "const letter = new RegExp('\\\\P{Lu}', 'u');"],
    ['unicode tables', pure, "const name = given.normalize('NFC');"],
    ['inherited keys', pure, 'for (const name in labels) count++;'],
    ['module state', pure, 'let count = 0;'],
    ['module state', pure, 'export let count = 0;'],
    ['any', 'log/apply.ts', 'const body = entry as any;'],
    ['any', 'log/apply.test.ts', 'const bodies: any[] = [];'],
    ['silenced checks', 'log/apply.ts', '// @ts-ignore\nbroken();'],
    ['silenced checks', 'log/apply.ts', '// eslint-disable-next-line eqeqeq\nbroken();'],
    ['default export', 'log/apply.ts', 'export default 1;'],
    ['re-export', 'log/apply.ts', "export * from '#log/entry';"],
    ['re-export', 'log/apply.ts', "export { entry } from '#log/entry';"],
    ['enum', 'log/apply.ts', 'enum Phase { Running }'],
    ['console', 'gateways/http/server.ts', "console.log('ready');"],
    ['unfinished work', 'log/apply.ts', '// TODO: the other half'],
    ['unfinished work', 'docs/architecture.md', 'FIXME'],
    ['long line', 'log/apply.ts', `const text = '${'x'.repeat(120)}';`],
  ];

  test.each(planted)('%s in %s: %s', (ban, path, text) => {
    expect(bannedIn([file(path, text)]).join('\n')).toContain(`(${ban})`);
  });

  test('every ban has a planted example', () => {
    expect([...new Set(planted.map(([ban]) => ban))]).toEqual(bans.map(({ name }) => name));
  });

  test('the place of a find is its line', () => {
    expect(bannedIn([file(pure, 'const a = 1;\n/* b\n c */ Date.now();\n')])).toEqual([
      expect.stringMatching(/^aggregates\/chainfire\/key\.ts:3: Date\. is banned/),
    ]);
  });

  const harmless: readonly (readonly [path: string, text: string])[] = [
    [pure, '// A Promise is never awaited here: await, async, Date.now().'],
    [pure, '/** A process never sees `await` here. */\nexport const one = 1;'],
    [pure, "const message = 'process. and Date.now() and console.log';"],
    [pure, 'const message = `the ${noun} of Date.now() at ${place} async`;'],
    [pure, 'const text = new Date(instant).toISOString();'],
    [pure, 'const instant = Date.UTC(year, month);'],
    [pure, 'const half = () => {\n  let count = 0;\n  return count;\n};'],
    ['aggregates/chainfire/key.test.ts', 'const now = Date.now();'],
    ['log/apply.ts', 'let open = 0;\nexport const wait = async () => Date.now();'],
    ['log/apply.ts', 'const anything = match.any;'],
    ['log/apply.ts', '// eslint-disable-next-line eqeqeq -- null and undefined are one here'],
    ['gateways/cli/main.ts', "console.log('done');"],
    ['docs/architecture.md', 'x'.repeat(200)],
  ];
  test.each(harmless)('harmless in %s: %s', (path, text) => expect(bannedIn([file(path, text)])).toEqual([]));

  test('a vague name', () => {
    const bad = [
      'log/util.ts',
      'log/string-utils.ts',
      'gateways/common/thing.ts',
      'commands/index.ts',
      'log/types.test.ts',
    ];
    const good = [
      'log/apply.ts',
      'commands/database.ts',
      'docs/index.md',
      'gateways/http/typescript.ts',
      'gateways/etcd/lock-service.ts',
    ];
    expect(vaguelyNamed([...bad, ...good].map((path) => file(path)))).toEqual(bad);
  });

  test('a component that the catalog does not list', () => {
    const catalog = file('gateways/catalog.ts', "[{ name: 'chainfire', summary: 'flaredb' }]");
    const others = ['commands/codec/text.ts', 'commands/chainfire/key.ts', 'projections/flaredb/row.ts'];
    expect(missingInCatalog([catalog, ...others.map((path) => file(path))])).toEqual(['flaredb']);
  });

  test('an aggregate without a decision table', () => {
    const paths = ['aggregates/a/one.ts', 'aggregates/a/one.test.ts', 'aggregates/a/two.ts', 'aggregates/facts.ts'];
    expect(withoutTable(paths.map((path) => file(path)))).toEqual(['aggregates/a/two.ts']);
  });

  test('a long file', () => {
    const lines = (count: number): string => 'const a = 1;\n'.repeat(count);
    const files = [file('log/a.ts', lines(400)), file('log/b.ts', lines(401)), file('log/c.test.ts', lines(900))];
    expect(tooLong(files)).toEqual(['log/b.ts has 401 lines, at most 400']);
  });

  test('a download address', () => {
    const lock = file('package-lock.json', '{ "resolved": "https://registry.example/a.tgz" }');
    const settings = file('.npmrc', 'save-exact=true\nregistry=https://registry.example/\n');
    const clean = file('package-lock.json', '{ "version": "1.0.0" }');
    expect(downloadAddresses([lock, settings, clean])).toHaveLength(2);
  });

  test('a folder of one machine', () => {
    const files = [
      file('README.md', 'cd /build/box7/checkout/log'),
      file('docs/a.md', `see ${['', 'home', 'ada', 'notes'].join('/')}`),
      file('docs/b.md', 'cd /tmp/data; ls ~/notes; ls /root/data; GET /v1/home/x/y'),
    ];
    expect(machinePaths(files, ['/build/box7/checkout', '/tmp', '/root'])).toHaveLength(2);
  });
});
