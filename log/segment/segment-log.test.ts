import { isLogError, type LogEntry, type LogFault } from '#log/log';
import { nodeDisk, type Disk, type DiskFile } from '#log/segment/disk';
import { openSegmentLog, type SegmentLog } from '#log/segment/segment-log';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const never = new AbortController().signal;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'segment-log-'));
});
afterEach(() => rm(directory, { recursive: true }));

const faultOf = async (work: Promise<unknown>): Promise<LogFault['kind'] | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!isLogError(error)) throw error;
    return error.fault.kind;
  }
};

const count = async (log: SegmentLog): Promise<number> => {
  const { first, end } = await log.bounds();
  const entries: LogEntry[] = [];
  if (end < first) return 0;
  for await (const group of log.read(first, never)) {
    entries.push(...group.entries);
    if (entries.length > end - first) break;
  }
  return entries.length;
};

/** A disk whose writes can be refused with an error code, all of them or those that make files longer. */
const refusing = (): {
  readonly disk: Disk;
  refuse: { readonly code: string; readonly growing: boolean } | undefined;
} => {
  const wrap = async (file: DiskFile): Promise<DiskFile> => {
    let size = await file.size();
    const check = (buffer: Buffer, offset: number): void => {
      const grows = offset + buffer.length > size;
      const { refuse } = switchboard;
      if (refuse !== undefined && (grows || !refuse.growing)) {
        throw Object.assign(new Error(`${refuse.code}: refused`), { code: refuse.code });
      }
      size = Math.max(size, offset + buffer.length);
    };
    return {
      ...file,
      write: async (buffer, offset) => {
        check(buffer, offset);
        await file.write(buffer, offset);
      },
    };
  };
  const disk: Disk = { ...nodeDisk, open: async (path, mode) => wrap(await nodeDisk.open(path, mode)) };
  const switchboard: ReturnType<typeof refusing> = { disk, refuse: undefined };
  return switchboard;
};

const open = (disk: Disk, segmentBytes = 64 * 1024): Promise<SegmentLog> =>
  openSegmentLog({ directory, segmentBytes, now: Date.now, disk });

describe('a full disk', () => {
  test('is announced while there is still room, refuses cleanly, and is forgotten once there is space', async () => {
    const faults = refusing();
    const log = await open(faults.disk);
    faults.refuse = { code: 'ENOSPC', growing: true };
    const entry = Buffer.alloc(1000, 'x');
    let acknowledged = 0;
    while ((await log.health()).problem === undefined) {
      await log.append([entry]);
      acknowledged++;
    }
    expect((await log.health()).roomBytes).toBeGreaterThan(30_000);
    let refused: string | undefined;
    for (; refused === undefined; acknowledged++) refused = await faultOf(log.append([entry]));
    acknowledged--;
    expect(refused).toBe('full');
    expect(await faultOf(log.append([entry]))).toBe('full');
    expect((await log.bounds()).end).toBe(acknowledged);
    faults.refuse = undefined;
    await log.append([entry]);
    expect((await log.health()).problem).toBeUndefined();
    expect(await count(log)).toBe(acknowledged + 1);
    await log.close();
    const again = await open(nodeDisk);
    expect(await count(again)).toBe(acknowledged + 1);
    await again.close();
  });

  test('at the first start is a clear error that leaves nothing in the way', async () => {
    const faults = refusing();
    faults.refuse = { code: 'ENOSPC', growing: true };
    expect(await faultOf(open(faults.disk))).toBe('full');
    faults.refuse = undefined;
    const log = await open(faults.disk);
    await log.append([Buffer.from('x')]);
    await log.close();
  });

  const mounted = ((): boolean => {
    const probe = join(tmpdir(), `segment-log-probe-${process.pid}`);
    spawnSync('mkdir', [probe]);
    const able = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe]).status === 0;
    if (able) spawnSync('umount', [probe]);
    spawnSync('rmdir', [probe]);
    return able;
  })();

  (mounted ? test : test.skip)('of a real file system loses nothing that was acknowledged', async () => {
    const place = join(directory, 'small');
    await mkdir(place);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', place]).status).toBe(0);
    try {
      const log = await openSegmentLog({ directory: place, segmentBytes: 512 * 1024, now: Date.now });
      await writeFile(join(place, 'ballast'), Buffer.alloc(1024 * 1024));
      let acknowledged = 0;
      let refused: string | undefined;
      while (refused === undefined) {
        refused = await faultOf(log.append([Buffer.alloc(5000, 'x')]));
        if (refused === undefined) acknowledged++;
      }
      expect(refused).toBe('full');
      await rm(join(place, 'ballast'));
      await log.append([Buffer.from('after')]);
      expect(await count(log)).toBe(acknowledged + 1);
      await log.close();
    } finally {
      spawnSync('umount', [place]);
    }
  });
});

