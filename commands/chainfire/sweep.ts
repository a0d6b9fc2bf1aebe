import { object } from '#commands/codec/object';
import { bytesId, choice, id, integer, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { maxKeyBytes } from '#commands/chainfire/key';
import { view } from '#commands/view';

const SweepId = id('sweep', {
  summary: 'The id of a sweep, chosen by the caller; the same id with the same prefix is the same sweep for a day.',
  example: 'old-sessions',
});

const Prefix = bytesId('prefix', {
  summary: 'Keys that start with this; nothing: all keys.',
  minBytes: 0,
  maxBytes: maxKeyBytes,
});

export const startSweep = command('sweep', 'start', {
  summary:
    'Delete all keys with a prefix, however many, part by part while work goes on. A key that is put after the start ' +
    'stays.',
  id: SweepId,
  body: { prefix: Prefix },
  cli: { positional: ['prefix'] },
  examples: [{ title: 'Delete what is left of old sessions.', id: 'old-sessions', body: { prefix: 'sessions/2024-' } }],
});

export const cancelSweep = command('sweep', 'cancel', {
  summary: 'Stop a sweep where it is. What it has deleted stays deleted.',
  id: SweepId,
  body: {},
  examples: [{ title: 'Stop it.', id: 'old-sessions', body: {} }],
});

export const stepSweep = command('sweep', 'step', {
  summary: 'Go on with the next part, or forget a sweep that ended a day ago.',
  id: SweepId,
  internal: true,
  body: {},
});

const Count = (name: string, summary: string) => integer(name, { summary, unit: 'count' });
const Position = (summary: string) => integer('position', { summary, unit: 'position' });

const Key = bytesId('key', { summary: 'A key, or nothing.', minBytes: 0, maxBytes: maxKeyBytes });

/** A part of a sweep: the keys behind `after` up to `upTo` that have not changed since it began. */
export const SweepPassed = object({
  after: Key,
  upTo: Key,
  passed: Count('passed', 'Keys in this part.'),
  deleted: Count('deleted', 'Keys of it that were deleted.'),
});

export type SweepCommand = CommandOf<typeof startSweep | typeof cancelSweep | typeof stepSweep>;

export const sweeps = view('sweep', {
  summary: 'Sweeps that are under way, and those that ended in the last day.',
  id: SweepId,
  row: object({
    id: SweepId,
    prefix: Prefix,
    phase: choice('phase', { summary: 'How far it is.', values: ['running', 'finished', 'cancelled'] }),
    passed: Count('passed', 'Keys that it has come by.'),
    deleted: Count('deleted', 'Keys that it has deleted.'),
    startPosition: Position('Where it began; keys that changed later stay.'),
    startedAt: time('started at', { summary: 'When it began.' }),
    modPosition: Position('Its last part.'),
  }),
  columns: [
    { title: 'SWEEP', path: 'id' },
    { title: 'PREFIX', path: 'prefix' },
    { title: 'PHASE', path: 'phase' },
    { title: 'DELETED', path: 'deleted' },
    { title: 'PASSED', path: 'passed', wide: true },
    { title: 'STARTED', path: 'startedAt', wide: true },
  ],
});
