import { maxKeysPerLease } from '#commands/chainfire/lease';
import { keysOfLease } from '#aggregates/chainfire/key';
import type { Reaction } from '#aggregates/procedure';

const react: Reaction['react'] = (event, facts) =>
  facts
    .index(keysOfLease, { from: event.id, to: `${event.id}\0`, limit: maxKeysPerLease })
    .map(({ id }) => ({ kind: 'key.delete', id, body: {} }));

/** A lease that ends takes its keys with it, at the same position. */
export const detach: readonly Reaction[] = [
  { on: 'lease.revoked', react },
  { on: 'lease.expired', react },
];
