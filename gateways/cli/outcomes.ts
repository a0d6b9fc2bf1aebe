import { Failure } from '#gateways/cli/failure';
import { at, numberAt, textAt } from '#gateways/cli/json';
import { outcomeBlock } from '#gateways/cli/outcome-text';
import type { Call } from '#gateways/cli/verb';
import { pause } from '#gateways/cli/waiting';

const PAUSE_MS = 500;

/** Entries with what they came to, from a position on or from now, until it is interrupted; goes on when cut off. */
export async function* outcomesFrom({ session }: Call, from: number | undefined): AsyncGenerator<unknown> {
  const client = await session.client();
  const signal = session.terminal.interrupted();
  let next = from;
  let lastHeard = performance.now();
  while (!signal.aborted) {
    try {
      const request = { method: 'GET', path: '/v1/log', query: { follow: true, from: next }, signal };
      for await (const line of client.follow(request)) {
        lastHeard = performance.now();
        const position = numberAt(line, 'position') ?? numberAt(line, 'lastPosition');
        if (position !== undefined) next = position + 1;
        if (at(line, 'closed') !== true) yield line;
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.report.category !== 'unavailable') throw error;
      if (performance.now() - lastHeard > session.timeoutMs) throw error;
    }
    if (!signal.aborted) await pause(PAUSE_MS, signal);
  }
}

export const printOutcome = ({ session }: Call, outcome: unknown): void => {
  switch (session.streamFormat) {
    case 'json':
      return session.line(JSON.stringify(outcome));
    case 'yaml':
      session.line('---');
      return session.show({ json: outcome, table: () => '' });
    case 'name':
      return session.line(`${numberAt(outcome, 'position') ?? ''} ${textAt(outcome, 'command') ?? ''}`);
    case 'table':
    case 'wide':
      return session.line(outcomeBlock(session, outcome));
  }
};
