import { breakGlass } from '#log/authority';
import type { Engine } from '#log/engine';
import type { Node } from '#gateways/node';
import { bySystem } from '#gateways/server/by-system';

/** A use is noted once in this time for each address and gateway: what is done with it is in the log anyway. */
const windowMs = 3_600_000;

/** More addresses than these begin anew. */
const maxNoted = 10_000;

/** Notes in the log from where the break-glass token is shown, reads included. What cannot be noted is said. */
export const breakGlassNotes = (engine: Engine, now: () => number, say: (line: string) => void): Node['admitted'] => {
  const noted = new Map<string, number>();
  let isSaid = false;
  return ({ name, address }, gateway) => {
    if (name !== breakGlass || address === '') return;
    const key = `${gateway} ${address}`;
    const last = noted.get(key);
    if (last !== undefined && now() - last < windowMs) return;
    if (noted.size >= maxNoted) noted.clear();
    noted.set(key, now());
    engine.submit({ kind: 'break-glass.use', id: address, body: { gateway }, ...bySystem }).then(
      () => (isSaid = false),
      (error: unknown) => {
        noted.delete(key);
        if (!isSaid) {
          const why = error instanceof Error ? error.message : String(error);
          say(`warning: the break-glass token was used from ${address}, which the log could not take: ${why}`);
        }
        isSaid = true;
      },
    );
  };
};
