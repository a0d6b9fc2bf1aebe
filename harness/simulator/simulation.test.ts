import { kind } from '#aggregates/facts';
import { accept } from '#aggregates/decision';
import type { AnyAggregate } from '#aggregates/aggregate';
import { command } from '#commands/command';
import { object } from '#commands/codec/object';
import { id } from '#commands/codec/scalar';
import { catalog } from '#gateways/catalog';
import { simulate } from '#harness/simulator/simulation';

test.each([1, 2, 3, 4])('seed %i: replicas agree and nothing is lost', (seed) => {
  const run = simulate(catalog, seed, 1_500);
  expect(run.broken).toBeUndefined();
  expect(run.accepted).toBeGreaterThan(100);
  expect(run.rejected).toBeGreaterThan(100);
  expect(run.duplicates).toBeGreaterThan(10);
});

test('a seed repeats exactly', () => {
  expect(simulate(catalog, 7, 500)).toEqual(simulate(catalog, 7, 500));
});

test('a decider with a memory of its own is caught', () => {
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
  const broken = [{ name: 'things', summary: '', aggregates: [impure], procedures: [], reactions: [], views: [] }];
  expect(simulate(broken, 1, 500).broken?.invariant).toMatch(/differs|twice|different/);
});
