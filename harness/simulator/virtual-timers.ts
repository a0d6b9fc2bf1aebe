/** Timers of a simulated world: they go off when the world says so, in the order in which they were set. */
export interface VirtualTimers {
  /** Lets the oldest one go off; nothing when there is none. */
  fire(): void;
  /** Gives the program its own timers back. */
  restore(): void;
}

/** Takes the place of `setTimeout` for everything that runs in this process until it is restored. */
export const virtualTimers = (): VirtualTimers => {
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
  const waiting = new Map<number, () => void>();
  let count = 0;
  const set = (work: () => void): number => {
    waiting.set(++count, work);
    return count;
  };
  const clear = (timer: number | undefined): void => {
    if (timer !== undefined) waiting.delete(timer);
  };
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  return {
    fire: () => {
      for (const [timer, work] of waiting) {
        waiting.delete(timer);
        work();
        return;
      }
    },
    restore: () => void Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear }),
  };
};
