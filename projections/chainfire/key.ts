import { right } from 'fp-ts/lib/Either';
import { keys, type KeyRow } from '#commands/chainfire/key';
import { keyKind, type Key } from '#aggregates/chainfire/key';
import { rowOf } from '#aggregates/chainfire/txn';
import { prefixEnd } from '#aggregates/facts';
import { pageOf, type Bounds } from '#projections/selection';
import type { View } from '#projections/view';

interface Filters {
  readonly prefix?: string;
}

const range = ({ prefix = '' }: Filters): Bounds => {
  const to = prefixEnd(prefix);
  return to === undefined ? { from: prefix } : { from: prefix, to };
};

export const keyView: View<Key, KeyRow, Filters> = {
  spec: keys,
  kind: keyKind,
  row: rowOf,
  range,
  select: (filters, facts, page) => right(pageOf(keyKind, range(filters), facts, page)),
};
