import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export const hasProgram = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** A shell at a terminal, typed into as a person would. */
export interface Shell {
  /** Types a line with its tabs, runs it, and gives all that the terminal showed until it was done. */
  line(typed: string): Promise<string>;
  /** Types without running, and gives what the terminal shows as soon as it agrees. */
  offers(typed: string, shown: RegExp): Promise<string>;
  close(): Promise<void>;
}

const PATIENCE_MS = 60_000;
/** Completion gives up on a server that is slow, as a busy machine makes it; a person then presses the keys again. */
const AGAIN_MS = 5_000;
/** Ctrl-U clears the line that was typed. */
const CLEAR = '\u0015';

/** `script` gives it a terminal; Debian always has it. */
export const openShell = async (command: string, environment: Readonly<Record<string, string>>): Promise<Shell> => {
  const child: ChildProcess = spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {
    env: { TERM: 'dumb', LANG: 'C.UTF-8', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let shown = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (shown += chunk));
  const gone = once(child, 'exit');
  const type = (text: string): void => void child.stdin?.write(text);
  const until = async (from: number, pattern: RegExp, again: () => void = () => undefined): Promise<string> => {
    const deadline = performance.now() + PATIENCE_MS;
    let next = performance.now() + AGAIN_MS;
    while (!pattern.test(shown.slice(from))) {
      if (performance.now() > next) {
        again();
        next += AGAIN_MS;
      }
      if (performance.now() > deadline || child.exitCode !== null) {
        throw new Error(`expected ${String(pattern)} from ${command}, got ${JSON.stringify(shown.slice(from))}`);
      }
      await sleep(20);
    }
    return shown.slice(from);
  };
  let count = 0;
  const line = async (typed: string): Promise<string> => {
    const from = shown.length;
    const mark = `done-${++count}`;
    // Quotes in the middle, so that the line itself is not taken for what it prints.
    type(`${typed}; echo "done"-${count}\r`);
    return until(from, new RegExp(`^${mark}`, 'm'));
  };
  await line(':');
  return {
    line,
    offers: async (typed, pattern) => {
      const from = shown.length;
      type(typed);
      const found = await until(from, pattern, () => type(`${CLEAR}${typed}`));
      type(CLEAR);
      return found;
    },
    close: async () => {
      type(`${CLEAR}exit\r`);
      const late = sleep(5_000, 'late', { ref: false });
      if ((await Promise.race([gone, late])) === 'late') child.kill('SIGKILL');
    },
  };
};
