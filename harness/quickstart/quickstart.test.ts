import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { finished, type Ran } from '#harness/quickstart/cli';

/** The built quickstart on a copy of what was built, as `npm run quickstart` starts it. */
jest.setTimeout(240_000);

const root = join(__dirname, '..', '..');
let copy: string;

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'quickstart-'));
  chmodSync(copy, 0o755);
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterEach(() => rmSync(copy, { recursive: true, force: true }));

const start = (words: readonly string[] = [], through: readonly string[] = []): ChildProcess => {
  const [command = '', ...rest] = [...through, process.execPath, join(copy, 'dist/harness/quickstart.js'), ...words];
  const environment = { PATH: process.env['PATH'] ?? '', HOME: copy };
  return spawn(command, rest, { cwd: copy, env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
};

const run = (words: readonly string[] = [], through: readonly string[] = []): Promise<Ran> =>
  finished(start(words, through), '');

const isAlive = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

const keptPid = (stdout: string): number => Number(/kill (\d+)\n$/.exec(stdout)?.[1]);

test('the tour succeeds, twice in a row, and a kept node is talked to and then replaced', async () => {
  const first = await run(['--keep']);
  expect(first).toMatchObject({ exitCode: 0, stderr: '' });
  expect(first.stdout).toContain('acknowledged writes outlived kill -9');
  const pid = keptPid(first.stdout);
  expect(isAlive(pid)).toBe(true);
  const environment = { PATH: process.env['PATH'] ?? '', ULTRACLOUD_DATA: join(copy, '.quickstart/data') };
  const words = [join(copy, 'dist/bin/ultracloud.js'), 'kv', 'get', 'config/color'];
  expect(spawnSync(process.execPath, words, { env: environment, encoding: 'utf8' }).stdout).toBe('green');

  const second = await run();
  expect(second).toMatchObject({ exitCode: 0, stderr: '' });
  expect(second.stdout).toContain(`Stopped the node that an earlier run has kept (process ${pid}).`);
  expect(second.stdout).toContain('the history, decided again, came to the same hash');
  expect(second.stdout).toContain('npx ultracloud serve --data ./data');
  expect(isAlive(pid)).toBe(false);
  expect(existsSync(join(copy, '.quickstart/data/endpoints.json'))).toBe(false);
});

test('Ctrl-C stops the node too, whenever it comes', async () => {
  for (const phrase of ['Starting a node', 'ready after', 'Watch keys']) {
    const child = start();
    let stdout = '';
    const ended = once(child, 'exit');
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    while (!stdout.includes(phrase) && child.exitCode === null) await sleep(5);
    child.kill('SIGINT');
    expect([phrase, ...(await ended)]).toEqual([phrase, 130, null]);
    expect(serversBelow(copy)).toEqual([]);
  }
});

const commandLine = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

/** Servers on a directory below this one, by their command lines. */
const serversBelow = (directory: string): readonly string[] => {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isAlive(Number(name)))
    .map(commandLine);
  return lines.filter((line) => line.includes(' serve ') && line.includes(directory));
};

test('an unknown word is refused', async () => {
  expect(await run(['--kep'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('expected --keep') });
});

const nobody = 65_534;
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];

/** A checkout below a home directory that is closed to others cannot be shared with another user. */
const mayRunAsNobody =
  process.getuid?.() === 0 &&
  spawnSync(asNobody[0] ?? '', [...asNobody.slice(1), process.execPath, '-e', '0']).status === 0 &&
  spawnSync(asNobody[0] ?? '', [...asNobody.slice(1), 'test', '-r', join(root, 'node_modules/lmdb/package.json')])
    .status === 0;

(mayRunAsNobody ? test : test.skip)('no right of root is needed (needs root, to give it up)', async () => {
  chownSync(copy, nobody, nobody);
  expect(await run([], asNobody)).toMatchObject({ exitCode: 0, stderr: '' });
});
