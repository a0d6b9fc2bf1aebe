import { newestLevel } from '#commands/cluster/cluster';
import type { Id } from '#commands/codec/scalar';
import { level, type LevelEvent } from '#aggregates/cluster/level';
import { decisions } from '#harness/decisions';

const raise = (to: number) => ({ kind: 'level.raise' as const, id: 'cluster' as Id<'level'>, body: { level: to } });
const raised = (to: number): LevelEvent => ({ kind: 'level.raised', body: { level: to } });

decisions(level, [
  ['raises the level', [], raise(newestLevel), [raised(newestLevel)], { moment: { level: newestLevel - 1 } }],
  ['takes the present level as done', [raised(newestLevel)], raise(newestLevel), []],
  ['refuses to lower it', [], raise(newestLevel), 'level.lower', { moment: { level: newestLevel + 1 } }],
  ['refuses a level of a newer release', [], raise(newestLevel + 1), 'level.unknown'],
]);
