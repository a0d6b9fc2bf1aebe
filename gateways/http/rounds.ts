/** Works a millisecond between two rounds: a write takes about 10 us, so they cost a twentieth of a processor. */
const worksPerMs = 5;

/** So that a change is never late for a person, however many follow it. */
const longestPauseMs = 50;

/** Work of one turn of the event loop, so that requests wait for a fraction of a millisecond and not for all of it. */
const atOnce = 4;

/** Gathers work of many until the next round, which begins at once when the pause after the last one is over. */
export interface Rounds {
  /** Each work once a round, however often it asks. */
  join(work: () => void): void;
}

/**
 * A hundred streams that follow everything would else write a hundred times for each group of commands, which costs
 * more than deciding it. In rounds they write what has come since the last one, some streams in each turn.
 */
export const openRounds = (): Rounds => {
  let next = new Set<() => void>();
  let isUnderWay = false;
  let earliestMs = 0;
  const begin = (): void => {
    const works = [...next];
    next = new Set();
    const some = (from: number): void => {
      for (const work of works.slice(from, from + atOnce)) work();
      if (from + atOnce < works.length) setImmediate(() => some(from + atOnce));
      else {
        isUnderWay = false;
        earliestMs = performance.now() + Math.min(longestPauseMs, works.length / worksPerMs);
        schedule();
      }
    };
    some(0);
  };
  const schedule = (): void => {
    if (isUnderWay || next.size === 0) return;
    isUnderWay = true;
    const restMs = earliestMs - performance.now();
    if (restMs <= 0) setImmediate(begin);
    else setTimeout(begin, restMs);
  };
  return {
    join: (work) => {
      next.add(work);
      schedule();
    },
  };
};
