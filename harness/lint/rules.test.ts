import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const projectRoot = join(__dirname, '..', '..');

/** What ESLint must say of each text, with the project's own configuration. The key is the rule. */
const planted: readonly (readonly [rule: string, text: string])[] = [
  [
    'ultracloud/lmdb-transaction',
    "import { open } from 'lmdb';\nexport const write = () => open({}).transaction(() => 1);\n",
  ],
  [
    'ultracloud/exhaustive-switch',
    "export const one = (way: 'up' | 'down') => {\n  switch (way) {\n    case 'up':\n      return 1;\n  }\n};\n",
  ],
  [
    'ultracloud/exhaustive-switch',
    "export const two = (way: 'up') => {\n  switch (way) {\n    case 'up':\n    default:\n      return 2;\n  }\n};\n",
  ],
  ['@typescript-eslint/no-floating-promises', 'export const one = () => {\n  fetch("a:");\n};\n'],
  [
    '@typescript-eslint/consistent-type-imports',
    "import { Stats } from 'node:fs';\nexport const size = (stats: Stats) => stats.size;\n",
  ],
  ['no-restricted-syntax', "test.only('alone', () => undefined);\n"],
  ['no-restricted-syntax', "describe.only.each([1])('alone', () => undefined);\n"],
  ['no-restricted-syntax', "fit('alone', () => undefined);\n"],
  ['eqeqeq', 'export const same = (a: number, b: number) => a == b;\n'],
];

const allowed: readonly string[] = [
  "import { open } from 'lmdb';\nexport const write = () => open({}).childTransaction(() => 1);\n",
  'export const write = (store: { transaction(work: () => void): void }) => store.transaction(() => undefined);\n',
  "export const one = (given: unknown) => {\n  switch (typeof given) {\n    case 'string':\n      return 1;\n  }\n};\n",
  'export const first = (list: { only: number }) => list.only;\n',
];

let tree: string;
let said: Readonly<Record<string, readonly string[]>>;

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'rules-'));
  for (const path of ['package.json', 'tsconfig.json', 'eslint.config.mjs', 'harness/lint/rules.mjs']) {
    cpSync(join(projectRoot, path), join(tree, path));
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(tree, 'node_modules'));
  mkdirSync(join(tree, 'log'));
  planted.forEach(([, text], index) => writeFileSync(join(tree, 'log', `planted-${index}.ts`), text));
  allowed.forEach((text, index) => writeFileSync(join(tree, 'log', `allowed-${index}.ts`), text));

  const program = join(projectRoot, 'node_modules', 'eslint', 'bin', 'eslint.js');
  const options = { cwd: tree, encoding: 'utf8', maxBuffer: 1 << 26 } as const;
  const { stdout, stderr } = spawnSync(process.execPath, [program, '--format', 'json', 'log'], options);
  if (stdout === '') throw new Error(stderr);
  const results = JSON.parse(stdout) as { filePath: string; messages: { ruleId: string; message: string }[] }[];
  said = Object.fromEntries(
    results.map(({ filePath, messages }) => [
      filePath.slice(filePath.lastIndexOf('/') + 1),
      messages.map(({ ruleId, message }) => ruleId ?? message),
    ]),
  );
}, 60_000);

afterAll(() => rmSync(tree, { recursive: true, force: true }));

test.each(planted.map(([rule, text], index) => [rule, text, index] as const))('%s refuses %j', (rule, _text, index) => {
  expect(said[`planted-${index}.ts`]).toContain(rule);
});

test.each(allowed.map((text, index) => [text, index] as const))('%j is allowed', (_text, index) => {
  expect(said[`allowed-${index}.ts`]).toEqual([]);
});
