import type { Id } from '#commands/codec/scalar';
import { history, type HistoryEvent } from '#aggregates/cluster/history';
import { decisions } from '#harness/decisions';

const compact = (position: number) => ({
  kind: 'history.compact' as const,
  id: 'key' as Id<'history'>,
  body: { position },
});
const retain = (body: HistoryRetained['body']) => ({
  kind: 'history.retain' as const,
  id: 'key' as Id<'history'>,
  body,
});
const retained = (body: HistoryRetained['body']): HistoryEvent => ({ kind: 'history.retained', body });
const compacted = (position: number): HistoryEvent => ({ kind: 'history.compacted', body: { position } });

type HistoryRetained = Extract<HistoryEvent, { kind: 'history.retained' }>;

decisions(history, [
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
