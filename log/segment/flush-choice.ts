/**
 * Whether the next group is flushed on the calling thread or on a thread of the pool. Measured in
 * docs/decisions/0003: with one client and an idle processor the calling thread saves a third of the flush, which is
 * the way to another thread and back; where other processes want the processor it can take ten times as long, and
 * above a few entries a flush had better run beside the deciding of its group. So both are timed as they happen.
 */
export interface FlushChoice {
  readonly blocking: (entries: number, bytes: number) => boolean;
  /** Tells what the last choice cost. */
  readonly took: (blocking: boolean, ms: number) => void;
}

const MOST_ENTRIES = 4;
const MOST_BYTES = 64 * 1024;
/** Never stop the world for a disk that is this slow. */
const MOST_MS = 0.5;
/** The pool flushes beside other work, so the calling thread has to be clearly faster. */
const ADVANTAGE = 0.8;
/** How often the way that looks slower is tried. */
const TRIAL_EVERY = 64;
const CROWDED_MS = 20;

/**
 * Moves an estimate of the 80th percentile: four steps down for a step up leave it where it was. A mean would follow
 * the one flush in a hundred that takes fifty times as long; a median would not see what contention does.
 */
const follow = (estimateMs: number, ms: number): number => (ms > estimateMs ? estimateMs * 1.2 : estimateMs / 1.2 ** 0.25);

export const createFlushChoice = (): FlushChoice => {
  let blockingMs = 0.1;
  let pooledMs = 0.2;
  let small = 0;
  let blockedThisTurn = false;
  let crowdedUntilMs = 0;

  /**
   * A second flush in one turn of the event loop means that clients come one by one, each paying for a flush of its
   * own: from then on they gather while a flush runs elsewhere.
   */
  const crowded = (): boolean => {
    const nowMs = performance.now();
    if (blockedThisTurn) crowdedUntilMs = nowMs + CROWDED_MS;
    return nowMs < crowdedUntilMs;
  };

  return {
    blocking: (entries, bytes) => {
      if (entries > MOST_ENTRIES || bytes > MOST_BYTES || crowded()) return false;
      const trial = ++small % TRIAL_EVERY === 0;
      const faster = blockingMs < Math.min(MOST_MS, pooledMs * ADVANTAGE);
      if (faster === trial) return false;
      blockedThisTurn = true;
      setImmediate(() => (blockedThisTurn = false));
      return true;
    },
    took: (blocking, ms) => {
      if (blocking) blockingMs = follow(blockingMs, ms);
      else pooledMs = follow(pooledMs, ms);
    },
  };
};
