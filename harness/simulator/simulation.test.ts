import { kind } from '#aggregates/facts';
import { accept } from '#aggregates/decision';
import type { AnyAggregate } from '#aggregates/aggregate';
import { command } from '#commands/command';
import { object } from '#commands/codec/object';
import { id } from '#commands/codec/scalar';
import { catalog } from '#gateways/catalog';
import { extent } from '#harness/extent';
import { simulate, type Plants, type Simulated } from '#harness/simulator/simulation';
import type { Component } from '#log/component';

const SEEDS = extent(200, 3_000);
const STEPS = 120;
/** Within so many seeds a planted fault must be found. */
const MOST_SEEDS = 1_000;

jest.setTimeout(60_000 + SEEDS * 1_000);

test(`of ${SEEDS} seeds none breaks an invariant`, async () => {
  const counted = { accepted: 0, rejected: 0, duplicates: 0, crashes: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { broken, ...run } = await simulate(catalog, seed, STEPS);
    expect([seed, broken]).toEqual([seed, undefined]);
    counted.accepted += run.accepted;
    counted.rejected += run.rejected;
    counted.duplicates += run.duplicates;
    counted.crashes += run.crashes;
  }
  for (const count of Object.values(counted)) expect(count).toBeGreaterThan(SEEDS);
});

test('long runs do not either', async () => {
  for (let seed = 1; seed <= extent(2, 20); seed++) {
    const run = await simulate(catalog, seed, 1_500);
    expect([seed, run.broken]).toEqual([seed, undefined]);
    expect(run.accepted).toBeGreaterThan(100);
    expect(run.duplicates).toBeGreaterThan(10);
  }
});

test('a seed repeats exactly', async () => {
  expect(await simulate(catalog, 7, 500)).toEqual(await simulate(catalog, 7, 500));
});

describe('a planted fault is found:', () => {
  const found = async (components: readonly Component[], plants: Plants): Promise<Simulated['broken']> => {
    for (let seed = 1; seed <= MOST_SEEDS; seed++) {
      const { broken } = await simulate(components, seed, STEPS, plants);
      if (broken !== undefined) return broken;
    }
    return undefined;
  };

  test('a log that acknowledges what a crash then takes away', async () => {
    const plants: Plants = {
      crashed: (topic, random) => {
        if (random.chance(0.1)) topic.entries.pop();
      },
    };
    const broken = await found(catalog, plants);
    // A replica that is ahead of what the log still has waits for ever.
    expect(broken?.invariant).toMatch(/acknowledged|The log ends|differs|log ends at position|come to rest/);
  });

  test('a store that forgets how far it has come, so that entries are applied twice', async () => {
    const plants: Plants = {
      store: (store, random) => ({
        ...store,
        get head() {
          return store.head;
        },
        commit: (changes, head) => store.commit(changes, random.chance(0.1) ? store.head : head),
      }),
    };
    expect((await found(catalog, plants))?.invariant).toMatch(/differs|twice/);
  });

  test('a decider with a memory of its own', async () => {
    const counter = { calls: 0 };
    const touch = command('thing', 'touch', { summary: 'Touch it.', id: id('thing'), body: {} });
    const impure: AnyAggregate = {
      kind: kind('thing'),
      summary: 'A thing.',
      commands: [touch],
      events: { 'thing.touched': object({}) },
      rejections: {},
      decide: () => accept({ kind: 'thing.touched', body: { calls: counter.calls++ } }),
      evolve: (_state, event) => event.body,
    };
    const things = [{ name: 'things', summary: '', aggregates: [impure], procedures: [], reactions: [], views: [] }];
    expect((await found(things, {}))?.invariant).toMatch(/differs/);
  });
});
