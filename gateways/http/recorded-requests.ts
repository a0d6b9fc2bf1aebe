import { setImmediate as turn } from 'node:timers/promises';
import type { Outcome } from '#log/outcome';
import type { EntryAt, Node } from '#gateways/node';

/** A recorded request with its body, if its entry is still in the log. */
export interface RecordedRequest {
  readonly outcome: Outcome;
  readonly body: unknown;
}

const pageOutcomes = 256;

/** Recorded requests of some positions, in order. Between pages others get their turn. */
export async function* recordedRequests(node: Node, from: number, to: number): AsyncGenerator<RecordedRequest> {
  const { first } = await node.operations.logBounds();
  const entries = first > to ? undefined : node.operations.readEntries(Math.max(first, from), to);
  const bodyAt = bodies(entries?.[Symbol.asyncIterator]());
  try {
    for (let next = from; next <= to;) {
      const page = node.engine.outcomes(next, pageOutcomes).filter(({ position }) => position <= to);
      const last = page.at(-1);
      if (last === undefined) return;
      for (const outcome of page) yield { outcome, body: await bodyAt.get(outcome.position) };
      next = last.position + 1;
      await turn();
    }
  } finally {
    await bodyAt.close();
  }
}

/** Bodies by position, asked for in order. */
const bodies = (entries: AsyncIterator<readonly EntryAt[]> | undefined) => {
  let group: readonly EntryAt[] = [];
  let at = 0;
  let isOver = entries === undefined;
  return {
    get: async (position: number): Promise<unknown> => {
      for (;;) {
        const one = group[at];
        if (one !== undefined && one.position > position) return undefined;
        if (one?.position === position) return one.entry.body;
        if (one !== undefined) at++;
        else if (isOver || entries === undefined) return undefined;
        else {
          const more = await entries.next();
          if (more.done === true) isOver = true;
          else [group, at] = [more.value, 0];
        }
      }
    },
    close: async (): Promise<void> => {
      await entries?.return?.();
    },
  };
};
