import { logError, type Log, type LogEntry, type LogGroup } from '#log/log';

/**
 * How often, from 0 to 1, a thing that a broker may do happens to an append. All of them keep the contract of a log:
 * what was acknowledged is there, in order.
 */
export interface LogFaults {
  /** The entries are in, but the append is rejected. */
  readonly lostAcknowledgement: number;
  /** The append is rejected and nothing is in. */
  readonly lostAppend: number;
  /** The whole group is in twice, one after the other, and the append resolves. */
  readonly duplicate: number;
  /** The group is in and is read in two parts, the first of them before the second is in. */
  readonly split: number;
  /** A reader is told later than it could be; see `pause`. */
  readonly delay: number;
}

export const NO_FAULTS: LogFaults = { lostAcknowledgement: 0, lostAppend: 0, duplicate: 0, split: 0, delay: 0 };

/** What is on the log, whoever has it open; it outlives them all. */
export interface Topic {
  readonly entries: LogEntry[];
  /** The position before the first entry that is kept. */
  keptBase: number;
  readonly arrivals: Set<() => void>;
}

export const createTopic = (base = 0): Topic => ({ entries: [], keptBase: base, arrivals: new Set() });

export interface FakeLogOptions {
  readonly topic: Topic;
  /** The same seed and the same calls make the same faults. */
  readonly seed: number;
  readonly faults: LogFaults;
  readonly now: () => number;
  /** Lets other work go on, for a moment or for long; the simulator gives its own. */
  readonly pause: () => Promise<void>;
}

/** Mulberry32: a generator of 32 bits of state with numbers from 0 up to 1. */
const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
};

const DURABLE = Promise.resolve();
const endOf = (topic: Topic): number => topic.keptBase + topic.entries.length;

const put = (topic: Topic, entries: readonly Buffer[], appendedAtMs: number): void => {
  // A driver over a network never hands out the memory that it was given.
  for (const bytes of entries)
    topic.entries.push({ position: endOf(topic) + 1, appendedAtMs, bytes: Buffer.from(bytes) });
  [...topic.arrivals].forEach((arrived) => arrived());
};

const checkRange = (topic: Topic, position: number): void => {
  const first = topic.keptBase + 1;
  const end = endOf(topic);
  if (position < first)
    throw logError({ kind: 'truncated', first }, `Position ${position} was dropped before ${first}.`);
  if (position > end + 1) throw logError({ kind: 'shrank', end }, `The log ends at ${end}, before ${position}.`);
};

/** One process's view of a log in memory, with the faults of a real one. Several may be open on one topic. */
export const openFakeLog = ({ topic, seed, faults, now, pause }: FakeLogOptions): Log => {
  const random = seeded(seed);
  const stop = new AbortController();
  let inFlight: Promise<void> | undefined;

  const happens = (chance: number): boolean => chance > 0 && random() < chance;

  const arrival = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        topic.arrivals.delete(done);
        signal.removeEventListener('abort', done);
        stop.signal.removeEventListener('abort', done);
        resolve();
      };
      topic.arrivals.add(done);
      signal.addEventListener('abort', done);
      stop.signal.addEventListener('abort', done);
    });

  const send = async (entries: readonly Buffer[]): Promise<void> => {
    if (happens(faults.lostAppend)) throw logError({ kind: 'failed' }, 'The append was lost on the way.');
    const cut = happens(faults.split) ? Math.floor(random() * entries.length) : 0;
    put(topic, entries.slice(0, cut), now());
    if (cut > 0) await pause();
    put(topic, entries.slice(cut), now());
    if (happens(faults.duplicate)) put(topic, entries, now());
    if (happens(faults.lostAcknowledgement)) throw logError({ kind: 'failed' }, 'The acknowledgement was lost.');
  };

  const read = async function* (from: number, signal: AbortSignal): AsyncGenerator<LogGroup> {
    const ended = (): boolean => signal.aborted || stop.signal.aborted;
    let position = from;
    while (!ended()) {
      checkRange(topic, position);
      const entries = topic.entries.slice(position - topic.keptBase - 1);
      if (entries.length === 0) {
        await arrival(signal);
        if (happens(faults.delay)) await pause();
        continue;
      }
      position += entries.length;
      yield { entries, durable: DURABLE };
    }
  };

  return {
    append: (entries) => {
      if (stop.signal.aborted) return Promise.reject(logError({ kind: 'closed' }, 'The log is closed.'));
      if (inFlight !== undefined) return Promise.reject(logError({ kind: 'refused' }, 'Another append is in flight.'));
      const sent = send(entries);
      const settled = (): void => {
        inFlight = undefined;
      };
      inFlight = sent.then(settled, settled);
      return sent;
    },
    read,
    bounds: async () => ({ first: topic.keptBase + 1, end: endOf(topic) }),
    truncate: async (before) => {
      const dropped = Math.max(0, Math.min(before - 1, endOf(topic)) - topic.keptBase);
      topic.entries.splice(0, dropped);
      topic.keptBase += dropped;
    },
    close: async () => {
      stop.abort();
      await inFlight;
    },
  };
};
