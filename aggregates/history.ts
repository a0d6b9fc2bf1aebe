import { kind } from '#aggregates/facts';

/** How much of a noun's past can be read. */
export interface History {
  /** The oldest position that can; 0: everything. */
  readonly position: number;
  /** What is younger than this is not forgotten by itself. */
  readonly keepSeconds?: number;
  /** As many positions before the newest are not forgotten by themselves. */
  readonly keepPositions?: number;
}

/** The id is the noun. */
export const historyKind = kind<History>('history');
