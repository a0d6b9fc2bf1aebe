import { setTimeout as pause } from 'node:timers/promises';
import { GuestFailure } from '#gateways/host/guest/guest-failure';

/** The first value that `look` gives, asked every `everyMs`; fails with `deadline` when none came in time. */
export const until = async <A>(
  what: string,
  timeoutMs: number,
  look: () => A | undefined | Promise<A | undefined>,
  everyMs = 20,
): Promise<A> => {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= end) throw new GuestFailure('deadline', `Waited ${timeoutMs} ms for ${what}.`);
    await pause(everyMs);
  }
};

/** What `work` comes to, or a failure with `deadline`. The work itself is not ended. */
export const within = <A>(what: string, timeoutMs: number, work: Promise<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new GuestFailure('deadline', `Waited ${timeoutMs} ms for ${what}.`)),
      timeoutMs,
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
