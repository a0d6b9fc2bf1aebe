import type { Arena } from '#harness/bench/arena';
import type { Contest, Row } from '#harness/bench/row';

/** What gives one or more rows; the names of all of them select it. */
export interface Bench {
  readonly contests: readonly Contest[];
  /** Too long to run unasked. */
  readonly onAsking?: true;
  readonly measure: (arena: Arena, wanted: (name: string) => boolean) => Promise<readonly Row[]>;
}
