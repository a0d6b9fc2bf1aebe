import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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
  "const serve = program.command('serve').allowUnknownOption().allowExcessArguments();",
  "serve.action(async () => (await import('#gateways/server/main')).serve());",
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
  write('gateways/host/main.ts', 'export const run = () => undefined;\n');
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

describe('the code that V8 made of a bundle', () => {
  const bundle = 'dist/cli/main.js';
  const code = `${bundle}.${process.version}-${process.arch}.code`;
  const greeting = (text: string): void =>
    write('gateways/cli/main.ts', cli.join('\n').replace("'hi\\n'", `'${text}\\n'`));
  const build = () => expect(run('harness/set-up/build.mjs')).toMatchObject({ exitCode: 0 });
  const greet = () => run('dist/bin/ultracloud.js', ['hi']).stdout;
  /** Whether the program ran with the code that was kept. */
  const isUsed = (): boolean => {
    const look = [
      "const { loaded } = require('./dist/bin/ultracloud.js');",
      "process.on('exit', () => console.log([...loaded.values()].map(({ script }) => script.cachedDataRejected)));",
    ];
    write('look.cjs', look.join('\n'));
    const { exitCode, stdout, stderr } = run('look.cjs', ['hi']);
    expect([exitCode, stderr, stdout]).toEqual([0, '', expect.stringMatching(/^h.\n\[ (?:false|undefined) \]\n$/)]);
    return stdout.includes('false');
  };

  test('is used, unless it is damaged or of something else', () => {
    build();
    const kept = readFileSync(join(tree, code));
    expect(isUsed()).toBe(true);
    const changed = (at: number): Buffer => {
      const copy = Buffer.from(kept);
      copy[at] = (copy[at] ?? 0) ^ 1;
      return copy;
    };
    const places = [0, 9, 40, 1_000, kept.length >> 1, kept.length - 5, kept.length - 1];
    const server = readFileSync(join(tree, code.replace('cli', 'server')));
    for (const damaged of [
      ...[0, 3, 4, 100, kept.length - 1].map((length) => kept.subarray(0, length)),
      Buffer.concat([kept, kept]),
      ...places.map(changed),
      server,
    ]) {
      writeFileSync(join(tree, code), damaged);
      expect(isUsed()).toBe(false);
    }
    writeFileSync(join(tree, code), kept);
    expect(isUsed()).toBe(true);
    // Whatever V8 makes of code that was made under other flags.
    expect(spawnSync(process.execPath, ['--no-opt', 'dist/bin/ultracloud.js', 'hi'], { cwd: tree }).status).toBe(0);
  }, 60_000);

  test('is of the bundle beside it, though another one had the same length and its code came late', () => {
    build();
    const { size } = statSync(join(tree, bundle));
    const old = readFileSync(join(tree, code));
    greeting('ho');
    build();
    expect(statSync(join(tree, bundle)).size).toBe(size);
    expect([greet(), isUsed()]).toEqual(['ho\n', true]);
    writeFileSync(join(tree, code), old);
    expect([greet(), isUsed()]).toEqual(['ho\n', false]);
  }, 60_000);

  test('is made again after a build that was killed', async () => {
    for (const killed of [0, 1, 2]) {
      greeting('hi');
      build();
      greeting('ho');
      const child = spawn(process.execPath, ['harness/set-up/build.mjs'], { cwd: tree, detached: true });
      const gone = once(child, 'exit');
      while (child.exitCode === null && existsSync(join(tree, code))) await new Promise((next) => setImmediate(next));
      for (let more = 0; more < killed * 100; more++) await new Promise((next) => setImmediate(next));
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await gone;
      expect(['hi\n', 'ho\n']).toContain(greet());
      build();
      expect([greet(), isUsed()]).toEqual(['ho\n', true]);
    }
  }, 120_000);

  test('may be missing where nobody can write it', () => {
    build();
    rmSync(join(tree, code));
    const folders = [tree, ...readdirSync(tree, { recursive: true, encoding: 'utf8' }).map((path) => join(tree, path))]
      .filter((path) => !path.includes('node_modules') && statSync(path).isDirectory())
      .reverse();
    for (const folder of folders) chmodSync(folder, 0o555);
    const words = [process.execPath, 'harness/set-up/build.mjs'];
    // Root may write everywhere.
    if (process.getuid?.() === 0) words.unshift('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups');
    const [command = '', ...rest] = words;
    const { status, stderr } = spawnSync(command, rest, { cwd: tree, encoding: 'utf8' });
    for (const folder of folders) chmodSync(folder, 0o755);
    expect([status, stderr]).toEqual([0, expect.stringContaining('so starts will take longer')]);
    expect([greet(), isUsed()]).toEqual(['hi\n', false]);
    expect(readdirSync(join(tree, 'dist/cli')).sort()).toEqual(['main.js', 'main.js.map']);
  }, 60_000);
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
