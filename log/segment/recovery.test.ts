import { isLogError, type LogEntry, type LogFault } from '#log/log';
import { FIRST_RECORD, recordBytes, segmentName } from '#log/segment/format';
import { inspectLog, type SegmentReport } from '#log/segment/inspection';
import { openSegmentLog, type SegmentLog, type SegmentLogOptions } from '#log/segment/segment-log';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SEGMENT_BYTES = 16 * 1024;
const BASE = 100;
const never = new AbortController().signal;

jest.setTimeout(300_000);

let root: string;
beforeAll(async () => {
  // Hundreds of opens: what they flush does not matter here, so memory is as good as a disk.
  root = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'segment-recovery-'));
});
afterAll(() => rm(root, { recursive: true }));

const open = (directory: string, options: Partial<SegmentLogOptions> = {}): Promise<SegmentLog> =>
  openSegmentLog({ directory, segmentBytes: SEGMENT_BYTES, base: BASE, now: () => 1_700_000_000_000, ...options });

const read = async (log: SegmentLog, from: number): Promise<readonly string[]> => {
  const { end } = await log.bounds();
  const entries: LogEntry[] = [];
  if (end < from) return [];
  for await (const group of log.read(from, never)) {
    entries.push(...group.entries);
    if (entries.length > end - from) break;
  }
  expect(entries.map(({ position }) => position)).toEqual(entries.map((_, index) => from + index));
  return entries.map(({ bytes }) => bytes.toString());
};

const faultOf = async (work: Promise<unknown>): Promise<LogFault | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!isLogError(error)) throw error;
    expect(error.message.length).toBeGreaterThan(40);
    return error.fault;
  }
};

const inspect = async (directory: string): Promise<readonly SegmentReport[]> => {
  const reports: SegmentReport[] = [];
  for await (const report of inspectLog(directory, () => undefined)) reports.push(report);
  return reports;
};

/** The files of a process that was killed after these groups, in a directory of their own. */
const killedAfter = async (name: string, groups: readonly (readonly string[])[]): Promise<string> => {
  const [living, dead] = [join(root, `${name}-living`), join(root, name)];
  const log = await open(living);
  for (const group of groups) await log.append(group.map((text) => Buffer.from(text)));
  await cp(living, dead, { recursive: true, filter: (path) => !path.endsWith('lock') });
  await log.close();
  return dead;
};

const alter = async (path: string, change: (bytes: Buffer) => void): Promise<void> => {
  const bytes = await readFile(path);
  change(bytes);
  await writeFile(path, bytes);
};

const GROUPS = [['first'], ['second', 'third, longer than the others'], ['', 'fifth', 'sixth and last of all']];
const TEXTS = GROUPS.flat();
const SIZES = TEXTS.map((text) => recordBytes(text.length));
const offsetOf = (index: number): number => FIRST_RECORD + SIZES.slice(0, index).reduce((sum, size) => sum + size, 0);
const FILE = segmentName(BASE);

