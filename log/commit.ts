import { setTimeout as pause } from 'node:timers/promises';
import type { Head } from '#log/decide';
import type { Store } from '#log/lmdb-rows';
import type { Overlay } from '#log/overlay';

/** Doubled from the first to the longest: each attempt makes LMDB complain on standard error. */
const RETRY_MS = { first: 500, longest: 5_000 } as const;

/**
 * Commits, and tries again while the disk is full: the log has it all, so nothing is lost meanwhile. `tell` is given
 * the reason, and nothing once it is over. False when the signal comes first; other errors are thrown.
 */
export const commitWhenPossible = async (
  store: Store,
  changes: Overlay,
  head: Head,
  tell: (why: string | undefined) => void,
  signal: AbortSignal,
): Promise<boolean> => {
  for (let pauseMs: number = RETRY_MS.first; ; pauseMs = Math.min(RETRY_MS.longest, pauseMs * 2)) {
    try {
      await store.commit(changes, head);
      tell(undefined);
      return true;
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== 'ENOSPC') throw error;
      tell(`${(error as Error).message}. Free some space.`);
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return false;
    }
  }
};
