import { isRight } from 'fp-ts/lib/Either';
import type { Id } from '#commands/codec/scalar';
import { key, keyKind } from '#aggregates/chainfire/key';
import { sweep, sweeping, sweepKind, type SweepEvent } from '#aggregates/chainfire/sweep';
import { alarm } from '#aggregates/cluster/alarm';
import { clock } from '#aggregates/cluster/clock';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';
import { inMemory, type InMemory } from '#harness/in-memory';

const id = 'old' as Id<'sweep'>;
const start = (prefix: string) => ({ kind: 'sweep.start' as const, id, body: { prefix } });
const step = { kind: 'sweep.step' as const, id, body: {} };
const cancel = { kind: 'sweep.cancel' as const, id, body: {} };

const started: SweepEvent = { kind: 'sweep.started', body: { prefix: 'a/' } };
const passed = (upTo: string, count: number, deleted = count): SweepEvent => ({
  kind: 'sweep.passed',
  body: { after: '', upTo, passed: count, deleted },
});
const finished: SweepEvent = { kind: 'sweep.finished', body: {} };
const cancelled: SweepEvent = { kind: 'sweep.cancelled', body: {} };
const forgotten: SweepEvent = { kind: 'sweep.forgotten', body: {} };

const value = Buffer.from('x');
const keyAt = (name: string, modPosition: number, size = 1) =>
  held(key, name, { value: Buffer.alloc(size) }, { modPosition });
const among = (...facts: readonly ReturnType<typeof keyAt>[]) => ({ facts });
const many = Array.from({ length: 1_001 }, (_, at) => keyAt(`a/${String(at).padStart(4, '0')}`, 0));
const MiB = 2 ** 20;

decisions(sweep, [
  ['starts', [], start('a/'), [started]],
  ['takes a repeated start as done', [started, finished], start('a/'), []],
  ['refuses another prefix under the same id', [started], start('b/'), 'sweep.exists'],
  [
    'passes the keys with the prefix',
    [started],
    step,
    [passed('a/2', 2), finished],
    among(keyAt('a/1', 0), keyAt('a/2', 0), keyAt('b', 0)),
  ],
  [
    'keeps a key that changed since the start',
    [started],
    step,
    [passed('a/2', 2, 1), finished],
    among(keyAt('a/1', 2), keyAt('a/2', 0)),
  ],
  ['passes a thousand keys at one position', [started], step, [passed('a/0999', 1_000)], among(...many)],
  [
    'passes fewer when they are large',
    [started],
    step,
    [passed('a/3', 3)],
    among(...[1, 2, 3, 4, 5].map((n) => keyAt(`a/${n}`, 0, 1.5 * MiB))),
  ],
  ['ends where no key is left', [started], step, [finished]],
  ['stops where it is when it is cancelled', [started, passed('a/2', 2)], cancel, [cancelled]],
  ['takes a repeated cancellation as done', [started, cancelled], cancel, []],
  ['refuses to cancel what is not there', [], cancel, 'sweep.absent'],
  ['waits until its time has come', [started, finished], step, [], { moment: { now: 86_399_999 } }],
  ['is forgotten a day after its end', [started, finished], step, [forgotten], { moment: { now: 86_400_000 } }],
  ['takes a step of what is gone as done', [started, finished, forgotten], step, []],
]);

const components = [
  { name: 'c', summary: '', aggregates: [key, sweep, alarm], procedures: [clock], reactions: sweeping, views: [] },
];
const advance = { kind: 'clock.advance', id: '', body: {} };

const filled = (count: number): InMemory => {
  const memory = inMemory(components);
  for (let at = 0; at < count; at++) memory.run({ kind: 'key.put', id: `a/${at}`, body: { value } });
  for (const name of ['a', 'b/1']) memory.run({ kind: 'key.put', id: name, body: { value } });
  return memory;
};
const left = (memory: InMemory): readonly string[] =>
  memory.facts.range(keyKind, { from: '', limit: 10_000 }).map((fact) => fact.id);

test('a sweep deletes all keys with the prefix in parts, and keeps what is put after its start', () => {
  const memory = filled(2_500);
  expect(isRight(memory.run(start('a/'), 1))).toBe(true);
  memory.run(advance, 2);
  expect(memory.facts.get(sweepKind, id)?.state).toMatchObject({ phase: 'running', passed: 1_000, deleted: 1_000 });
  // One behind the cursor, one that is new ahead of it, and one that was there and changes.
  for (const name of ['a/0', 'a/95x', 'a/999']) memory.run({ kind: 'key.put', id: name, body: { value } });
  for (let turn = 0; turn < 5; turn++) memory.run(advance, 10 + turn);
  expect(memory.facts.get(sweepKind, id)?.state).toMatchObject({ phase: 'finished', passed: 2_501, deleted: 2_499 });
  expect(left(memory)).toEqual(['a', 'a/0', 'a/95x', 'a/999', 'b/1']);
});

test('sweeps beside each other share what a position may do', () => {
  const memory = inMemory(components);
  for (let at = 0; at < 60; at++) memory.run({ kind: 'key.put', id: `a/${at}/`, body: { value: Buffer.alloc(MiB) } });
  for (let at = 0; at < 40; at++) {
    memory.run({ kind: 'sweep.start', id: `s${at}`, body: { prefix: `a/${at}/` } }, 1);
  }
  for (let turn = 0; turn < 40; turn++) memory.run(advance, 10 + turn);
  expect(left(memory)).toEqual(Array.from({ length: 20 }, (_, at) => `a/${at + 40}/`));
  expect(memory.facts.range(alarm.kind, { from: '', limit: 1 })).toEqual([]);
});

test('an empty prefix sweeps all keys', () => {
  const memory = filled(3);
  memory.run(start(''), 1);
  memory.run(advance, 2);
  expect(left(memory)).toEqual([]);
});
