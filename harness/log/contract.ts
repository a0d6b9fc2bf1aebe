import { isLogError, type Log, type LogEntry, type LogFault } from '#log/log';

/** One log that can be opened again and again, as after a restart. */
export interface LogInstallation {
  readonly open: () => Promise<Log>;
  /** Ends it and removes what it left. Open logs are closed before. */
  readonly remove: () => Promise<void>;
  /** The position before the first entry. */
  readonly base: number;
}

const never = new AbortController().signal;

/** The next `count` entries from a position on, waiting for them if need be. */
const collect = async (log: Log, from: number, count: number): Promise<readonly LogEntry[]> => {
  const entries: LogEntry[] = [];
  if (count === 0) return entries;
  for await (const group of log.read(from, never)) {
    await group.durable;
    entries.push(...group.entries);
    if (entries.length >= count) break;
  }
  return entries.slice(0, count);
};

/** What a promise was refused for. */
const faultOf = async (work: Promise<unknown>): Promise<LogFault['kind'] | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!isLogError(error)) throw error;
    return error.fault.kind;
  }
};

const texts = (entries: readonly LogEntry[]): readonly string[] => entries.map(({ bytes }) => bytes.toString());
const positions = (entries: readonly LogEntry[]): readonly number[] => entries.map(({ position }) => position);
const numbered = (from: number, count: number): readonly Buffer[] =>
  Array.from({ length: count }, (_, index) => Buffer.from(`entry ${from + index}`));

