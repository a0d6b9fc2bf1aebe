import { isRight } from 'fp-ts/lib/Either';
import { object } from '#commands/codec/object';
import { id, integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import type { Aggregate } from '#aggregates/aggregate';
import { clock } from '#aggregates/cluster/clock';
import { accept, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { inMemory } from '#harness/in-memory';
import { performances } from '#harness/performances';

const set = command('alarm', 'set', {
  summary: 'Ring later.',
  id: id('alarm'),
  body: { dueMs: integer('due', { summary: 'When.', unit: 'ms' }) },
});
const ring = command('alarm', 'ring', { summary: 'Ring.', id: id('alarm'), internal: true, body: {} });
const broken = { 'alarm.broken': { category: 'conflict', summary: 'It is broken.', fix: 'Repair it.' } } as const;

type Command = CommandOf<typeof set | typeof ring>;
type Event =
  | { readonly kind: 'alarm.set'; readonly body: { readonly dueMs: number } }
  | { readonly kind: 'alarm.rang'; readonly body: Readonly<Record<string, never>> };

/** An alarm clock; one with the id `broken` refuses to ring. */
const alarm: Aggregate<{ readonly dueMs: number }, Command, Event, keyof typeof broken> = {
  kind: kind('alarm'),
  summary: 'An alarm.',
  commands: [set, ring],
  events: { 'alarm.set': set.body, 'alarm.rang': object({}) },
  rejections: broken,
  decide(state, told) {
    if (told.kind === 'alarm.set') return accept({ kind: 'alarm.set', body: told.body });
    if (told.id === 'broken') return reject('alarm.broken');
    return state === undefined ? accept() : accept({ kind: 'alarm.rang', body: {} });
  },
  evolve: (_state, event) => (event.kind === 'alarm.set' ? event.body : undefined),
  due: (state) => state.dueMs,
  onDue: 'alarm.ring',
};

const components = [
  { name: 'alarms', summary: '', aggregates: [alarm], procedures: [clock], reactions: [], views: [] },
];
const at = (name: string, dueMs: number) => ({ kind: 'alarm.set', id: name, body: { dueMs } });
const advance = { kind: 'clock.advance' as const, id: '' as const, body: {} };
const rang = (name: string) => ({ kind: 'alarm.rang', id: name, body: {} });
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
    { events: [rang('a')], reply: { fired: 1, quarantined: 1 } },
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

test('a quarantined timer leaves an alarm and is not tried again', () => {
  const memory = inMemory(components);
  memory.run(at('broken', 1));
  memory.run(advance, 2);
  expect([...memory.rows.range('alarm', { from: '', to: '\xff' })]).toEqual([
    ['timer\0alarm\0broken', { code: 'alarm.broken', position: 2 }],
  ]);
  expect(memory.run(advance, 3)).toMatchObject({ right: { reply: none } });
});
