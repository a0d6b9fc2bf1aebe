import { keys, type KeyRow } from '#commands/chainfire/key';
import { keyKind, type Key } from '#aggregates/chainfire/key';
import { rowOf } from '#aggregates/chainfire/txn';
import type { View } from '#projections/view';

export const keyView: View<Key, KeyRow> = { spec: keys, kind: keyKind, row: rowOf };
