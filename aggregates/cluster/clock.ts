import { isLeft, right } from 'fp-ts/lib/Either';
import { advanceClock, type ClusterCommand } from '#commands/cluster/cluster';
import { timerAlarm } from '#aggregates/alarm';
import type { Procedure } from '#aggregates/procedure';

/** Timers that one position may fire; the rest follow at the next, so no position does unbounded work. */
const firedPerPosition = 100;

/** Time itself comes with the entry; this only runs what is due by then, and tells of what came to nothing. */
export const clock: Procedure<ClusterCommand> = {
  command: advanceClock,
  rejections: {},
  perform(_command, work) {
    const { fired, quarantined } = work.fireDue(firedPerPosition);
    for (const { noun, id, code, message } of quarantined) {
      const raised = work.follow({ kind: 'alarm.raise', id: timerAlarm(noun, id), body: { code, message } });
      if (isLeft(raised)) return raised;
    }
    return right({ fired, quarantined: quarantined.length });
  },
};
