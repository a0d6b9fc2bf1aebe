import { right } from 'fp-ts/lib/Either';
import { keys, type KeyRow } from '#commands/chainfire/key';
import { keyKind, type Key } from '#aggregates/chainfire/key';
import { rowOf } from '#aggregates/chainfire/txn';
import { prefixEnd } from '#aggregates/facts';
import { pageOf } from '#projections/selection';
import type { View } from '#projections/view';

interface Filters {
  readonly prefix?: string;
}

export const keyView: View<Key, KeyRow, Filters> = {
  spec: keys,
  kind: keyKind,
  row: rowOf,
  select: ({ prefix = '' }, facts, page) => {
    const to = prefixEnd(prefix);
    return right(pageOf(keyKind, to === undefined ? { from: prefix } : { from: prefix, to }, facts, page));
  },
};
