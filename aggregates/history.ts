import { kind } from '#aggregates/facts';

/** From which position on the past states of a noun can be read; the id is the noun. */
export const historyKind = kind<{ readonly position: number }>('history');
