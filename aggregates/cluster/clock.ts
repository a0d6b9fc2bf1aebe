import { right } from 'fp-ts/lib/Either';
import { advanceClock, type ClusterCommand } from '#commands/cluster/cluster';
import type { Procedure } from '#aggregates/procedure';

/** Timers that one position may fire; the rest follow at the next, so no position does unbounded work. */
const firedPerPosition = 100;

/** Time itself comes with the entry; this only runs what is due by then. */
export const clock: Procedure<ClusterCommand> = {
  command: advanceClock,
  rejections: {},
  perform: (_command, work) => right(work.fireDue(firedPerPosition)),
};
