import { left, right } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  AlarmRaised,
  disarmAlarm,
  endAlarm,
  raiseAlarm,
  type AlarmCommand,
  type DisarmCommand,
} from '#commands/cluster/alarm';
import type { Aggregate } from '#aggregates/aggregate';
import { alarmKind, timerOf, type Alarm } from '#aggregates/alarm';
import { accept } from '#aggregates/decision';
import type { Procedure } from '#aggregates/procedure';

export type AlarmEvent =
  | { readonly kind: 'alarm.raised'; readonly body: TypeOf<typeof AlarmRaised> }
  | { readonly kind: 'alarm.ended'; readonly body: Readonly<Record<string, never>> };

export const alarm: Aggregate<Alarm, AlarmCommand, AlarmEvent, never> = {
  kind: alarmKind,
  summary: 'Something that an operator must look at.',
  commands: [raiseAlarm, endAlarm],
  events: { 'alarm.raised': AlarmRaised, 'alarm.ended': object({}) },
  rejections: {},

  decide(state, command) {
    if (command.kind === 'alarm.end') return state === undefined ? accept() : accept({ kind: 'alarm.ended', body: {} });
    const { code, message, standing = false } = command.body;
    const isKnown = state?.code === code && state.message === message && state.standing === standing;
    return isKnown ? accept() : accept({ kind: 'alarm.raised', body: { code, message, standing } });
  },

  evolve: (_state, event, moment) =>
    event.kind === 'alarm.raised' ? { ...event.body, raisedMs: moment.now } : undefined,
};

const rejections = {
  'alarm.absent': {
    category: 'absent',
    summary: 'There is no such alarm.',
    fix: 'List the alarms to see what there is.',
  },
  'alarm.standing': {
    category: 'conflict',
    summary: 'The cause of the alarm still stands.',
    fix: 'Remove the cause that the alarm names; then it ends by itself.',
  },
} as const;

/** Ends an alarm. Where the timer of an object came to nothing, it fires again and may raise the alarm once more. */
export const disarm: Procedure<DisarmCommand> = {
  command: disarmAlarm,
  rejections,
  perform({ id }, work) {
    const held = work.get(alarmKind, id)?.state;
    if (held === undefined) return left({ code: 'alarm.absent' });
    if (held.standing) return left({ code: 'alarm.standing', detail: { code: held.code } });
    const timer = timerOf(id);
    if (timer !== undefined) work.rearm(timer.noun, timer.id);
    const ended = work.follow({ kind: 'alarm.end', id, body: {} });
    return ended._tag === 'Left' ? ended : right(undefined);
  },
};
