import { newestLevel, raiseLevel, type LevelCommand } from '#commands/cluster/cluster';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';

/** The newest level that the cluster was raised to. */
export interface Level {
  readonly level: number;
}

export const levelKind = kind<Level>('level');

export type LevelEvent = { readonly kind: 'level.raised'; readonly body: Level };

const rejections = {
  'level.lower': {
    category: 'conflict',
    summary: 'The cluster has a higher feature level, and it cannot be lowered.',
    fix: 'Nothing: newer decisions may already rest on the higher level.',
  },
  'level.unknown': {
    category: 'invalid',
    summary: 'This release does not know that feature level.',
    fix: 'Upgrade every replica first, then raise the level.',
  },
} as const;

export const level: Aggregate<Level, LevelCommand, LevelEvent, keyof typeof rejections> = {
  kind: levelKind,
  summary: 'Which release the cluster decides like.',
  commands: [raiseLevel],
  events: { 'level.raised': raiseLevel.body },
  rejections,
  decide(_state, command, _facts, moment) {
    if (command.body.level === moment.level) return accept();
    if (command.body.level < moment.level) return reject('level.lower', { level: moment.level });
    if (command.body.level > newestLevel) return reject('level.unknown', { newest: newestLevel });
    return accept({ kind: 'level.raised', body: command.body });
  },
  evolve: (_state, event) => event.body,
};
