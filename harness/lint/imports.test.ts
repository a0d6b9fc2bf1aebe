import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const projectRoot = join(__dirname, '..', '..');
const config = join(__dirname, 'imports.cjs');
const { forbidden } = createRequire(__filename)(config) as { forbidden: { name: string }[] };

/** One violation of each rule: the rule, the file that breaks it, and what that file imports. */
const planted: readonly (readonly [rule: string, file: string, imported: string])[] = [
  ['commands-know-nothing', 'commands/plant/node.ts', 'node:fs'],
  ['commands-know-nothing', 'commands/plant/upwards.ts', '#aggregates/kernel'],
  ['aggregates-are-pure', 'aggregates/plant/package.ts', 'yaml'],
  ['aggregates-are-pure', 'aggregates/plant/upwards.ts', '#projections/kernel'],
  ['aggregates-stay-apart', 'aggregates/plant/neighbour.ts', '#aggregates/chainfire/key'],
  ['projections-are-pure', 'projections/plant/node.ts', 'node:crypto'],
  ['projections-are-pure', 'projections/plant/upwards.ts', '#log/kernel'],
  ['views-stay-apart', 'projections/plant/neighbour.ts', '#projections/chainfire/key'],
  ['kernels-name-no-component', 'aggregates/decider.ts', '#aggregates/chainfire/key'],
  ['kernels-name-no-component', 'projections/reader.ts', '#aggregates/chainfire/key'],
  ['log-knows-no-component', 'log/component-of-aggregates.ts', '#aggregates/chainfire/key'],
  ['log-knows-no-component', 'log/component-of-commands.ts', '#commands/chainfire/key'],
  ['log-knows-no-component', 'log/segment/deep.ts', '#projections/chainfire/key'],
  ['log-knows-no-gateway', 'log/catalogue.ts', '#gateways/catalog'],
  ['gateways-stay-apart', 'gateways/http/neighbour.ts', '#gateways/cli/table'],
  ['only-the-catalog-lists-components', 'gateways/http/component.ts', '#aggregates/chainfire/key'],
  ['etcd-speaks-for-chainfire', 'gateways/etcd/stranger.ts', '#commands/flaredb/namespace'],
  ['logins-know-identities-only', 'gateways/server/identity/stranger.ts', '#aggregates/chainfire/key'],
  ['nobody-imports-tests', 'harness/reuse.ts', '#commands/kernel.test'],
  ['nobody-imports-the-harness', 'gateways/http/fake.ts', '#harness/kernel'],
  ['lmdb-lives-in-one-place', 'log/rows.ts', 'lmdb'],
  ['kafkajs-lives-in-one-place', 'log/broker.ts', 'kafkajs'],
  ['fastify-lives-in-one-place', 'gateways/server/web.ts', 'fastify'],
  ['fastify-lives-in-one-place', 'gateways/server/limit.ts', '@fastify/rate-limit'],
  ['protobufjs-lives-in-one-place', 'gateways/http/message.ts', 'protobufjs'],
  ['commander-lives-in-one-place', 'gateways/server/flags.ts', 'commander'],
  ['no-io-ts', 'gateways/http/codec.ts', 'io-ts'],
  ['fp-ts-is-either', 'commands/plant/option.ts', 'fp-ts/lib/Option'],
  ['no-cycles', 'log/cycle-back.ts', '#log/cycle'],
  ['no-orphans', 'log/orphan.ts', ''],
  ['resolvable', 'log/lost.ts', '#log/nowhere'],
  ['production-needs-no-dev-dependency', 'gateways/server/development.ts', 'fast-check'],
];

