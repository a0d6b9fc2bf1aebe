import type { Id } from '#commands/codec/scalar';
import { history, type HistoryEvent } from '#aggregates/cluster/history';
import { decisions } from '#harness/decisions';

const compact = (position: number) => ({
  kind: 'history.compact' as const,
  id: 'key' as Id<'history'>,
  body: { position },
});
const compacted = (position: number): HistoryEvent => ({ kind: 'history.compacted', body: { position } });

decisions(history, [
  ['forgets what ended before a position', [], compact(50), [compacted(50)]],
  ['forgets more', [compacted(50)], compact(99), [compacted(99)]],
  ['refuses what was forgotten before', [compacted(50)], compact(50), 'history.compacted'],
  ['refuses its own position, which nobody has read', [], compact(100), 'history.future'],
]);
