import { object, optional } from '#commands/codec/object';
import { id, integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { view } from '#commands/view';

/** The feature level that this release can decide; a cluster is raised to it by an operator's command. */
export const newestLevel = 1;

export const advanceClock = command('clock', 'advance', {
  summary: 'Let the time of the log pass and run the timers that are due.',
  id: undefined,
  route: '/v1/clock/advance',
  internal: true,
  body: {},
});

const DutyId = id('duty', { summary: 'Work that one process does for all.', example: 'liveness' });

export const acquireDuty = command('duty', 'acquire', {
  summary: 'Become the holder of a duty; the position is the fencing token.',
  id: DutyId,
  plural: 'duties',
  internal: true,
  body: { holder: text('holder', { summary: 'The process that takes the duty.', maxLength: 64 }) },
});

const LevelId = id('level', { summary: 'What has the level: `cluster`.', example: 'cluster' });

export const raiseLevel = command('level', 'raise', {
  summary: 'Let the cluster use what newer releases decide. It cannot be lowered.',
  id: LevelId,
  body: { level: integer('level', { summary: 'The new feature level.', unit: 'number', min: 1, max: 65_535 }) },
  cli: { positional: ['level'] },
});

const HistoryId = id('history', {
  summary: 'The noun whose history it is, such as `key`.',
  pattern: '[a-z][a-zA-Z0-9-]{0,62}',
  example: 'key',
});

const Position = integer('position', { summary: 'The oldest position that stays readable.', unit: 'position', min: 1 });

export const compactHistory = command('history', 'compact', {
  summary: 'Forget the states of a noun that ended before a position. Their past can no longer be read.',
  id: HistoryId,
  plural: 'histories',
  body: { position: Position },
  cli: { positional: ['position'] },
});

export const retainHistory = command('history', 'retain', {
  summary: 'Say how much of the past of a noun stays readable; what is older is forgotten as time goes on.',
  id: HistoryId,
  plural: 'histories',
  body: {
    keepSeconds: optional(
      integer('time kept', {
        summary: 'The past of so long stays readable.',
        unit: 'seconds',
        min: 1,
        max: 3_200_000_000,
      }),
    ),
    keepPositions: optional(
      integer('positions kept', {
        summary: 'The past of so many positions stays readable. With a time too, what either keeps is kept.',
        unit: 'count',
        min: 1,
      }),
    ),
  },
  examples: [
    { title: 'Keep the keys of the last thirty days.', id: 'key', body: { keepSeconds: 2_592_000 } },
    { title: 'Keep everything from now on.', id: 'key', body: {} },
  ],
});

export type ClusterCommand = CommandOf<typeof advanceClock>;
export type DutyCommand = CommandOf<typeof acquireDuty>;
export type LevelCommand = CommandOf<typeof raiseLevel>;
export type HistoryCommand = CommandOf<typeof compactHistory> | CommandOf<typeof retainHistory>;

export const histories = view('history', {
  summary: 'Where the readable past of a noun begins and how much is kept, for nouns of which not everything is.',
  id: HistoryId,
  plural: 'histories',
  row: object({
    id: HistoryId,
    position: integer('position', { summary: 'The oldest position that can be read; 0: the first.', unit: 'position' }),
    ...retainHistory.body.shape.props,
  }),
  columns: [
    { title: 'NOUN', path: 'id' },
    { title: 'OLDEST', path: 'position' },
    { title: 'SECONDS KEPT', path: 'keepSeconds' },
    { title: 'POSITIONS KEPT', path: 'keepPositions' },
  ],
});

export const levels = view('level', {
  summary: 'The feature level that the cluster was raised to; a cluster that never was has level 1.',
  id: LevelId,
  row: object({ id: LevelId, ...raiseLevel.body.shape.props }),
  columns: [
    { title: 'LEVEL OF', path: 'id' },
    { title: 'LEVEL', path: 'level' },
  ],
});

export const duties = view('duty', {
  summary: 'Work that one process does for all, with who does it.',
  id: DutyId,
  plural: 'duties',
  row: object({
    id: DutyId,
    ...acquireDuty.body.shape.props,
    modPosition: integer('position', { summary: 'Where it was taken: the fencing token.', unit: 'position' }),
  }),
  columns: [
    { title: 'DUTY', path: 'id' },
    { title: 'HOLDER', path: 'holder' },
    { title: 'POSITION', path: 'modPosition' },
  ],
});
