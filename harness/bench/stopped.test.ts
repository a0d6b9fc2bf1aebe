import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The built benchmark, stopped in the middle. */
const program = join(__dirname, '..', '..', 'dist', 'harness', 'bench.js');

let data: string;

beforeEach(() => (data = mkdtempSync(join(tmpdir(), 'ultracloud-bench-'))));

interface Living {
  readonly pid: number;
  readonly parent: number;
  readonly words: string;
}

const living = (): readonly Living[] =>
  readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const parent = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]);
      return [{ pid: Number(name), parent, words: readFileSync(`/proc/${name}/cmdline`, 'utf8') }];
    } catch {
      return []; // It has ended meanwhile.
    }
  });

/** The benchmark, its load generator and its servers. */
const ofThisRun = (): readonly Living[] => {
  const all = living();
  const named = all.filter(({ words }) => words.includes(data));
  const parents = new Set(named.map(({ pid }) => pid));
  return all.filter(({ pid, parent }) => parents.has(pid) || parents.has(parent));
};

// What a test that fails has left.
afterEach(() => {
  for (const { pid } of ofThisRun()) process.kill(pid, 'SIGKILL');
  rmSync(data, { recursive: true, force: true, maxRetries: 5 });
});

const until = async (happened: () => boolean): Promise<void> => {
  while (!happened()) await pause(5);
};

const flags = ['--quick', '--only', 'put-1', '--data'];

const begin = (words: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess => {
  const [command = '', ...args] = words;
  return spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...environment } });
};

const serverStarts = (): boolean => ofThisRun().some(({ words }) => words.includes('serve\0'));

describe('a benchmark that is stopped', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    'by %s while its servers start ends them, and leaves no file',
    async (signal, exitCode) => {
      const bench = begin([process.execPath, program, ...flags, data]);
      const ended = once(bench, 'exit');
      await until(serverStarts);
      const before = ofThisRun();
      expect(before.length).toBeGreaterThan(2);
      bench.kill(signal);
      expect(await ended).toEqual([exitCode, null]);
      const left = living().filter(({ pid, words }) => before.some((one) => one.pid === pid && one.words === words));
      expect([left, ofThisRun(), readdirSync(data)]).toEqual([[], [], []]);
    },
    60_000,
  );

  test('while it measures ends them too', async () => {
    const bench = begin([process.execPath, program, ...flags, data]);
    const ended = once(bench, 'exit');
    let said = '';
    bench.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => said.includes('warm-up'));
    const before = ofThisRun();
    bench.kill('SIGTERM');
    expect(await ended).toEqual([143, null]);
    const left = living().filter(({ pid, words }) => before.some((one) => one.pid === pid && one.words === words));
    expect([left, ofThisRun(), readdirSync(data)]).toEqual([[], [], []]);
  }, 120_000);

  test('by the end of the shell that npm runs it in does so too', async () => {
    const line = `${[process.execPath, program, ...flags, data].map((word) => `'${word}'`).join(' ')} & wait`;
    const shell = begin(['/bin/sh', '-c', line], { npm_lifecycle_event: 'bench' });
    const ended = once(shell, 'exit');
    await until(serverStarts);
    shell.kill('SIGTERM');
    await ended;
    await until(() => ofThisRun().length === 0 && readdirSync(data).length === 0);
  }, 60_000);
});