describe('a write that a crash cut off', () => {
  const lastGroup = offsetOf(3);
  const behind = offsetOf(6);
  const garbage = Buffer.from(Array.from({ length: behind }, (_, index) => (index * 197 + 89) & 0xff));
  const variants: readonly (readonly [string, (path: string, at: number) => Promise<void>])[] = [
    ['the file ends there', truncate],
    ['only zeros follow', (path, at) => alter(path, (bytes) => bytes.fill(0, at))],
    ['garbage follows', (path, at) => alter(path, (bytes) => garbage.copy(bytes, at, at, behind))],
    ['what comes before in the group is missing', (path, at) => alter(path, (bytes) => bytes.fill(0, lastGroup, at))],
  ];

  test.each(variants)('is removed at any byte of the last group: %s', async (name, damage) => {
    const dead = await killedAfter(name.replaceAll(' ', '-'), GROUPS);
    const pristine = await readFile(join(dead, FILE));
    for (let at = lastGroup; at <= behind; at++) {
      const directory = join(root, 'torn');
      await cp(dead, directory, { recursive: true });
      await damage(join(directory, FILE), at);
      const damaged = await readFile(join(directory, FILE));
      const log = await open(directory);
      const { end } = await log.bounds();
      expect(end).toBeGreaterThanOrEqual(BASE + 3);
      expect(await read(log, BASE + 1)).toEqual(TEXTS.slice(0, end - BASE));
      const changed = !damaged.subarray(0, behind).equals(pristine.subarray(0, behind));
      const dirt = damaged.subarray(offsetOf(end - BASE)).some((byte) => byte !== 0);
      expect(log.torn?.cutFrom).toBe(dirt ? end + 1 : undefined);
      if (!changed) expect(end).toBe(BASE + 6);
      await log.append([Buffer.from('after the crash')]);
      await log.close();
      const again = await open(directory);
      expect(again.torn).toBeUndefined();
      expect(await read(again, BASE + 1)).toEqual([...TEXTS.slice(0, end - BASE), 'after the crash']);
      await again.close();
      await rm(directory, { recursive: true });
    }
  });

  test('whole entries behind the cut are counted', async () => {
    const directory = await killedAfter('counted', GROUPS);
    await alter(join(directory, FILE), (bytes) => bytes.fill(0, lastGroup, lastGroup + 16));
    expect((await inspect(directory)).map(({ last, torn }) => ({ last, torn }))).toEqual([
      { last: BASE + 3, torn: { cutFrom: BASE + 4, cutEntries: 2 } },
    ]);
    const log = await open(directory);
    expect(log.torn).toEqual({ cutFrom: BASE + 4, cutEntries: 2 });
    await log.close();
  });

  test('an entry that ends in zeros is recognised behind damage', async () => {
    const directory = await killedAfter('zeros', [['a'], ['b'], ['\0'.repeat(3000)]]);
    await alter(join(directory, FILE), (bytes) => bytes.fill(0, offsetOfSecond, offsetOfSecond + 8));
    expect(await faultOf(open(directory))).toMatchObject({ kind: 'corrupt', position: BASE + 2 });
  });
  const offsetOfSecond = FIRST_RECORD + recordBytes(1);

  test('a payload that looks like a later record is not taken for one', async () => {
    const source = await killedAfter('source', [['x'], ['y'], ['z']]);
    const record = (await readFile(join(source, FILE))).subarray(offsetOf(2), offsetOf(2) + 64);
    const directory = await killedAfter('planted', [['x'], [`${'p'.repeat(8)}${record.toString('latin1')}`]]);
    await alter(join(directory, FILE), (bytes) => bytes.fill(1, offsetOfSecond, offsetOfSecond + 8));
    const log = await open(directory);
    expect(log.torn).toEqual({ cutFrom: BASE + 2, cutEntries: 0 });
    await log.close();
  });
});

