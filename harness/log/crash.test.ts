import { extent } from '#harness/extent';
import { inspectLog } from '#log/segment/inspection';
import { openSegmentLog } from '#log/segment/segment-log';
import { buildSync } from 'esbuild';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CYCLES = extent(20, 200);
const WAYS = [1, 7, 20, 60, 150];

jest.setTimeout(60_000 + CYCLES * 5_000);

/** Kills the appender some time after its first acknowledgement; gives the last end that it reported. */
const runAndKill = (program: string, directory: string, afterMs: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'pipe'] });
    let reported = '';
    let complaint = '';
    child.stdout.on('data', (bytes: Buffer) => {
      if (reported === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
      reported += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString()));
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(complaint));
      else resolve(Number(reported.split('\n').at(-2)));
    });
  });

test(`nothing acknowledged is lost when the process is killed ${CYCLES} times`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'segment-crash-'));
  const program = join(directory, 'append-forever.cjs');
  const data = join(directory, 'data');
  buildSync({
    entryPoints: [join(__dirname, 'append-forever.ts')],
    bundle: true,
    platform: 'node',
    conditions: ['ultracloud-source'],
    outfile: program,
  });
  let positions = 0;
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const acknowledged = await runAndKill(program, data, WAYS[cycle % WAYS.length] ?? 1);
    expect(acknowledged).toBeGreaterThan(positions);
    let next = 1;
    for await (const { fault } of inspectLog(data, ({ position, bytes }) => {
      if (position !== next || bytes.toString().trimEnd() !== `entry ${position}`) throw new Error(`at ${next}`);
      next++;
    })) {
      expect(fault).toBeUndefined();
    }
    expect(next - 1).toBeGreaterThanOrEqual(acknowledged);
    positions = next - 1;
    const log = await openSegmentLog({ directory: data, now: Date.now });
    expect((await log.bounds()).end).toBe(positions);
    // Every other time the next appender finds what the kill left, and not what an orderly close made of it.
    if (cycle % 2 === 0) await log.append([Buffer.from(`entry ${++positions}`)]);
    await log.close();
  }
  await rm(directory, { recursive: true });
});
