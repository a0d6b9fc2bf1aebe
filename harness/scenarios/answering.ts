import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '#harness/scenarios/stage';
import type { Endpoints, StartingServer } from '#harness/server-process';

/** Waits for the file that a server writes when it answers. */
export const answering = async (stage: Stage, server: StartingServer): Promise<Endpoints> => {
  let hasEnded = false;
  void server.ended.then(() => (hasEnded = true));
  for (;;) {
    if (hasEnded) throw new Error(`the server ended:\n${server.output()}`);
    try {
      const found = JSON.parse(readFileSync(join(stage.data, 'endpoints.json'), 'utf8')) as Endpoints;
      if (found.pid === server.pid) return found;
    } catch {
      // Not there yet.
    }
    await sleep(50);
  }
};