describe('a write that fails', () => {
  test.each([1, 100])('stops the log: %d entries', async (entries) => {
    const faults = refusing();
    const log = await open(faults.disk);
    await log.append([Buffer.from('good')]);
    const waiting = faultOf(
      (async () => {
        for await (const group of log.read(2, never)) await group.durable;
      })(),
    );
    faults.refuse = { code: 'EIO', growing: false };
    const group = Array.from({ length: entries }, () => Buffer.from('bad'));
    expect(await faultOf(log.append(group))).toBe('failed');
    faults.refuse = undefined;
    expect(await faultOf(log.append([Buffer.from('later')]))).toBe('failed');
    expect(await waiting).toBe('failed');
    expect((await log.bounds()).end).toBe(1);
    await log.close();
    const again = await open(nodeDisk);
    expect(await count(again)).toBe(1);
    await again.close();
  });
});

describe('limits', () => {
  test('an entry that fits no file is refused and changes nothing', async () => {
    const log = await open(nodeDisk);
    expect(await faultOf(log.append([Buffer.from('x'), Buffer.alloc(70_000)]))).toBe('refused');
    expect(await log.bounds()).toEqual({ first: 1, end: 0 });
    await log.close();
  });

  test('a second append at the same time is refused', async () => {
    const log = await open(nodeDisk);
    const first = log.append(Array.from({ length: 100 }, () => Buffer.from('x')));
    expect(await faultOf(log.append([Buffer.from('y')]))).toBe('refused');
    await first;
    expect(await log.bounds()).toEqual({ first: 1, end: 100 });
    await log.close();
  });

  test('no memory is kept for readers that are far behind', async () => {
    const log = await open(nodeDisk, 16 * 1024 * 1024);
    for (let round = 0; round < 30; round++) await log.append([Buffer.alloc(400_000, round)]);
    expect(await count(log)).toBe(30);
    await log.close();
  });
});

describe('the directory', () => {
  test('is for one opener at a time, and says for whom', async () => {
    const log = await open(nodeDisk);
    await expect(open(nodeDisk)).rejects.toMatchObject({ fault: { kind: 'locked', pid: process.pid } });
    await log.close();
    await (await open(nodeDisk)).close();
  });

  const { pid: dead } = spawnSync('true');
  test.each([
    ['a process that is gone', JSON.stringify({ pid: dead, started: '' })],
    ['an earlier process of the same number', JSON.stringify({ pid: process.pid, started: 'boot/1' })],
    ['nobody, for it is unreadable', '{"pid":'],
  ])('is taken over from %s', async (_, lock) => {
    await writeFile(join(directory, 'lock'), lock);
    const log = await open(nodeDisk);
    expect(JSON.parse(await readFile(join(directory, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    await log.close();
  });

  test('is taken over by one of many', async () => {
    await writeFile(join(directory, 'lock'), JSON.stringify({ pid: dead, started: '' }));
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => open(nodeDisk)));
    const opened = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    expect(opened).toHaveLength(1);
    await opened[0]?.close();
  });

  test('that cannot be made is a clear error', async () => {
    await writeFile(join(directory, 'file'), '');
    const asked = openSegmentLog({ directory: join(directory, 'file', 'log'), now: Date.now });
    await expect(asked).rejects.toMatchObject({ fault: { kind: 'unopened' } });
  });
});
