import { spawn } from 'node:child_process';
import { program } from '#harness/cli/command';

/** What a person types once a prompt has come. */
export type Answer = readonly [prompt: string, typed: string];

export interface Typed {
  /** All that the terminal showed. */
  readonly shown: string;
  readonly exitCode: number | null;
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Runs the command in a terminal of its own, of which `script` is the other end. */
export const runTyping = (
  words: readonly string[],
  answers: readonly Answer[],
  environment: Readonly<Record<string, string>>,
): Promise<Typed> =>
  new Promise((resolve, reject) => {
    const line = [process.execPath, program, ...words].map(quoted).join(' ');
    const child = spawn('script', ['-qec', line, '/dev/null'], {
      env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', SHELL: '/bin/sh', TERM: 'dumb', ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const left = [...answers];
    let shown = '';
    let from = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      const [next] = left;
      const at = next === undefined ? -1 : shown.indexOf(next[0], from);
      if (next === undefined || at < 0) return;
      from = at + next[0].length;
      left.shift();
      // The terminal is asked not to show what is typed right after the prompt.
      setTimeout(() => child.stdin.write(`${next[1]}\r`), 100);
    });
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ shown, exitCode }));
  });
