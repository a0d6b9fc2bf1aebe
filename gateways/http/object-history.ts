import type { Versioned } from '#aggregates/facts';
import type { Engine } from '#log/engine';
import { escaped, integerKey, integerOfKey, stateKey, versionKey } from '#log/key';
import { END } from '#log/rows';

/** Positions at which something happened to one object, from rows that are kept for each change of it. */

interface Named {
  readonly noun: string;
  readonly id: string;
}

const positionIn = (key: string): number => integerOfKey(key, key.length - 8);

/** What is asked for: an object, and the position before which the states of its noun are forgotten (0: none). */
export interface Kept extends Named {
  readonly oldestPosition: number;
}

/** Behind the last position of an object's rows. */
const endOf = ({ noun, id }: Named): string => `${noun}\0${escaped(id)}${END.slice(0, 9)}`;

/** Where the object changed, after a position, in order. Each state began at one change and ended at the next. */
function* changes(engine: Engine, named: Kept, after: number): Iterable<number> {
  let last = after;
  const from = versionKey(named.noun, named.id, Math.max(after, named.oldestPosition) + 1);
  const range = { from, to: endOf(named) };
  for (const [key, value] of engine.rows.range('version', range)) {
    const { modPosition } = value as Versioned<unknown>;
    for (const position of [modPosition, positionIn(key)]) {
      if (position > last) yield position;
      last = Math.max(last, position);
    }
  }
  const current = engine.rows.get('state', stateKey(named.noun, named.id)) as Versioned<unknown> | undefined;
  if (current !== undefined && current.modPosition > last) yield current.modPosition;
}

function* refusals(engine: Engine, { noun, id }: Named, after: number): Iterable<number> {
  const range = { from: versionKey(noun, id, after + 1), to: endOf({ noun, id }) };
  for (const [key] of engine.rows.range('refusal', range)) yield positionIn(key);
}

/** Positions after `after` at which the object changed or a command on it was refused, at most `limit`, in order. */
export const positionsOf = (engine: Engine, named: Kept, after: number, limit: number): readonly number[] => {
  const found: number[] = [];
  const changed = changes(engine, named, after)[Symbol.iterator]();
  const refused = refusals(engine, named, after)[Symbol.iterator]();
  let a = changed.next();
  let b = refused.next();
  while (found.length < limit && (a.done !== true || b.done !== true)) {
    const change = a.done === true ? Infinity : a.value;
    const refusal = b.done === true ? Infinity : b.value;
    found.push(Math.min(change, refusal));
    if (change <= refusal) a = changed.next();
    else b = refused.next();
  }
  changed.return?.();
  refused.return?.();
  return found;
};

/** Where the object came to be as it is, or to be no more; undefined if nothing is known to have happened to it. */
export const lastChange = (engine: Engine, named: Kept): number | undefined => {
  const current = engine.rows.get('state', stateKey(named.noun, named.id)) as Versioned<unknown> | undefined;
  if (current !== undefined) return current.modPosition;
  const from = versionKey(named.noun, named.id, named.oldestPosition + 1);
  const range = { from, to: endOf(named), reverse: true };
  for (const [key] of engine.rows.range('version', range)) return positionIn(key);
  return undefined;
};

/** Where commands on the object were refused, the newest first. */
export const lastRefusals = (engine: Engine, { noun, id }: Named, limit: number): readonly number[] => {
  const found: number[] = [];
  const range = { from: `${noun}\0${escaped(id)}${integerKey(0)}`, to: endOf({ noun, id }), reverse: true };
  for (const [key] of engine.rows.range('refusal', range)) {
    found.push(positionIn(key));
    if (found.length >= limit) break;
  }
  return found;
};