/** What must stay allowed: each of these is one step inside a rule. */
const allowed: readonly (readonly [file: string, imported: string])[] = [
  ['commands/plant/refusal.ts', 'fp-ts/lib/Either'],
  ['commands/chainfire/key.ts', '#commands/codec/text'],
  ['commands/flaredb/namespace.ts', '#commands/kernel'],
  ['aggregates/chainfire/key.ts', '#commands/chainfire/key'],
  ['projections/chainfire/key.ts', '#aggregates/flaredb/namespace'],
  ['aggregates/flaredb/namespace.ts', '#aggregates/kernel'],
  ['log/lmdb-rows.ts', 'lmdb'],
  ['log/kafka.ts', 'kafkajs'],
  ['log/port.ts', '#commands/codec/text'],
  ['log/apply.ts', '#projections/kernel'],
  ['gateways/catalog.ts', '#projections/chainfire/key'],
  ['gateways/http/server.ts', 'fastify'],
  ['gateways/cli/table.ts', 'commander'],
  ['gateways/cli/serve.ts', '#gateways/server/main'],
  ['gateways/server/main.ts', '#gateways/http/server'],
  ['gateways/etcd/message.ts', 'protobufjs'],
  ['gateways/etcd/range.ts', '#projections/chainfire/key'],
  ['harness/kernel.ts', '#gateways/http/server'],
  ['commands/kernel.test.ts', '#harness/kernel'],
];

const leaves = [
  'commands/kernel.ts',
  'commands/codec/text.ts',
  'aggregates/kernel.ts',
  'projections/kernel.ts',
  'log/kernel.ts',
];
const packages = [
  'lmdb',
  'fastify',
  '@fastify/rate-limit',
  'protobufjs',
  'commander',
  'yaml',
  'io-ts',
  'fp-ts/lib/Either',
  'fp-ts/lib/Option',
];

const write = (tree: string, path: string, text: string): void => {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
};

const packageOf = (path: string): string => path.split('/', path.startsWith('@') ? 2 : 1).join('/');

const writePackage = (tree: string, path: string): void => {
  const name = packageOf(path);
  write(tree, `node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
  write(tree, path === name ? `node_modules/${name}/index.js` : `node_modules/${path}.js`, '');
};

interface Found {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

const cruise = (tree: string): Found[] => {
  const program = join(projectRoot, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const layers = ['commands', 'aggregates', 'projections', 'log', 'gateways', 'harness'];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [program, '--config', config, '--output-type', 'json', ...layers],
    { cwd: tree, encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { summary: { violations: Found[] } }).summary.violations;
};

let tree: string;
let found: readonly Found[];

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'imports-'));
  copyFileSync(join(projectRoot, 'tsconfig.json'), join(tree, 'tsconfig.json'));
  const { imports } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { imports: object };
  const dependencies = Object.fromEntries(packages.map((path) => [packageOf(path), '1.0.0']));
  write(tree, 'package.json', JSON.stringify({ imports, dependencies, devDependencies: { 'fast-check': '1.0.0' } }));
  writePackage(tree, 'fast-check');
  for (const path of packages) writePackage(tree, path);
  for (const path of leaves) write(tree, path, 'export interface Thing { readonly id: string }\n');
  for (const [path, imported] of allowed) write(tree, path, `export * as thing from '${imported}';\n`);
  for (const [, path, imported] of planted) {
    write(tree, path, imported === '' ? 'export const thing = 1;\n' : `import type { Thing } from '${imported}';\n`);
  }
  write(tree, 'log/cycle.ts', "import type { Thing } from '#log/cycle-back';\n");
  found = cruise(tree);
}, 60_000);

afterAll(() => rmSync(tree, { recursive: true, force: true }));

test.each(planted)('%s refuses %s importing %s', (rule, file) => {
  expect(found.filter(({ from }) => from === file).map((violation) => violation.rule.name)).toContain(rule);
});

test('every rule has a planted violation', () => {
  expect([...new Set(planted.map(([rule]) => rule))].sort()).toEqual(forbidden.map(({ name }) => name).sort());
});

test('what is allowed is not refused', () => {
  const good = new Set(allowed.map(([path]) => path));
  expect(found.filter(({ from }) => good.has(from))).toEqual([]);
});
