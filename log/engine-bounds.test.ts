import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog } from '#gateways/catalog';
import { createTopic, NO_FAULTS, openFakeLog, type Topic } from '#harness/log/fake-log';
import { Engine } from '#log/engine';
import type { EngineBounds } from '#log/engine-bounds';
import { encodeSubmission } from '#log/entry';
import { openStore, type Store } from '#log/lmdb-rows';
import type { Log, LogGroup } from '#log/log';
import type { Outcome } from '#log/outcome';
import { vocabularyOf } from '#log/vocabulary';
import { everything } from '#log/authority';

const MiB = 2 ** 20;
const NOW = 1_000;
const vocabulary = vocabularyOf(catalog);

const putOf = (at: number, bytes: number) => ({
  kind: 'key.put',
  id: `k${at}`,
  body: { value: Buffer.alloc(bytes, at) },
  principal: 'admin',
  credential: 'test',
  source: 'test',
  address: '',
});

/** Whoever passes waits until it is opened. */
const gate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
};

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((next) => setImmediate(next));
};

/** Groups of no more than a few entries, each durable once `durable` says so. */
const inGroupsOf = (log: Log, size: number, durable: () => Promise<void>): Log => ({
  ...log,
  read: async function* (from: number, signal: AbortSignal): AsyncGenerator<LogGroup> {
    for await (const { entries } of log.read(from, signal)) {
      for (let at = 0; at < entries.length; at += size) {
        yield { entries: entries.slice(at, at + size), durable: durable() };
      }
    }
  },
});

describe('what waits in memory before the store has it', () => {
  let directory: string;
  let store: Store;
  let engine: Engine | undefined;
  /** The position of each commit. */
  let commits: number[];
  let slow: { readonly opened: Promise<void>; readonly open: () => void };

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'ultracloud-bounds-'));
    store = await openStore(directory, { noSync: true });
    commits = [];
    slow = gate();
  });

  afterEach(async () => {
    slow.open();
    if (engine === undefined) await store.close();
    await engine?.close();
    engine = undefined;
    rmSync(directory, { recursive: true, force: true });
  });

  const engineOn = (topic: Topic, bounds: EngineBounds, groupOf = 4, durable = () => Promise.resolve()): Engine => {
    const pause = (): Promise<void> => Promise.resolve();
    const log = openFakeLog({ topic, seed: 1, faults: NO_FAULTS, now: () => NOW, pause });
    const { commit } = store;
    const gated: Store = Object.create(store, {
      commit: {
        value: async (...args: Parameters<Store['commit']>) => {
          commits.push(args[1].position);
          await slow.opened;
          await commit(...args);
        },
      },
    }) as Store;
    const onFault = (error: Error): never => {
      throw error;
    };
    const options = { vocabulary, store: gated, authority: everything, now: () => NOW, onFault, bounds };
    return (engine = new Engine({ ...options, log: inGroupsOf(log, groupOf, durable) }));
  };

  const rows = 1_000_000;
  const bounds: EngineBounds = { flush: { rows, bytes: MiB }, stall: { rows, bytes: 2 * MiB } };
  const PUTS = 160;
  const VALUE = 256 * 1024;
  /** What a commit holds, what comes after it, and a group of each loop that was under way: in puts of a value. */
  const MOST = (1 + 2 + 4 + 4) * 4 + 8;

  test('stays bounded when values are large and the disk is slow', async () => {
    const node = engineOn(createTopic(), bounds);
    await node.start();
    const outcomes: Promise<Outcome>[] = [];
    for (let at = 0; at < PUTS; at++) outcomes.push(node.submit(putOf(at, VALUE)));
    await turns(1_000);
    expect(commits.length).toBe(1);
    expect(node.head.position).toBeGreaterThan(8);
    expect(node.head.position).toBeLessThan(MOST);
    slow.open();
    await Promise.all(outcomes);
    expect(node.head.position).toBe(PUTS);
    await node.flush();
    expect(store.head.position).toBe(PUTS);
    const steps = commits.map((position, at) => position - (commits[at - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThan(MOST);
  }, 60_000);

  test('stays bounded while a start decides a long tail', async () => {
    const topic = createTopic();
    for (let at = 0; at < PUTS; at++) {
      const bytes = encodeSubmission(putOf(at, VALUE), NOW, `s${at}`);
      topic.entries.push({ position: at + 1, appendedAtMs: NOW, bytes });
    }
    const node = engineOn(topic, bounds);
    const started = node.start();
    await turns(1_000);
    expect(commits.length).toBe(1);
    expect(node.head.position).toBeGreaterThan(8);
    expect(node.head.position).toBeLessThan(MOST);
    slow.open();
    await started;
    expect(node.head.position).toBe(PUTS);
  }, 60_000);

  test('counts a group that becomes durable after what was before it went to the store', async () => {
    slow.open();
    const held = gate();
    let isHeld = false;
    const node = engineOn(createTopic(), bounds, 100, () => (isHeld ? held.opened : Promise.resolve()));
    await node.start();
    await node.submit(putOf(0, 1));
    isHeld = true;
    const large = node.submit(putOf(1, MiB));
    await turns(20);
    await node.flush();
    expect(commits).toEqual([1]);
    held.open();
    await large;
    // At once: it is more than is to wait, so nobody waits for the time to be over.
    expect(commits).toEqual([1, 2]);
  });
});
