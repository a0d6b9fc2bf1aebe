import type { Amount } from '#aggregates/aggregate';
import type { Facts, Kind, Versioned } from '#aggregates/facts';
import { factsOf } from '#log/facts';
import { indexKey, stateKey } from '#log/key';
import { Overlay } from '#log/overlay';
import type { Rows } from '#log/rows';

/** An object that exists when a decision is taken. */
export interface Held {
  readonly noun: string;
  readonly id: string;
  readonly versioned: Versioned<unknown>;
  readonly indexRows: readonly (readonly [name: string, key: string])[];
  readonly amounts: readonly (readonly [name: string, key: string, amount: number])[];
}

interface Holder<S> {
  readonly kind: Kind<S>;
  readonly indexes?: Readonly<Record<string, (state: S) => readonly string[]>>;
  readonly sums?: Readonly<Record<string, (state: S, id: string) => readonly Amount[]>>;
}

/** Created and last changed at position 1, unless told otherwise. */
export const held = <S>(
  { kind, indexes = {}, sums = {} }: Holder<S>,
  id: string,
  state: S,
  at: Partial<Omit<Versioned<S>, 'state'>> = {},
): Held => ({
  noun: kind.noun,
  id,
  versioned: { state, version: 1, createPosition: 1, modPosition: 1, ...at },
  indexRows: Object.entries(indexes).flatMap(([name, keysOf]) => keysOf(state).map((key) => [name, key] as const)),
  amounts: Object.entries(sums).flatMap(([name, amountsOf]) =>
    amountsOf(state, id).map(([key, amount]) => [name, key, amount] as const),
  ),
});

/** No rows: what a log begins with. */
export const noRows: Rows = { get: () => undefined, range: () => [] };

/** The facts of a position at which these objects exist, and nothing else does. */
export const factsHolding = (objects: readonly Held[]): Facts => {
  const rows = new Overlay(noRows);
  const add = (name: string, key: string, amount: number): void => {
    const row = `${name}\0${key}`;
    rows.set('count', row, ((rows.get('count', row) as number | undefined) ?? 0) + amount);
  };
  for (const { noun, id, versioned, indexRows, amounts } of objects) {
    rows.set('state', stateKey(noun, id), versioned);
    for (const [name, key] of indexRows) {
      rows.set('index', indexKey(name, key, id), true);
      add(name, key, 1);
    }
    for (const [name, key, amount] of amounts) add(name, key, amount);
  }
  return factsOf(rows);
};
