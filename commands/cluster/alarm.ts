import { object, optional } from '#commands/codec/object';
import { boolean, bytesId, integer, text, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { view } from '#commands/view';

const AlarmId = bytesId('alarm', {
  summary: 'What it is about, as in `timer/doc/users/ada` for the timer of an object.',
  maxBytes: 1_152,
});

const about = {
  code: text('code', { summary: 'Why it was raised.', maxLength: 128, example: 'budget.exceeded' }),
  message: text('message', { summary: 'The reason in a sentence.' }),
};

const Standing = boolean('standing', { summary: 'It ends with its cause, and not before.' });

export const raiseAlarm = command('alarm', 'raise', {
  summary: 'Tell that an operator must look at something.',
  id: AlarmId,
  internal: true,
  body: { ...about, standing: optional(Standing) },
});

export const endAlarm = command('alarm', 'end', {
  summary: 'Say that the cause of an alarm is gone.',
  id: AlarmId,
  internal: true,
  body: {},
});

export const disarmAlarm = command('alarm', 'disarm', {
  summary: 'End an alarm. A timer that it is about is tried again.',
  id: AlarmId,
  body: {},
  examples: [{ title: 'Try the expiry of a document again.', id: 'timer/doc/users/ada', body: {} }],
});

export const AlarmRaised = object({ ...about, standing: Standing });

export type AlarmCommand = CommandOf<typeof raiseAlarm | typeof endAlarm>;
export type DisarmCommand = CommandOf<typeof disarmAlarm>;

export const alarms = view('alarm', {
  summary: 'What an operator must look at.',
  id: AlarmId,
  row: object({
    id: AlarmId,
    ...about,
    standing: Standing,
    raisedAt: time('raised at', { summary: 'When it was raised.' }),
    createPosition: integer('position', { summary: 'Where it was raised.', unit: 'position' }),
  }),
  columns: [
    { title: 'ALARM', path: 'id' },
    { title: 'CODE', path: 'code' },
    { title: 'MESSAGE', path: 'message' },
    { title: 'RAISED', path: 'raisedAt' },
    { title: 'POSITION', path: 'createPosition', wide: true },
  ],
});
