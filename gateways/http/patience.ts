import { Unknown } from '#log/engine';
import type { Outcome } from '#log/outcome';

/** A client waits this long for an outcome; then it is unknown here, whatever becomes of the command. */
const patienceMs = 30_000;
const checkMs = 1_000;

interface Waiter {
  readonly untilMs: number;
  readonly giveUp: () => void;
}

/** Gives the outcome, or `Unknown` when it takes longer than a client waits. */
export type Patience = (outcome: Promise<Outcome>) => Promise<Outcome>;

/** One timer for all commands that are under way: one for each costs more than looking at the oldest now and then. */
export const openPatience = (): Patience => {
  // In the order of their ends, since all wait equally long.
  const waiters = new Set<Waiter>();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const nowMs = performance.now();
    for (const waiter of waiters) {
      if (waiter.untilMs > nowMs) break;
      waiters.delete(waiter);
      waiter.giveUp();
    }
    timer = waiters.size === 0 ? undefined : setTimeout(look, checkMs).unref();
  };
  return (outcome) =>
    new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new Unknown('the outcome took too long'));
      const waiter: Waiter = { untilMs: performance.now() + patienceMs, giveUp };
      waiters.add(waiter);
      timer ??= setTimeout(look, checkMs).unref();
      outcome.then(
        (came) => {
          waiters.delete(waiter);
          resolve(came);
        },
        (error: unknown) => {
          waiters.delete(waiter);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
};
