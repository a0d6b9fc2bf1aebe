import { breakGlass } from '#log/authority';
import type { Engine } from '#log/engine';
import type { Node } from '#gateways/node';
import { bySystem } from '#gateways/server/by-system';

/** A use is noted once in this time for each address and gateway: what is done with it is in the log anyway. */
const windowMs = 3_600_000;

/** More addresses than these begin anew. */
const maxNoted = 10_000;

/** Notes in the log from where the break-glass token is shown, reads included. */
export const breakGlassNotes = (engine: Engine, now: () => number, tell: (why: string) => void): Node['admitted'] => {
  const noted = new Map<string, number>();
  return ({ name, address }, gateway) => {
    if (name !== breakGlass || address === '') return;
    const key = `${gateway} ${address}`;
    const last = noted.get(key);
    if (last !== undefined && now() - last < windowMs) return;
    if (noted.size >= maxNoted) noted.clear();
    noted.set(key, now());
    engine.submit({ kind: 'break-glass.use', id: address, body: { gateway }, ...bySystem }).catch((error: unknown) => {
      noted.delete(key);
      const why = error instanceof Error ? error.message : String(error);
      tell(`The break-glass token was used from ${address}, which could not be noted in the log: ${why}`);
    });
  };
};
