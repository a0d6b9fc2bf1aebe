import type { LogError, LogGroup } from '#log/log';
import { createRecent } from '#log/segment/recent';

/** A reader that has everything so far. */
export interface Waiter {
  readonly group: (group: LogGroup) => void;
  readonly ended: () => void;
  readonly failed: (error: LogError) => void;
}

/** Hands groups from the writer to readers, in the same turn of the event loop. */
export interface Feed {
  readonly publish: (group: LogGroup, bytes: number) => void;
  /** The last published position. */
  readonly end: () => number;
  readonly recent: (position: number) => LogGroup | undefined;
  readonly wait: (waiter: Waiter) => void;
  readonly leave: (waiter: Waiter) => void;
  readonly close: () => void;
  readonly fail: (error: LogError) => void;
  readonly state: () => 'open' | 'closed' | LogError;
}

export const createFeed = (start: number): Feed => {
  const recent = createRecent();
  const waiters = new Set<Waiter>();
  let end = start;
  let state: 'open' | 'closed' | LogError = 'open';

  const release = (tell: (waiter: Waiter) => void): void => {
    const waiting = [...waiters];
    waiters.clear();
    waiting.forEach(tell);
  };

  return {
    publish: (group, bytes) => {
      recent.push(group, bytes);
      end += group.entries.length;
      release((waiter) => waiter.group(group));
    },
    end: () => end,
    recent: (position) => recent.from(position),
    wait: (waiter) => waiters.add(waiter),
    leave: (waiter) => waiters.delete(waiter),
    close: () => {
      if (state === 'open') state = 'closed';
      release((waiter) => waiter.ended());
    },
    fail: (error) => {
      if (state === 'open') state = error;
      release((waiter) => waiter.failed(error));
    },
    state: () => state,
  };
};
