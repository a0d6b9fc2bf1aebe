import { compactHistory, type HistoryCommand } from '#commands/cluster/cluster';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject } from '#aggregates/decision';
import { historyKind } from '#aggregates/history';

type History = { readonly position: number };
export type HistoryEvent = { readonly kind: 'history.compacted'; readonly body: History };

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
  summary: 'Where the readable past of a noun begins.',
  commands: [compactHistory],
  events: { 'history.compacted': compactHistory.body },
  rejections,
  decide(state, command, _facts, moment) {
    const { position } = command.body;
    if (position >= moment.position) return reject('history.future', { position: moment.position - 1 });
    if (state !== undefined && position <= state.position) return reject('history.compacted', state);
    return accept({ kind: 'history.compacted', body: { position } });
  },
  evolve: (_state, event) => event.body,
};
