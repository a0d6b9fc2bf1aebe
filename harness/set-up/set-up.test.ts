import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The scripts at work on a small checkout of their own. */
const projectRoot = join(__dirname, '..', '..');
let tree: string;

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
};

const run = (path: string, options: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) => {
  const env = { ...process.env, CI: 'false', ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...options], {
    cwd: tree,
    encoding: 'utf8',
    env,
  });
  return { exitCode: status, stdout, stderr };
};

const server = "import { open } from 'lmdb';\nexport const serve = () => process.stdout.write(`${typeof open}\\n`);\n";
const cli = [
  "import { Command } from 'commander';",
  "const program = new Command('ultracloud');",
  "program.command('hi').action(() => process.stdout.write('hi\\n'));",
  "program.command('serve').action(async () => (await import('#gateways/server/main')).serve());",
  'void program.parseAsync();\n',
];

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'set-up-'));
  for (const path of ['package.json', 'package-lock.json', 'harness/set-up', 'gateways/cli/launch.ts']) {
    cpSync(join(projectRoot, path), join(tree, path), { recursive: true });
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(tree, 'node_modules'));
  write('gateways/cli/main.ts', cli.join('\n'));
  write('gateways/server/main.ts', server);
});

afterEach(() => rmSync(tree, { recursive: true, force: true }));

describe('the build', () => {
  test('makes a CLI that loads the server only when it is asked to', () => {
    write('dist/left-over.js', '');
    expect(run('harness/set-up/build.mjs')).toMatchObject({ exitCode: 0 });
    const bundle = join(tree, 'dist/bin/ultracloud.js');
    expect(statSync(bundle).mode & 0o777).toBe(0o755);
    expect(readFileSync(bundle, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(readFileSync(join(tree, 'dist/cli/main.js'), 'utf8')).not.toMatch(/require\(['"]commander['"]\)/);
    expect(() => statSync(join(tree, 'dist/left-over.js'))).toThrow('ENOENT');
    expect(run(bundle, ['serve'])).toMatchObject({ exitCode: 0, stdout: 'function\n' });
    rmSync(join(tree, 'dist/server'), { recursive: true });
    expect(run(bundle, ['hi'])).toMatchObject({ exitCode: 0, stdout: 'hi\n' });
  });

  test('refuses a CLI that loads the server on every start', () => {
    write('gateways/cli/main.ts', "import { serve } from '#gateways/server/main';\nserve();\n");
    const { exitCode, stderr } = run('harness/set-up/build.mjs');
    expect(stderr).toContain('the CLI loads the server with a dynamic import only (gateways/cli/main.ts)');
    expect(exitCode).toBe(1);
  });

  test('names the file and line of an error, and leaves dist as it was', () => {
    run('harness/set-up/build.mjs');
    write('gateways/server/main.ts', 'export const serve = ;\n');
    const { exitCode, stderr } = run('harness/set-up/build.mjs');
    expect(stderr).toContain('gateways/server/main.ts:1:21');
    expect(exitCode).toBe(1);
    expect(run('dist/bin/ultracloud.js', ['serve'])).toMatchObject({ exitCode: 0 });
  });

  test('says what is missing', () => {
    rmSync(join(tree, 'gateways/server'), { recursive: true });
    expect(run('harness/set-up/build.mjs')).toMatchObject({
      exitCode: 1,
      stderr: 'Cannot build: gateways/server/main.ts is not there.\n',
    });
    rmSync(join(tree, 'node_modules'));
    expect(run('harness/set-up/build.mjs')).toMatchObject({
      exitCode: 1,
      stderr: 'Cannot build: node_modules is missing. Run `npm ci`, then this again.\n',
    });
  });

  test('refuses a Node that is too old', () => {
    const manifest = readFileSync(join(tree, 'package.json'), 'utf8');
    write('package.json', manifest.replace('>=20.19', '>=99.1'));
    const { exitCode, stderr } = run('harness/set-up/build.mjs');
    expect(stderr).toMatch(/^Node \S+ is too old: UltraCloud needs Node 99\.1 or newer/);
    expect(exitCode).toBe(1);
  });
});

describe('preparing', () => {
  test('says what is skipped where a peer is not installed, and goes on', () => {
    const { exitCode, stderr } = run('harness/set-up/prepare.mjs', [], { PATH: '/nowhere' });
    expect(stderr).toContain('Skipped, no etcd here');
    expect(stderr).toContain('apt-get install etcd-server etcd-client');
    expect(exitCode).toBe(0);
  });

  test('installs dependencies only when they differ from the lock', () => {
    const npm = join(tree, 'programs/npm');
    write('programs/npm', '#!/bin/sh\necho "npm $*"\nexit 7\n');
    spawnSync('chmod', ['755', npm]);
    const environment = { PATH: `${dirname(npm)}:/bin` };
    expect(run('harness/set-up/prepare.mjs', [], environment).exitCode).toBe(0);
    const lock = readFileSync(join(tree, 'package-lock.json'), 'utf8');
    write('package-lock.json', lock.replace(/("node_modules\/commander": \{\s+"version": ")[^"]+/, '$199.0.0'));
    const { exitCode, stderr } = run('harness/set-up/prepare.mjs', [], environment);
    expect(stderr).toMatch(/node_modules\/commander is \S+, the lock says 99\.0\.0/);
    expect(stderr).toContain('npm ci');
    expect(exitCode).toBe(1);
  });
});

describe('the test runner', () => {
  test('names the step that failed and how to repeat it', () => {
    write('log/unformatted.ts', 'export const  one=1\n');
    const { exitCode, stdout } = run('harness/set-up/test.mjs', ['--only=format']);
    expect(stdout).toContain('log/unformatted.ts');
    expect(stdout).toMatch(/format +FAILED after .* npm test -- --only=format\n$/);
    expect(exitCode).toBe(1);
  });

  test('closes with the counts of jest', () => {
    write('jest.config.js', "module.exports = { testMatch: ['<rootDir>/log/*.test.js'] };\n");
    write('log/good.test.js', "test('good', () => undefined);\ntest.skip('later', () => undefined);\n");
    const good = run('harness/set-up/test.mjs', ['--only=jest']);
    expect(good.stdout).toMatch(/\n1 passed, 0 failed, 1 skipped\n$/);
    expect(good.exitCode).toBe(0);
    write('log/bad.test.js', "require('./nowhere');\n");
    const bad = run('harness/set-up/test.mjs', ['--only=jest']);
    expect(bad.stdout).toMatch(/\n1 passed, 1 failed, 1 skipped\n$/);
    expect(bad.exitCode).toBe(1);
    expect(run('harness/set-up/test.mjs', ['--only=jest', 'log/good']).exitCode).toBe(0);
  });

  test('refuses a step it does not have', () => {
    const { exitCode, stderr } = run('harness/set-up/test.mjs', ['--only=jset']);
    expect(stderr).toContain('No step is called jset; the steps are prepare, build');
    expect(exitCode).toBe(2);
  });
});
