import type { Happened } from '#aggregates/decision';
import type { Outcome } from '#log/outcome';
import { WatchHub, type Frame, type WatchSink, type WatchSource } from '#log/watch';

/** Outcomes that are there, and a way to add to them. */
const history = () => {
  const outcomes: Outcome[] = [];
  const listeners = new Set<(batch: readonly Outcome[]) => void>();
  let reads = 0;
  const source: WatchSource = {
    get head() {
      return { position: outcomes.length };
    },
    outcomes: (from, limit) => {
      reads++;
      return outcomes.slice(from - 1, from - 1 + limit);
    },
    onApplied: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const add = (...events: readonly Happened[]): void => {
    const outcome: Outcome = {
      position: outcomes.length + 1,
      nowMs: 0,
      kind: 'key.txn',
      id: '',
      principal: '',
      credential: '',
      source: '',
      address: '',
      submission: '',
      result: { status: 'accepted', events },
    };
    outcomes.push(outcome);
    for (const listener of listeners) listener([outcome]);
  };
  return { source, add, reads: () => reads };
};

const put = (id: string): Happened => ({ kind: 'key.put', id, body: {} });
const granted = (id: string): Happened => ({ kind: 'lease.granted', id, body: {} });
const everyKey = { noun: 'key', from: '' };

/** Notes what a sink is told. */
const notes = (about: Partial<WatchSink> = {}) => {
  const told: string[] = [];
  const sink: WatchSink = {
    frame: ({ position, events }: Frame) => {
      told.push(`${position} ${events.map(({ id }) => id).join(',')}`);
      return true;
    },
    bookmark: (position) => void told.push(`bookmark ${position}`),
    closed: (position) => void told.push(`closed ${position}`),
    ...about,
  };
  return { told, sink };
};

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((done) => setImmediate(done));
};

test('the past is read at the pace of its reader, which ends no watch', async () => {
  const { source, add } = history();
  for (let at = 1; at <= 200; at++) add(put(`k${at}`));
  const hub = new WatchHub(source);
  const waiting: (() => void)[] = [];
  let taken = 0;
  const { told, sink } = notes({
    ready: () => (taken++ % 10 === 9 ? new Promise((resolve) => waiting.push(resolve)) : undefined),
  });
  const watch = hub.watch([everyKey], 0, sink);
  await turns(10);
  expect([told.length, watch.position]).toEqual([9, 9]);
  add(put('while it waits'));
  for (let tries = 0; tries < 200 && told.at(-1) !== 'bookmark 201'; tries++) {
    waiting.shift()?.();
    await turns(3);
  }
  expect(told).toEqual([
    ...Array.from({ length: 200 }, (_, at) => `${at + 1} k${at + 1}`),
    '201 while it waits',
    'bookmark 201',
  ]);
  add(put('live'));
  expect(told.at(-1)).toBe('202 live');
  hub.close();
});

test('a watch that waits holds no page, and one that is closed while it waits reads no more', async () => {
  const { source, add, reads } = history();
  for (let at = 1; at <= 10; at++) add(put('k'));
  const hub = new WatchHub(source);
  let goOn: () => void = () => undefined;
  const { told, sink } = notes({ ready: () => new Promise((resolve) => (goOn = resolve)) });
  const watch = hub.watch([everyKey], 0, sink);
  await turns(3);
  const before = reads();
  watch.close();
  goOn();
  await turns(3);
  expect([reads(), told, hub.size]).toEqual([before, [], 0]);
  hub.close();
});

test('several nouns and prefixes come in one order, and what two of them name comes once', async () => {
  const { source, add } = history();
  add(put('a/1'), granted('7'), put('b/1'));
  const hub = new WatchHub(source);
  const { told, sink } = notes();
  const prefix = (from: string, to: string) => ({ noun: 'key', from, to });
  hub.watch([prefix('a/', 'a0'), prefix('a/1', 'a/2'), { noun: 'lease', from: '' }], 0, sink);
  await turns(3);
  add(granted('8'), put('b/2'), put('a/1'));
  add(put('b/3'));
  expect(told).toEqual(['1 a/1,7', 'bookmark 1', '2 8,a/1']);
  hub.close();
  expect(told.at(-1)).toBe('closed 2');
});

test('who is too slow for what is new is closed with the last position that it has', async () => {
  const { source, add } = history();
  const hub = new WatchHub(source);
  const { told, sink } = notes();
  let room = 2;
  hub.watch([everyKey], 0, { ...sink, frame: (frame) => room-- > 0 && sink.frame(frame) });
  await turns(2);
  for (const id of ['a', 'b', 'c', 'd']) add(put(id));
  expect(told).toEqual(['bookmark 0', '1 a', '2 b', 'closed 2']);
  expect(hub.size).toBe(0);
  hub.close();
});

test('bookmarks come while the past is read too, so that a reader who leaves goes on from there', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  const { source, add } = history();
  for (let at = 1; at <= 5; at++) add(put(at === 4 ? 'wanted' : 'another'));
  const hub = new WatchHub(source);
  const { told, sink } = notes({ ready: () => new Promise(() => undefined) });
  hub.watch([{ noun: 'key', from: 'w' }], 0, sink);
  await turns(3);
  jest.advanceTimersByTime(6_000);
  expect(told).toEqual(['bookmark 3']);
  hub.close();
  jest.useRealTimers();
});

test('a watch from a position that is not there yet is told of nothing up to it', async () => {
  const { source, add } = history();
  const { told, sink } = notes();
  add(put('a'));
  const hub = new WatchHub(source);
  const watch = hub.watch([everyKey], 3, sink);
  await turns(3);
  for (const id of ['b', 'c']) add(put(id));
  expect([watch.position, told]).toEqual([3, ['bookmark 3']]);
  add(put('d'));
  expect([watch.position, told]).toEqual([4, ['bookmark 3', '4 d']]);
  hub.close();
});
