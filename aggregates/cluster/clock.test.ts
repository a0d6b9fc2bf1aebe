import { isRight } from 'fp-ts/lib/Either';
import { object } from '#commands/codec/object';
import { id, integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import type { Aggregate } from '#aggregates/aggregate';
import { alarmKind } from '#aggregates/alarm';
import { alarm, disarm } from '#aggregates/cluster/alarm';
import { clock } from '#aggregates/cluster/clock';
import { accept, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { inMemory } from '#harness/in-memory';
import { performances } from '#harness/performances';

const set = command('bell', 'set', {
  summary: 'Ring later.',
  id: id('bell'),
  body: { dueMs: integer('due', { summary: 'When.', unit: 'ms' }) },
});
const ring = command('bell', 'ring', { summary: 'Ring.', id: id('bell'), internal: true, body: {} });
const broken = { 'bell.broken': { category: 'conflict', summary: 'It is broken.', fix: 'Repair it.' } } as const;

type Command = CommandOf<typeof set | typeof ring>;
type Event =
  | { readonly kind: 'bell.set'; readonly body: { readonly dueMs: number } }
  | { readonly kind: 'bell.rang'; readonly body: Readonly<Record<string, never>> };

/** A bell; one with the id `broken` refuses to ring. */
const bell: Aggregate<{ readonly dueMs: number }, Command, Event, keyof typeof broken> = {
  kind: kind('bell'),
  summary: 'A bell.',
  commands: [set, ring],
  events: { 'bell.set': set.body, 'bell.rang': object({}) },
  rejections: broken,
  decide(state, told) {
    if (told.kind === 'bell.set') return accept({ kind: 'bell.set', body: told.body });
    if (told.id === 'broken') return reject('bell.broken');
    if (told.id === 'throws') throw new TypeError('a defect');
    if (told.id === 'endless') return accept(...Array<Event>(20_000).fill({ kind: 'bell.set', body: { dueMs: 0 } }));
    return state === undefined ? accept() : accept({ kind: 'bell.rang', body: {} });
  },
  evolve: (_state, event) => (event.kind === 'bell.set' ? event.body : undefined),
  due: (state) => state.dueMs,
  onDue: 'bell.ring',
};

const components = [
  { name: 'bells', summary: '', aggregates: [bell, alarm], procedures: [clock, disarm], reactions: [], views: [] },
];
const at = (name: string, dueMs: number) => ({ kind: 'bell.set', id: name, body: { dueMs } });
const advance = { kind: 'clock.advance' as const, id: '' as const, body: {} };
const rang = (name: string) => ({ kind: 'bell.rang', id: name, body: {} });
const alarmed = { code: 'bell.broken', message: 'It is broken.' };
const raised = { kind: 'alarm.raised', id: 'timer/bell/broken', body: { ...alarmed, standing: false } };
const none = { fired: 0, quarantined: 0 };

performances(clock, components, [
  ['nothing without timers', [], advance, { events: [], reply: none }, 1_000],
  ['nothing before the time', [at('a', 1_001)], advance, { events: [], reply: none }, 1_000],
  [
    'the timers that are due, the earliest first',
    [at('a', 900), at('b', 800), at('c', 1_001)],
    advance,
    { events: [rang('b'), rang('a')], reply: { fired: 2, quarantined: 0 } },
    1_000,
  ],
  [
    'a quarantine of the timer that is refused, and the rest',
    [at('broken', 1), at('a', 2)],
    advance,
    { events: [rang('a'), raised], reply: { fired: 1, quarantined: 1 } },
    1_000,
  ],
]);

test('a timer fires once, and what is left over fires at the next position', () => {
  const memory = inMemory(components);
  for (let count = 0; count < 150; count++) memory.run(at(`a${count}`, 10));
  const fired = [20, 20, 20].map((nowMs) => {
    const performed = memory.run(advance, nowMs);
    return isRight(performed) ? performed.right.events.length : -1;
  });
  expect(fired).toEqual([100, 50, 0]);
});

test('a quarantined timer leaves an alarm and is not tried again until it is disarmed', () => {
  const memory = inMemory(components);
  memory.run(at('broken', 1));
  memory.run(advance, 2);
  expect(memory.facts.get(alarmKind, 'timer/bell/broken')?.state).toMatchObject(alarmed);
  expect(memory.run(advance, 3)).toMatchObject({ right: { reply: none } });
  const retry = { kind: 'alarm.disarm', id: 'timer/bell/broken', body: {} };
  expect(isRight(memory.run(retry))).toBe(true);
  expect(memory.facts.get(alarmKind, 'timer/bell/broken')).toBeUndefined();
  expect(memory.run(advance, 4)).toMatchObject({ right: { reply: { fired: 0, quarantined: 1 } } });
  expect(memory.facts.get(alarmKind, 'timer/bell/broken')?.state).toMatchObject(alarmed);
});

test.each(['throws', 'endless'])('a timer that %s is quarantined, and the others fire', (name) => {
  const memory = inMemory(components);
  for (const [id, dueMs] of Object.entries({ a: 1, [name]: 2, z: 3 })) memory.run(at(id, dueMs));
  const performed = memory.run(advance, 5);
  expect(performed).toMatchObject({ right: { reply: name === 'throws' ? { fired: 2 } : { fired: 1 } } });
  // What goes over the budget that others have used of is tried once more at a position of its own.
  memory.run(advance, 5);
  memory.run(advance, 5);
  const code = name === 'throws' ? 'command.poisoned' : 'budget.exceeded';
  expect(memory.facts.get(alarmKind, `timer/bell/${name}`)?.state.code).toBe(code);
  expect(['a', 'z'].map((id) => memory.facts.get(bell.kind, id))).toEqual([undefined, undefined]);
});
