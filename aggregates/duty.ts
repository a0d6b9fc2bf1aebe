import { kind } from '#aggregates/facts';

/** Who holds a duty; the position of the change is the fencing token, so an older holder can be told apart. */
export interface Duty {
  readonly holder: string;
}

export const dutyKind = kind<Duty>('duty');

/** The process that hears renewals and says who is gone. */
export const livenessDuty = 'liveness';
