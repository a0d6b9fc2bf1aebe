import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extent } from '#harness/extent';
import { imageAfter, sectors, tears } from '#harness/power-cut/image';
import { recordingDisk, type Image, type Step, type Trace, type Unsynced } from '#harness/power-cut/recording-disk';
import { randomOf, type Random } from '#harness/simulator/random';
import type { Disk } from '#log/segment/disk';
import { openSegmentLog, type SegmentLog } from '#log/segment/segment-log';

const SEGMENT_BYTES = 24 * 1024;
const WORKLOADS = extent(1, 20);
/** Cuts of the recovery itself, one for so many images. */
const CUT_AGAIN_EVERY = extent(25, 5);
const never = new AbortController().signal;

jest.setTimeout(120_000 + WORKLOADS * 60_000);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'power-cut-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (disk: Disk): Promise<SegmentLog> =>
  openSegmentLog({ directory, segmentBytes: SEGMENT_BYTES, disk, now: () => 1_700_000_000_000 });

/** Each entry says its position, so that one in the wrong place is seen; its length follows from it. */
const entryAt = (position: number): Buffer => Buffer.from(`${position} `.repeat(1 + ((position * 7919) % 211)));

/** Opens a log, appends groups of all sizes, truncates, closes, and does it again. */
const workload = async (random: Random, unsynced: Unsynced): Promise<Trace> => {
  const { disk, trace, plant } = recordingDisk(new Map());
  const acknowledged = (position: number): void => void trace.steps.push({ kind: 'acknowledged', position });
  for (let run = 0; run < 3; run++) {
    const log = await open(disk);
    plant(unsynced);
    let { end } = await log.bounds();
    const reading = followed(log, end + 1, acknowledged);
    for (let round = 0; round < 12; round++) {
      const count = random.pick([1, 1, 2, 5, 30]);
      const first = end + 1;
      await log.append(Array.from({ length: count }, (_, at) => entryAt(first + at)));
      end += count;
      acknowledged(end);
      if (round === 8) {
        const before = Math.max(1, end - random.under(80));
        trace.steps.push({ kind: 'truncating', before });
        await log.truncate(before);
      }
    }
    await log.close();
    await reading;
  }
  return trace;
};

/** What readers are told is durable counts as acknowledged too: state on disk may rest on it. */
const followed = async (log: SegmentLog, from: number, acknowledged: (position: number) => void): Promise<void> => {
  for await (const { entries, durable } of log.read(from, never)) {
    await durable;
    acknowledged(entries.at(-1)?.position ?? 0);
  }
};

interface Promised {
  readonly position: number;
  readonly truncatedBefore: number;
}

const promisedAfter = (steps: readonly Step[], count: number): Promised => {
  const promised = { position: 0, truncatedBefore: 1 };
  for (const step of steps.slice(0, count)) {
    if (step.kind === 'acknowledged') promised.position = Math.max(promised.position, step.position);
    if (step.kind === 'truncating') promised.truncatedBefore = Math.max(promised.truncatedBefore, step.before);
  }
  return promised;
};

const entriesOf = async (log: SegmentLog): Promise<number> => {
  const { first, end } = await log.bounds();
  let next = first;
  if (end < first) return end;
  for await (const { entries } of log.read(first, never)) {
    for (const { position, bytes } of entries) {
      if (position !== next || !bytes.equals(entryAt(position))) throw new Error(`another entry at ${next}`);
      next++;
    }
    if (next > end) break;
  }
  return end;
};

const withLog = async <T>(disk: Disk, work: (log: SegmentLog) => Promise<T>): Promise<T> => {
  const log = await open(disk);
  try {
    return await work(log);
  } finally {
    await log.close();
  }
};

/** Starts on an image and goes on from there; gives what the recovery did. Throws when something is not as promised. */
const recover = async (image: Image, { position, truncatedBefore }: Promised): Promise<Trace> => {
  const { disk, trace } = recordingDisk(image);
  const [end, steps] = await withLog(disk, async (log) => {
    const recovery = [...trace.steps];
    const { first } = await log.bounds();
    const found = await entriesOf(log);
    if (found < position) throw new Error(`acknowledged up to ${position}, found up to ${found}`);
    if (first > truncatedBefore) throw new Error(`truncated before ${truncatedBefore}, found from ${first} on`);
    await log.append([entryAt(found + 1), entryAt(found + 2)]);
    return [found, recovery];
  });
  await withLog(disk, async (log) => {
    if (log.torn !== undefined) throw new Error(`the torn tail was not cut: ${JSON.stringify(log.torn)}`);
    const reached = await entriesOf(log);
    if (reached !== end + 2) throw new Error(`appended up to ${end + 2} after the cut, found up to ${reached}`);
  });
  return { start: trace.start, steps };
};

interface Tally {
  images: number;
  torn: number;
  again: number;
}

/** Cuts a trace after each step, in all ways. */
const cutEverywhere = async (trace: Trace, random: Random, tally: Tally): Promise<void> => {
  for (let steps = 0; steps <= trace.steps.length; steps++) {
    const promised = promisedAfter(trace.steps, steps);
    for (const tear of tears) {
      const sectorBytes = random.pick(sectors);
      const image = imageAfter(trace, steps, tear, sectorBytes, random);
      const recovery = await recover(image, promised).catch((error: unknown) => {
        throw new Error(`cut after step ${steps}, ${tear}, sectors of ${sectorBytes}: ${messageOf(error)}`);
      });
      tally.images++;
      if (recovery.steps.length > 0) tally.torn++;
      if (tally.images % CUT_AGAIN_EVERY > 0) continue;
      for (let more = 0; more <= recovery.steps.length; more++) {
        await recover(imageAfter(recovery, more, random.pick(tears), sectorBytes, random), promised);
        tally.again++;
      }
    }
  }
};

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);

test('a power cut at any step loses nothing that was acknowledged, and the log starts', async () => {
  const tally = { images: 0, torn: 0, again: 0 };
  for (let seed = 1; seed <= WORKLOADS; seed++) {
    const random = randomOf(seed);
    await cutEverywhere(await workload(random, 'nothing'), random, tally);
  }
  expect(tally.images).toBeGreaterThan(WORKLOADS * 500);
  expect(tally.torn).toBeGreaterThan(WORKLOADS * 50);
  expect(tally.again).toBeGreaterThan(WORKLOADS * 10);
});

test.each(['writes', 'directories'] as const)('a driver that does not sync %s is found out', async (unsynced) => {
  const random = randomOf(1);
  const trace = await workload(random, unsynced);
  await expect(cutEverywhere(trace, random, { images: 0, torn: 0, again: 0 })).rejects.toMatchObject({
    message: expect.stringMatching(/acknowledged up to \d+, found up to \d+/),
  });
});