describe('damage to what was durable', () => {
  test('any changed byte before the last group stops the start, with its place, or changes nothing', async () => {
    const dead = await killedAfter('flipped', GROUPS);
    const directory = join(root, 'flip');
    for (let at = FIRST_RECORD; at < offsetOf(3); at++) {
      await cp(dead, directory, { recursive: true });
      await alter(join(directory, FILE), (bytes) => (bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))));
      const index = SIZES.findIndex((_, candidate) => at < offsetOf(candidate + 1));
      const padding = at >= offsetOf(index) + 32 + (TEXTS[index]?.length ?? 0);
      const before = await readFile(join(directory, FILE));
      const expected = {
        kind: 'corrupt',
        place: join(directory, FILE),
        offset: offsetOf(index),
        position: BASE + 1 + index,
      };
      const fault = await faultOf(open(directory).then((log) => log.close()));
      expect(fault).toEqual(padding ? undefined : expected);
      expect((await readFile(join(directory, FILE))).equals(before)).toBe(true);
      await rm(directory, { recursive: true });
    }
  });

  test('the last group too, once the log was closed in order', async () => {
    const directory = join(root, 'closed');
    const log = await open(directory);
    await log.append([Buffer.from('kept'), Buffer.from('damaged later')]);
    await log.close();
    await alter(join(directory, FILE), (bytes) => bytes.fill(0, FIRST_RECORD + recordBytes(4)));
    expect(await faultOf(open(directory))).toMatchObject({ kind: 'corrupt', position: BASE + 2 });
    expect(await inspect(directory)).toMatchObject([{ last: BASE + 1, fault: { fault: { kind: 'corrupt' } } }]);
  });

  /** Three files, closed in order; entries of 1,000 bytes. */
  const threeFiles = async (name: string): Promise<{ directory: string; bases: readonly number[] }> => {
    const directory = join(root, name);
    const log = await open(directory);
    for (let count = 0; count < 30; count++) await log.append([Buffer.alloc(1000, count)]);
    await log.close();
    const bases = (await inspect(directory)).map(({ first }) => first - 1);
    expect(bases).toHaveLength(3);
    return { directory, bases };
  };

  test('an older file is checked at the start, or in a long log when it is read and by a check', async () => {
    const { directory, bases } = await threeFiles('older');
    const path = join(directory, segmentName(bases[1] ?? 0));
    await alter(path, (bytes) => bytes.fill(0xff, FIRST_RECORD + 2 * recordBytes(1000), FIRST_RECORD + 3000));
    const position = (bases[1] ?? 0) + 3;
    expect(await faultOf(open(directory))).toMatchObject({ kind: 'corrupt', place: path, position });
    const log = await open(directory, { checkedBytes: 2 * SEGMENT_BYTES - 1 });
    expect(log.checked).toBe(false);
    const breaths: number[] = [];
    const breathe = (): Promise<void> => Promise.resolve(void breaths.push(breaths.length));
    expect(await faultOf(log.check(breathe))).toMatchObject({ kind: 'corrupt', place: path, position });
    expect(breaths.length).toBeGreaterThan(1);
    expect(await faultOf(read(log, BASE + 1))).toMatchObject({ kind: 'corrupt', place: path, position });
    expect(await read(log, (bases[2] ?? 0) + 1)).toHaveLength(30 + BASE - (bases[2] ?? 0));
    await log.close();
    expect((await inspect(directory)).map(({ last, fault }) => [last, fault?.fault.kind])).toEqual([
      [bases[1], undefined],
      [position - 1, 'corrupt'],
      [BASE + 30, undefined],
    ]);
  });

  test('the log must hold what the state has applied', async () => {
    const { directory, bases } = await threeFiles('applied');
    await alter(join(directory, segmentName(bases[2] ?? 0)), (bytes) => bytes.fill(0, FIRST_RECORD));
    await writeFile(
      join(directory, 'log.json'),
      (await readFile(join(directory, 'log.json'), 'utf8')).replace(/"reached":\d+/, `"reached":${BASE}`),
    );
    const applied = (): Promise<number> => Promise.resolve(BASE + 30);
    const position = (bases[2] ?? 0) + 1;
    expect(await faultOf(open(directory, { applied }))).toMatchObject({ kind: 'corrupt', position });
    const nowhere = join(root, 'nowhere');
    expect(await faultOf(open(nowhere, { applied }))).toMatchObject({
      kind: 'missing',
      place: join(nowhere, 'log.json'),
    });
    await (await open(directory, { applied: () => Promise.resolve(position - 1) })).close();
  });

  test.each([
    ['first', 0],
    ['middle', 1],
  ])('a missing %s file stops the start and is named', async (name, which) => {
    const { directory, bases } = await threeFiles(`missing-${name}`);
    const path = join(directory, segmentName(bases[which] ?? 0));
    await rm(path);
    expect(await faultOf(open(directory))).toEqual({ kind: 'missing', place: path, position: (bases[which] ?? 0) + 1 });
  });

  test('a missing last file stops the start', async () => {
    const { directory, bases } = await threeFiles('missing-last');
    await rm(join(directory, segmentName(bases[2] ?? 0)));
    expect(await faultOf(open(directory))).toMatchObject({ kind: 'corrupt', position: (bases[2] ?? 0) + 1 });
  });

  test('a missing manifest stops the start', async () => {
    const { directory } = await threeFiles('missing-manifest');
    await rm(join(directory, 'log.json'));
    expect(await faultOf(open(directory))).toMatchObject({ kind: 'missing', place: join(directory, 'log.json') });
  });

  test('a file under the name of another stops the start', async () => {
    const { directory, bases } = await threeFiles('misnamed');
    const path = join(directory, segmentName((bases[1] ?? 0) + 1));
    await rename(join(directory, segmentName(bases[1] ?? 0)), path);
    expect(await faultOf(open(directory))).toMatchObject({ kind: 'corrupt', place: path, offset: 0 });
  });

  test('files of a newer format stop the start', async () => {
    const { directory, bases } = await threeFiles('newer');
    const path = join(directory, segmentName(bases[2] ?? 0));
    await alter(path, (bytes) => bytes.writeUInt32LE(9, 8));
    expect(await faultOf(open(directory))).toEqual({ kind: 'newer', place: path, found: 9, understood: 1 });
    const manifest = join(directory, 'log.json');
    await writeFile(manifest, '{"format":7,"more":true}');
    expect(await faultOf(open(directory))).toEqual({ kind: 'newer', place: manifest, found: 7, understood: 1 });
    await writeFile(manifest, '{"format":1');
    expect(await faultOf(open(directory))).toMatchObject({ kind: 'corrupt', place: manifest });
  });

  test('files of another log stop the start', async () => {
    const { directory, bases } = await threeFiles('foreign');
    const other = await threeFiles('other');
    const path = join(directory, segmentName(bases[1] ?? 0));
    await cp(join(other.directory, segmentName(bases[1] ?? 0)), path);
    expect(await faultOf(open(directory))).toMatchObject({ kind: 'foreign', place: path });
    const opened = (asked: object): Promise<unknown> =>
      openSegmentLog({ directory: other.directory, now: Date.now, ...asked });
    expect(await faultOf(opened({ clusterId: '0'.repeat(32) }))).toMatchObject({ kind: 'foreign' });
    expect(await faultOf(opened({ incarnation: 2 }))).toMatchObject({ kind: 'foreign', found: '1', expected: '2' });
    expect(await faultOf(opened({ base: 0 }))).toMatchObject({ kind: 'foreign', found: '100', expected: '0' });
  });
});

