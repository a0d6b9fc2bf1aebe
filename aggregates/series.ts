import type { Moment } from '#aggregates/decision';

/**
 * Work that is too large for one position is a series: an object that is due at once, does a bounded part each time and
 * says how far it is. Other commands are decided between its parts, and it goes on by itself after a crash.
 */

/** When the next part is due. A timer is known by its time, so it is later than the last, also within a millisecond. */
export const nextTurn = (lastDueMs: number, moment: Moment): number => Math.max(moment.now, lastDueMs + 1);
