import { execFile } from 'node:child_process';
import { systemCode } from '#gateways/system-code';
import { GuestFailure } from '#gateways/host/guest/guest-failure';

export interface Ran {
  readonly exitCode: number;
  readonly output: string;
  readonly complaints: string;
}

const MOST_BYTES = 2 ** 20;

/** Runs a program to its end. Fails with `missing` when there is none, and `deadline` when it had to be ended. */
export const ran = (program: string, args: readonly string[], timeoutMs = 30_000): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const settings = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MOST_BYTES } as const;
    execFile(program, args, { ...settings, env: { ...process.env, LC_ALL: 'C' } }, (error, output, complaints) => {
      if (error === null) return resolve({ exitCode: 0, output, complaints });
      if (systemCode(error) === 'ENOENT') return reject(new GuestFailure('missing', program));
      if (error.killed === true) return reject(new GuestFailure('deadline', `${program} took over ${timeoutMs} ms.`));
      resolve({ exitCode: typeof error.code === 'number' ? error.code : 1, output, complaints });
    });
  });

/** As `ran`; anything but success fails with `refused` and what the program complained of. */
export const succeeded = async (program: string, args: readonly string[], timeoutMs?: number): Promise<string> => {
  const { exitCode, output, complaints } = await ran(program, args, timeoutMs);
  if (exitCode === 0) return output;
  throw new GuestFailure('refused', `${program}: ${complaints.trim().split('\n').at(-1) ?? `exit code ${exitCode}`}`);
};
