import type { Engine } from '#log/engine';
import { END } from '#log/rows';
import { integerOfKey } from '#log/key';
import type { Notices } from '#gateways/server/notices';
import { bySystem } from '#gateways/server/by-system';

/** Longer waits are cut: the clock of the machine may be set meanwhile. */
const LONGEST_MS = 1_000;
/** Until it is tried again, when the log takes no commands. */
const RETRY_MS = 1_000;

const LOOK_MS = 2_000;
/** Clocks that follow a time server differ by less. */
const BEHIND_MS = 5_000;

/**
 * Tells when this machine's clock is behind the log's time, which never steps back: it stands still until the clock
 * has caught up. Gives what stops it.
 */
export const watchClock = (engine: Engine, notices: Notices): (() => void) => {
  const look = (): void => {
    const behindMs = engine.head.nowMs - engine.now;
    if (behindMs < BEHIND_MS) {
      notices.takeBack('clock');
      return;
    }
    notices.tell(
      'clock',
      `the clock of this machine is ${Math.ceil(behindMs / 1000)} s behind the newest entry of the log: it was set ` +
        'back, or ran ahead before. Time in the log stands still until the clock has caught up, so what has a time ' +
        'to live stays that much longer. Let this machine follow a time server.',
    );
  };
  look();
  const timer = setInterval(look, LOOK_MS).unref();
  return () => clearInterval(timer);
};

/** Appends `clock.advance` when a timer in the state is due; several replicas doing so fire each timer once. */
export const startClock = (engine: Engine): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  let advancing = false;
  let stopped = false;
  const nextDueMs = (): number | undefined => {
    for (const [key] of engine.rows.range('timer', { from: '', to: END })) return integerOfKey(key, 0);
    return undefined;
  };
  const plan = (soonestMs = 0): void => {
    clearTimeout(timer);
    const due = stopped || advancing ? undefined : nextDueMs();
    if (due === undefined) return;
    timer = setTimeout(() => void advance(), Math.min(LONGEST_MS, Math.max(soonestMs, due - engine.now)));
  };
  const advance = async (): Promise<void> => {
    const due = nextDueMs();
    if (due === undefined || due > engine.now) {
      plan();
      return;
    }
    advancing = true;
    let soonestMs = 0;
    try {
      await engine.submit({
        kind: 'clock.advance',
        id: '',
        body: {},
        ...bySystem,
      });
    } catch {
      // Nothing is lost: the timer stays in the state.
      soonestMs = RETRY_MS;
    }
    advancing = false;
    plan(soonestMs);
  };
  let seen = engine.timersMovedAt;
  const stopListening = engine.onApplied(() => {
    if (engine.timersMovedAt === seen) return;
    seen = engine.timersMovedAt;
    plan();
  });
  plan();
  return () => {
    stopped = true;
    clearTimeout(timer);
    stopListening();
  };
};
