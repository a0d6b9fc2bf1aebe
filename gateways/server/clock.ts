import type { Engine } from '#log/engine';
import { END } from '#log/rows';
import { integerOfKey } from '#log/key';

/** Longer waits are cut: Node's timers count in 32 bits, and a clock may be set. */
const LONGEST_MS = 60_000;

/** Appends `clock.advance` when a timer in the state is due; several replicas doing so fire each timer once. */
export const startClock = (engine: Engine): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  let advancing = false;
  let stopped = false;
  const nextDueMs = (): number | undefined => {
    for (const [key] of engine.rows.range('timer', { from: '', to: END })) return integerOfKey(key, 0);
    return undefined;
  };
  const plan = (): void => {
    clearTimeout(timer);
    const due = stopped || advancing ? undefined : nextDueMs();
    if (due === undefined) return;
    timer = setTimeout(() => void advance(), Math.min(LONGEST_MS, Math.max(0, due - engine.now)));
  };
  const advance = async (): Promise<void> => {
    const due = nextDueMs();
    if (due === undefined || due > engine.now) {
      plan();
      return;
    }
    advancing = true;
    try {
      await engine.submit({
        kind: 'clock.advance',
        id: '',
        body: {},
        principal: 'system',
        credential: 'process',
        source: 'system',
      });
    } catch {
      // Nothing is lost: the timer stays in the state and is tried again below.
    }
    advancing = false;
    plan();
  };
  const stopListening = engine.onApplied(plan);
  plan();
  return () => {
    stopped = true;
    clearTimeout(timer);
    stopListening();
  };
};
