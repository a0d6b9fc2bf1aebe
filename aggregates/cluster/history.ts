import { compactHistory, retainHistory, type HistoryCommand } from '#commands/cluster/cluster';
import { suggest } from '#commands/codec/suggest';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject, type Decision } from '#aggregates/decision';
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
  'history.unknown': {
    category: 'invalid',
    summary: 'There is no such noun.',
    fix: 'Name one that `known` lists.',
  },
} as const;

type Code = keyof typeof rejections;

/**
 * Of these nouns. They are words of the release, as the kinds of commands are, so that a new one comes with a feature
 * level.
 */
export const historyOf = (nouns: () => readonly string[]): Aggregate<History, HistoryCommand, HistoryEvent, Code> => ({
  kind: historyKind,
  summary: 'Where the readable past of a noun begins, and how much of it is kept.',
  commands: [compactHistory, retainHistory],
  events: { 'history.compacted': compactHistory.body, 'history.retained': retainHistory.body },
  rejections,
  decide(state, command, _facts, moment) {
    const known = nouns();
    if (!known.includes(command.id)) return unknown(command.id, known);
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
});

const unknown = (noun: string, nouns: readonly string[]): Decision<never, Code> => {
  const known = [...nouns].sort();
  const meant = suggest(noun, known);
  return reject('history.unknown', { noun, ...(meant === undefined ? {} : { meant }), known: known.join(', ') });
};
