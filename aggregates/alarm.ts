import { kind } from '#aggregates/facts';

/** Something that an operator must look at. */
export interface Alarm {
  readonly code: string;
  readonly message: string;
  /** It ends with its cause; without one an operator ends it. */
  readonly standing: boolean;
  readonly raisedMs: number;
}

export const alarmKind = kind<Alarm>('alarm');

const timers = 'timer/';

/** The id of the alarm about the timer of an object. */
export const timerAlarm = (noun: string, id: string): string => `${timers}${noun}/${id}`;

/** The object whose timer an alarm is about; undefined when it is about something else. */
export const timerOf = (alarm: string): { readonly noun: string; readonly id: string } | undefined => {
  if (!alarm.startsWith(timers)) return undefined;
  const end = alarm.indexOf('/', timers.length);
  return end < 0 ? undefined : { noun: alarm.slice(timers.length, end), id: alarm.slice(end + 1) };
};
