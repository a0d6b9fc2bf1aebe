import { setTimeout as pause } from 'node:timers/promises';
import type { SegmentLog } from '#log/segment/segment-log';
import type { Notices } from '#gateways/server/notices';

/** How the files of the log are checked that take no more entries. */
export interface LogCheck {
  /** A start reads them all while they have no more bytes; as many as the log itself says unless given. */
  readonly startBytes?: number;
  /** Otherwise they are read so long after it, */
  readonly afterMs: number;
  /** with a pause of this between two megabytes. */
  readonly breathMs: number;
}

/** Nobody should wait for the one, nor notice the other. */
export const usualLogCheck: LogCheck = { afterMs: 60_000, breathMs: 50 };

/** Reads the files of a long log that its start has left out, and tells when one of them is damaged. */
export const startLogCheck = (log: SegmentLog, notices: Notices, { afterMs, breathMs }: LogCheck): (() => void) => {
  if (log.checked) return () => undefined;
  const stop = new AbortController();
  const breathe = (): Promise<void> => pause(breathMs, undefined, { signal: stop.signal, ref: false });
  const check = async (): Promise<void> => {
    try {
      await log.check(breathe);
    } catch (error) {
      if (!stop.signal.aborted) notices.tell('log damage', error instanceof Error ? error.message : String(error));
    }
  };
  const timer = setTimeout(() => void check(), afterMs).unref();
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
};
