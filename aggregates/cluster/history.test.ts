import { left } from 'fp-ts/lib/Either';
import type { Id } from '#commands/codec/scalar';
import { historyOf, type HistoryEvent } from '#aggregates/cluster/history';

import { decisions } from '#harness/decisions';
import { factsHolding } from '#harness/facts';

const compact = (position: number, noun = 'key') => ({
  kind: 'history.compact' as const,
  id: noun as Id<'history'>,
  body: { position },
});
const retain = (body: HistoryRetained['body'], noun = 'key') => ({
  kind: 'history.retain' as const,
  id: noun as Id<'history'>,
  body,
});
const retained = (body: HistoryRetained['body']): HistoryEvent => ({ kind: 'history.retained', body });
const compacted = (position: number): HistoryEvent => ({ kind: 'history.compacted', body: { position } });

type HistoryRetained = Extract<HistoryEvent, { kind: 'history.retained' }>;

const history = historyOf(() => ['lease', 'key', 'doc']);

decisions(history, [
  ['forgets nothing of a noun that there is not', [], compact(50, 'keys'), 'history.unknown'],
  ['keeps nothing of a noun that there is not', [], retain({ keepSeconds: 60 }, 'toString'), 'history.unknown'],
  ['forgets what ended before a position', [], compact(50), [compacted(50)]],
  ['forgets more', [compacted(50)], compact(99), [compacted(99)]],
  ['refuses what was forgotten before', [compacted(50)], compact(50), 'history.compacted'],
  ['refuses its own position, which nobody has read', [], compact(100), 'history.future'],
  ['keeps a time', [], retain({ keepSeconds: 60 }), [retained({ keepSeconds: 60 })]],
  [
    'keeps another time, and positions',
    [retained({ keepSeconds: 60 })],
    retain({ keepSeconds: 90, keepPositions: 5 }),
    [retained({ keepSeconds: 90, keepPositions: 5 })],
  ],
  ['keeps as much as before', [retained({ keepPositions: 5 })], retain({ keepPositions: 5 }), []],
  ['keeps everything again', [retained({ keepPositions: 5 })], retain({}), [retained({})]],
  ['keeps everything, as it did', [], retain({}), []],
  [
    'knows what was forgotten when it keeps something else',
    [compacted(50), retained({})],
    compact(50),
    'history.compacted',
  ],
  [
    'forgets at once what is asked for, whatever is kept',
    [retained({ keepSeconds: 60 })],
    compact(50),
    [compacted(50)],
  ],
]);

const moment = { position: 100, now: 0, level: 1, principal: 'tester', credential: 'test', address: '' };

test.each([
  ['keys', { noun: 'keys', meant: 'key', known: 'doc, key, lease' }],
  ['machine', { noun: 'machine', known: 'doc, key, lease' }],
])('an unknown noun %s is told which there are', (noun, detail) => {
  for (const command of [compact(50, noun), retain({}, noun)]) {
    expect(history.decide(undefined, command, factsHolding([]), moment)).toEqual(
      left({ code: 'history.unknown', detail }),
    );
  }
});
