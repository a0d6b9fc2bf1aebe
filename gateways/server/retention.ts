import { historyKind, type History } from '#aggregates/history';
import type { Engine } from '#log/engine';
import { lastUpTo } from '#log/past';
import { bySystem } from '#gateways/server/by-system';

const CHECK_MS = 1_000;

/** How often one noun is compacted: a tenth of the time that is kept, within these bounds. */
const RARELY_MS = 60_000;
const OFTEN_MS = 1_000;

/** Submits compactions of nouns of which only a part of the past is kept. What a node misses, the next check does. */
export const startRetention = (engine: Engine): (() => void) => {
  const compactedMs = new Map<string, number>();
  let checking = false;
  const check = async (): Promise<void> => {
    if (checking || engine.refusing !== undefined) return;
    checking = true;
    try {
      for (const { id, state } of engine.facts.range(historyKind, { from: '', limit: Infinity })) {
        const position = oldestKept(engine, state);
        // The compaction before is itself a position, of which nothing needs to be forgotten.
        if (position <= state.position + 1 || engine.now - (compactedMs.get(id) ?? 0) < pauseMs(state)) continue;
        compactedMs.set(id, engine.now);
        await engine.submit({
          kind: 'history.compact',
          id,
          body: { position },
          ...bySystem,
        });
      }
    } catch {
      // The node takes no commands at the moment, or stops.
    } finally {
      checking = false;
    }
  };
  const timer = setInterval(() => void check(), CHECK_MS).unref();
  return () => clearInterval(timer);
};

const pauseMs = ({ keepSeconds = 0 }: History): number => Math.min(RARELY_MS, Math.max(OFTEN_MS, keepSeconds * 100));

/** The oldest position that has to stay readable; 0: everything has. */
const oldestKept = (engine: Engine, { keepSeconds, keepPositions }: History): number => {
  const { position } = engine.head;
  if (keepSeconds === undefined && keepPositions === undefined) return 0;
  const young = keepSeconds === undefined ? position : lastUpTo(engine.rows, position, engine.now - keepSeconds * 1000);
  return Math.min(young, keepPositions === undefined ? position : position - keepPositions);
};
