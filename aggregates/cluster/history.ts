import { compactHistory, retainHistory, type HistoryCommand } from '#commands/cluster/cluster';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject } from '#aggregates/decision';
import { historyKind, type History } from '#aggregates/history';

type Retention = Omit<History, 'position'>;

export type HistoryEvent =
  | { readonly kind: 'history.compacted'; readonly body: Pick<History, 'position'> }
  | { readonly kind: 'history.retained'; readonly body: Retention };

const rejections = {
  'history.compacted': {
    category: 'conflict',
    summary: 'The history was compacted at this position or a later one.',
    fix: 'Nothing: what was asked for is already gone.',
  },
  'history.future': {
    category: 'invalid',
    summary: 'The position lies in the future.',
    fix: 'Give a position that was reached; every answer names the present one.',
  },
} as const;

export const history: Aggregate<History, HistoryCommand, HistoryEvent, keyof typeof rejections> = {
  kind: historyKind,
  summary: 'Where the readable past of a noun begins, and how much of it is kept.',
  commands: [compactHistory, retainHistory],
  events: { 'history.compacted': compactHistory.body, 'history.retained': retainHistory.body },
  rejections,
  decide(state, command, _facts, moment) {
    if (command.kind === 'history.retain') {
      const { keepSeconds, keepPositions } = command.body;
      const same = state?.keepSeconds === keepSeconds && state?.keepPositions === keepPositions;
      return same ? accept() : accept({ kind: 'history.retained', body: command.body });
    }
    const { position } = command.body;
    if (position >= moment.position) return reject('history.future', { position: moment.position - 1 });
    if (state !== undefined && position <= state.position) {
      return reject('history.compacted', { position: state.position });
    }
    return accept({ kind: 'history.compacted', body: { position } });
  },
  evolve: (state, event) =>
    event.kind === 'history.compacted'
      ? { ...state, position: event.body.position }
      : { position: state?.position ?? 0, ...event.body },
};
