import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Outcome } from '#log/outcome';
import type { RunningNode } from '#gateways/server/running-node';
import { openTestNode } from '#harness/node';

/** The clock of a whole process cannot be set by everybody, so that these run in this one, on a clock of their own. */
jest.setTimeout(60_000);

const startMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;

const clock = { nowMs: startMs };
const said: string[] = [];
let directory: string;
let node: RunningNode;

const start = async (): Promise<void> => {
  node = await openTestNode(directory, { now: () => clock.nowMs, say: (line) => said.push(line) });
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ultracloud-clock-'));
  clock.nowMs = startMs;
  said.length = 0;
  await start();
});

afterEach(async () => {
  await node.stop();
  rmSync(directory, { recursive: true, force: true });
});

const submit = (kind: string, id: string, body: unknown, requestId?: string): Promise<Outcome> =>
  node.engine.submit({
    kind,
    id,
    body,
    principal: 'admin',
    credential: 'test',
    source: 'http',
    address: '',
    ...(requestId === undefined ? {} : { requestId }),
  });

const put = (id: string, requestId?: string): Promise<Outcome> =>
  submit('key.put', id, { value: Buffer.from('value') }, requestId);

/** Timers and notices are looked at now and then. */
const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await pause(20);
};

const exists = (noun: string, id: string): boolean => {
  const found = node.engine.vocabulary.components.flatMap(({ aggregates }) => aggregates);
  const aggregate = found.find(({ kind }) => kind.noun === noun);
  return aggregate !== undefined && node.engine.facts.get(aggregate.kind, id) !== undefined;
};

test('time in the log never goes back, however the clock steps', async () => {
  const steps = [0, 1, -hourMs, 2, -1, hourMs / 2, -24 * hourMs, 26 * hourMs, -30 * hourMs, 5_000, 40 * hourMs];
  const times: number[] = [];
  for (const [number, step] of steps.entries()) {
    clock.nowMs += step;
    const { result, nowMs } = await put(`key-${number}`);
    expect(result.status).toBe('accepted');
    times.push(nowMs);
  }
  const highest = times.map((_, index) => Math.max(...times.slice(0, index + 1)));
  expect(times).toEqual(highest);
  expect(node.engine.head.nowMs).toBe(Math.max(startMs, clock.nowMs));
});

test('a clock that was set back is told until it has caught up, by a restart too', async () => {
  await put('before');
  clock.nowMs -= hourMs;
  await until(() => node.notices().length > 0);
  const notice =
    'the clock of this machine is 3600 s behind the newest entry of the log: it was set back, or ran ahead before. ' +
    'Time in the log stands still until the clock has caught up, so what has a time to live stays that much longer. ' +
    'Let this machine follow a time server.';
  expect(node.notices()).toEqual([notice]);
  expect(said).toEqual([`warning: ${notice}`]);
  const { nowMs } = await put('meanwhile');
  expect(nowMs).toBe(startMs);

  await node.stop();
  said.length = 0;
  await start();
  expect(said).toEqual([`warning: ${notice}`]);
  expect((await put('after a restart')).nowMs).toBe(startMs);
  clock.nowMs += hourMs;
  await until(() => node.notices().length === 0);
});

test('a clock that jumps ahead ends no lease early', async () => {
  await submit('lease.grant', '7', { ttlSeconds: 3600 });
  await submit('key.put', 'held', { value: Buffer.from('value'), lease: '7' });
  clock.nowMs += 48 * hourMs;
  await put('other');
  expect(node.liveness.remainingSeconds('7')).toBeGreaterThan(3500);
  expect(node.liveness.renew('7')).toEqual({ ttlSeconds: 3600 });
  // Longer than the judge of leases waits between two looks.
  await pause(600);
  expect([exists('lease', '7'), exists('key', 'held')]).toEqual([true, true]);
});

test('a clock that steps back ends leases in their time all the same', async () => {
  await submit('lease.grant', '7', { ttlSeconds: 1 });
  await submit('key.put', 'held', { value: Buffer.from('value'), lease: '7' });
  clock.nowMs -= 48 * hourMs;
  await until(() => !exists('lease', '7'));
  expect(exists('key', 'held')).toBe(false);
});

test('what has a time to live ends by the time in the log', async () => {
  await submit('namespace.create', 'sessions', {});
  const done = await submit('doc.put', 'sessions/one', { document: { user: 'ada' }, ttlSeconds: 3600 });
  expect(done.result.status).toBe('accepted');
  clock.nowMs -= hourMs;
  await put('other');
  expect(exists('doc', 'sessions/one')).toBe(true);
  clock.nowMs += hourMs + hourMs + 1;
  await put('another');
  await until(() => !exists('doc', 'sessions/one'));
});

test('a repeated request is known through steps of the clock within its window', async () => {
  const first = await put('once', 'request-1');
  for (const step of [-hourMs, 12 * hourMs, -36 * hourMs]) {
    clock.nowMs += step;
    expect(await put('once', 'request-1')).toEqual(first);
  }
});

test('a key with its time in it is never carried out again, however far the clock steps', async () => {
  const requestId = `${startMs
    .toString(16)
    .padStart(12, '0')
    .replace(/^(.{8})(.{4})$/, '$1-$2')}-7000-8000-000000000000`;
  expect((await put('once', requestId)).result.status).toBe('accepted');
  clock.nowMs += 25 * hourMs;
  for (let number = 0; number < 5; number++) await put(`other-${number}`, `other-${number}`);
  expect((await put('once', requestId)).result).toMatchObject({ status: 'rejected', code: 'request.expired' });
  clock.nowMs -= 25 * hourMs;
  expect((await put('once', requestId)).result).toMatchObject({ status: 'rejected', code: 'request.expired' });
});