/** What every driver of the log must do. Call it at the top of a test file. */
export const describeLogContract = (name: string, install: () => Promise<LogInstallation>): void => {
  describe(`${name} keeps the contract of a log`, () => {
    let installation: LogInstallation;
    let opened: Log[];
    let base: number;

    const open = async (): Promise<Log> => {
      const log = await installation.open();
      opened.push(log);
      return log;
    };

    beforeEach(async () => {
      installation = await install();
      opened = [];
      base = installation.base;
    });
    afterEach(async () => {
      for (const log of opened) await log.close();
      await installation.remove();
    });

    test('a new log is empty', async () => {
      const log = await open();
      expect(await log.bounds()).toEqual({ first: base + 1, end: base });
    });

    test('entries come back in order, without a gap, with their bytes', async () => {
      const log = await open();
      await log.append(numbered(1, 3));
      await log.append(numbered(4, 1));
      await log.append([]);
      await log.append(numbered(5, 5));
      const entries = await collect(log, base + 1, 9);
      expect(texts(entries)).toEqual(numbered(1, 9).map(String));
      expect(positions(entries)).toEqual(numbered(1, 9).map((_, index) => base + 1 + index));
      expect(await log.bounds()).toEqual({ first: base + 1, end: base + 9 });
    });

    test('an entry may be empty', async () => {
      const log = await open();
      await log.append([Buffer.alloc(0), Buffer.from('after')]);
      expect(texts(await collect(log, base + 1, 2))).toEqual(['', 'after']);
    });

    test('every entry carries whole milliseconds of the clock of the log', async () => {
      const log = await open();
      await log.append(numbered(1, 2));
      for (const { appendedAtMs } of await collect(log, base + 1, 2)) {
        expect(Number.isSafeInteger(appendedAtMs)).toBe(true);
        expect(appendedAtMs).toBeGreaterThan(0);
      }
    });

    test('a log that is opened again goes on where it ended', async () => {
      const before = await open();
      await before.append(numbered(1, 5));
      await before.close();
      const after = await open();
      expect(await after.bounds()).toEqual({ first: base + 1, end: base + 5 });
      await after.append(numbered(6, 2));
      const entries = await collect(after, base + 1, 7);
      expect(texts(entries)).toEqual(numbered(1, 7).map(String));
      expect(positions(entries).at(-1)).toBe(base + 7);
    });

    test('reading begins at any position, within groups too', async () => {
      const before = await open();
      for (let from = 1; from <= 21; from += 7) await before.append(numbered(from, 7));
      for (let from = 1; from <= 21; from++) {
        expect(texts(await collect(before, base + from, 22 - from))).toEqual(numbered(from, 22 - from).map(String));
      }
      await before.close();
      const after = await open();
      for (let from = 1; from <= 21; from++) {
        expect(texts(await collect(after, base + from, 22 - from))).toEqual(numbered(from, 22 - from).map(String));
      }
    });

    test('a reader gets what is appended while it waits', async () => {
      const log = await open();
      const reading = collect(log, base + 1, 4);
      await log.append(numbered(1, 2));
      await log.append(numbered(3, 2));
      expect(texts(await reading)).toEqual(numbered(1, 4).map(String));
    });

    test('a reader goes from history to what is live without a gap', async () => {
      const log = await open();
      await log.append(numbered(1, 50));
      const reading = collect(log, base + 1, 150);
      for (let from = 51; from <= 150; from += 10) await log.append(numbered(from, 10));
      expect(positions(await reading)).toEqual(numbered(1, 150).map((_, index) => base + 1 + index));
    });

    test('readers do not disturb one another, however slow', async () => {
      const log = await open();
      const fast = collect(log, base + 1, 200);
      const slow = (async (): Promise<readonly number[]> => {
        const seen: number[] = [];
        for await (const { entries } of log.read(base + 1, never)) {
          seen.push(...positions(entries));
          await new Promise((resolve) => setTimeout(resolve, 2));
          if (seen.length >= 200) break;
        }
        return seen;
      })();
      for (let from = 1; from <= 100; from += 4) await log.append(numbered(from, 4));
      const late = collect(log, base + 101, 100);
      for (let from = 101; from <= 200; from += 4) await log.append(numbered(from, 4));
      const expected = numbered(1, 200).map((_, index) => base + 1 + index);
      expect(positions(await fast)).toEqual(expected);
      expect(await slow).toEqual(expected);
      expect(positions(await late)).toEqual(expected.slice(100));
    });

    test('durable resolves once the end has moved there', async () => {
      const log = await open();
      const reading = (async (): Promise<number> => {
        for await (const group of log.read(base + 1, never)) {
          await group.durable;
          return (await log.bounds()).end;
        }
        return 0;
      })();
      await log.append(numbered(1, 6));
      expect(await reading).toBeGreaterThan(base);
    });

    test('large entries and groups come back whole', async () => {
      const log = await open();
      const large = Buffer.alloc(1.5 * 1024 * 1024, 'large ');
      await log.append([large, Buffer.from('small'), large]);
      await log.append(Array.from({ length: 20 }, () => large.subarray(0, 700_000)));
      const entries = await collect(log, base + 1, 23);
      expect(entries.map(({ bytes }) => bytes.length)).toEqual([
        large.length,
        5,
        large.length,
        ...Array.from({ length: 20 }, () => 700_000),
      ]);
      expect(large.equals(entries[2]?.bytes ?? Buffer.alloc(0))).toBe(true);
    });

    test('truncation drops nothing at or above its position', async () => {
      const log = await open();
      const entry = Buffer.alloc(1000, 'x');
      for (let count = 0; count < 40; count++) await log.append(Array.from({ length: 100 }, () => entry));
      await log.truncate(base + 2001);
      const { first, end } = await log.bounds();
      expect(first).toBeGreaterThanOrEqual(base + 1);
      expect(first).toBeLessThanOrEqual(base + 2001);
      expect(end).toBe(base + 4000);
      expect(positions(await collect(log, base + 2001, 2000)).at(-1)).toBe(base + 4000);
      if (first > base + 1) expect(await faultOf(collect(log, first - 1, 1))).toBe('truncated');
      await log.close();
      const after = await open();
      expect(await after.bounds()).toEqual({ first, end });
      expect(positions(await collect(after, first, end - first + 1)).at(-1)).toBe(end);
    });

    test('a position beyond the end is refused to a reader that claims to have seen it', async () => {
      const log = await open();
      await log.append(numbered(1, 3));
      expect(await faultOf(collect(log, base + 5, 1))).toBe('shrank');
    });

    test('a signal ends a reader that waits, one that is behind, and one that has not begun', async () => {
      const log = await open();
      await log.append(numbered(1, 3));
      for (const from of [base + 1, base + 4]) {
        const stop = new AbortController();
        const reading = (async (): Promise<number> => {
          let count = 0;
          for await (const { entries } of log.read(from, stop.signal)) count += entries.length;
          return count;
        })();
        setTimeout(() => stop.abort(), 20);
        expect(await reading).toBe(base + 4 - from);
      }
      for await (const group of log.read(base + 1, AbortSignal.abort()))
        throw new Error(`read ${group.entries.length}`);
    });

    test('close ends the readers', async () => {
      const log = await open();
      await log.append(numbered(1, 3));
      const reading = (async (): Promise<number> => {
        let count = 0;
        for await (const { entries } of log.read(base + 1, never)) count += entries.length;
        return count;
      })();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await log.close();
      expect(await reading).toBe(3);
    });

    test('close waits for an append in flight', async () => {
      const log = await open();
      const appended = log.append(numbered(1, 100));
      await log.close();
      await appended;
      expect(await (await open()).bounds()).toEqual({ first: base + 1, end: base + 100 });
    });

    test('a closed log refuses, and closing it again is no error', async () => {
      const log = await open();
      await log.close();
      await log.close();
      expect(await faultOf(log.append(numbered(1, 1)))).toBe('closed');
    });
  });
};
