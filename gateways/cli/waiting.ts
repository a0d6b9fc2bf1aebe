import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, timedOut } from '#gateways/cli/failure';
import { exitCodes } from '#gateways/cli/exit-code';
import type { Call } from '#gateways/cli/verb';

const PAUSE_MS = 200;

/** Returns early, without a fault, when the signal is aborted. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);

/** Asks again while the thing is absent or the server unavailable, up to the time that was given. */
export const waitFor = async <A>({ session }: Call, phrase: string, ask: () => Promise<A>): Promise<A> => {
  const deadline = performance.now() + session.timeoutMs;
  const progress = session.progress(`waiting for ${phrase}`);
  try {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const mayCome = error.exitCode === exitCodes.absent || error.report.category === 'unavailable';
        if (!mayCome) throw error;
        if (performance.now() + PAUSE_MS > deadline) {
          throw timedOut(
            `Waited ${session.timeoutMs / 1000} s for ${phrase}: ${error.report.message}`,
            'Wait longer with --timeout.',
          );
        }
        await pause(PAUSE_MS);
      }
    }
  } finally {
    progress.done();
  }
};