describe('what a crash leaves between steps', () => {
  test('a log whose making was cut off is made anew', async () => {
    const directory = join(root, 'unborn');
    await (await open(directory)).close();
    await rm(join(directory, 'log.json'));
    const log = await open(directory);
    await log.append([Buffer.from('born')]);
    expect(await read(log, BASE + 1)).toEqual(['born']);
    await log.close();
  });

  test('a truncation that was cut off is finished, and a half-made spare is removed', async () => {
    const directory = join(root, 'cut-truncation');
    const log = await open(directory);
    for (let count = 0; count < 30; count++) await log.append([Buffer.alloc(1000, count)]);
    const first = join(directory, FILE);
    await cp(first, join(root, 'kept'));
    await log.truncate(BASE + 29);
    const bounds = await log.bounds();
    expect(bounds.first).toBeGreaterThan(BASE + 1);
    await log.close();
    await cp(join(root, 'kept'), first);
    await writeFile(join(directory, 'spare'), 'half');
    const again = await open(directory);
    expect(await again.bounds()).toEqual(bounds);
    await again.close();
    await expect(stat(first)).rejects.toThrow('ENOENT');
    await expect(stat(join(directory, 'spare'))).rejects.toThrow('ENOENT');
  });

  test('an empty last file is gone on with, however short it is', async () => {
    const directory = join(root, 'short');
    await (await open(directory)).close();
    await truncate(join(directory, FILE), FIRST_RECORD + 10);
    const log = await open(directory);
    await log.append([Buffer.alloc(9000, 'x')]);
    expect((await read(log, BASE + 1)).map((text) => text.length)).toEqual([9000]);
    await log.close();
  });
});
