import { isLogError, logError, type LogError, type LogGroup } from '#log/log';
import type { Feed, Waiter } from '#log/segment/feed';
import { truncatedBefore, type History } from '#log/segment/history';

const DURABLE = Promise.resolve();
const DONE: IteratorResult<LogGroup> = { done: true, value: undefined };

/**
 * Follows a log from a position: files first, then what the writer hands over. A reader that waits is resumed in the
 * turn in which a group is published, with nothing in between but the resolution of one promise.
 */
export const followLog = (
  from: number,
  signal: AbortSignal,
  feed: Feed,
  firstKept: () => number,
  openHistory: () => History,
): AsyncIterator<LogGroup> => {
  let position = from;
  let ended = false;
  let waiter: Waiter | undefined;
  let history: History | undefined;

  const finish = async (): Promise<IteratorResult<LogGroup>> => {
    ended = true;
    signal.removeEventListener('abort', stop);
    const open = history;
    history = undefined;
    await open?.close();
    return DONE;
  };
  const fail = async (error: LogError): Promise<never> => {
    await finish();
    throw error;
  };
  const stop = (): void => {
    ended = true;
    const waiting = waiter;
    if (waiting === undefined) return;
    feed.leave(waiting);
    waiting.ended();
  };
  signal.addEventListener('abort', stop);

  const give = (group: LogGroup): IteratorResult<LogGroup> => {
    position += group.entries.length;
    return { done: false, value: group };
  };

  const wait = (): Promise<IteratorResult<LogGroup>> =>
    new Promise((resolve, reject) => {
      waiter = {
        group: (group) => {
          waiter = undefined;
          resolve(give(group));
        },
        ended: () => {
          waiter = undefined;
          resolve(finish());
        },
        failed: (error) => {
          waiter = undefined;
          fail(error).catch(reject);
        },
      };
      feed.wait(waiter);
    });

  const recall = async (): Promise<IteratorResult<LogGroup>> => {
    history ??= openHistory();
    try {
      const entries = await history.take(position);
      return ended || feed.state() !== 'open' ? await finish() : give({ entries, durable: DURABLE });
    } catch (error) {
      if (isLogError(error)) return fail(error);
      return fail(logError({ kind: 'failed' }, `Reading position ${position} failed: ${String(error)}.`, error));
    }
  };

  const next = (): Promise<IteratorResult<LogGroup>> => {
    const state = feed.state();
    const end = feed.end();
    if (ended || signal.aborted || state === 'closed') return finish();
    if (state !== 'open') return fail(state);
    if (position > end + 1) {
      const message = `The log ends at position ${end}, but ${position} is wanted: entries are missing from it.`;
      return fail(logError({ kind: 'shrank', end }, `${message} Put the missing files back, or restore a backup.`));
    }
    if (position < firstKept()) return fail(truncatedBefore(position, firstKept()));
    if (position > end) return wait();
    const group = feed.recent(position);
    return group === undefined ? recall() : Promise.resolve(give(group));
  };

  return { next, return: finish };
};
