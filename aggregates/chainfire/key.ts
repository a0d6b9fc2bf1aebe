import { right } from 'fp-ts/lib/Either';
import { Value, deleteKey, putKey, type KeyCommand } from '#commands/chainfire/key';
import { LeaseId, maxBytesPerLease, maxKeysPerLease } from '#commands/chainfire/lease';
import { object, optional } from '#commands/codec/object';
import type { Id } from '#commands/codec/scalar';
import type { Aggregate } from '#aggregates/aggregate';
import { leaseKind } from '#aggregates/chainfire/lease';
import { allKeys, keyBytes, keyQuotaKind } from '#aggregates/chainfire/key-quota';
import { accept, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';

export interface Key {
  readonly value: Uint8Array;
  readonly lease?: Id<'lease'>;
}

export const keyKind = kind<Key>('key');

/** Lists the keys that are attached to a lease. */
export const keysOfLease = 'key.lease';

/** The sum that says what the keys of a lease take. */
const bytesOfLease = 'key.leaseBytes';

export type KeyEvent =
  | { readonly kind: 'key.put'; readonly body: Key }
  | { readonly kind: 'key.deleted'; readonly body: Readonly<Record<string, never>> };

export const keyRejections = {
  'lease.absent': {
    category: 'absent',
    summary: 'The lease does not exist or has ended.',
    fix: 'Grant a lease, then put the key with it.',
  },
  'lease.full': {
    category: 'exhausted',
    summary: 'The lease holds as many keys, or as many bytes, as its expiry can delete at one position.',
    fix: 'Grant another lease for further keys.',
  },
  'key-quota.exceeded': {
    category: 'exhausted',
    summary: 'The keys take more than their quota, so none can be put.',
    fix: 'Delete keys, or raise the quota with `key-quota set keys`.',
  },
} as const;

export const key: Aggregate<Key, KeyCommand, KeyEvent, keyof typeof keyRejections> = {
  kind: keyKind,
  summary: 'One key with its value.',
  commands: [putKey, deleteKey],
  events: {
    'key.put': object({ value: Value, lease: optional(LeaseId) }),
    'key.deleted': object({}),
  },
  rejections: keyRejections,
  indexes: { [keysOfLease]: ({ lease }) => (lease === undefined ? [] : [lease]) },
  sums: {
    [keyBytes]: (state, id) => [['', sizeOf(state, id)]],
    [bytesOfLease]: (state, id) => (state.lease === undefined ? [] : [[state.lease, sizeOf(state, id)]]),
  },

  decide(state, command, facts) {
    switch (command.kind) {
      case 'key.put': {
        // A put of the same value is a change: it has a revision of its own, as users of etcd rely on.
        const { value, lease } = command.body;
        const next: Key = lease === undefined ? { value } : { value, lease };
        const refused = lease === undefined ? undefined : refusedLease(facts, lease, command.id, state, next);
        if (refused !== undefined) return reject(refused, { lease: lease ?? '' });
        if (facts.get(keyQuotaKind, allKeys)?.state.exceeded === true) return reject('key-quota.exceeded');
        return accept({ kind: 'key.put', body: next });
      }
      case 'key.delete':
        return state === undefined ? right([]) : accept({ kind: 'key.deleted', body: {} });
    }
  },

  evolve(_state, event) {
    switch (event.kind) {
      case 'key.put':
        return event.body;
      case 'key.deleted':
        return undefined;
    }
  },
};

const sizeOf = ({ value }: Key, id: string): number => id.length + value.length;

/** What is attached must not grow beyond what the end of the lease can delete. */
const refusedLease = (
  facts: Facts,
  lease: Id<'lease'>,
  id: string,
  current: Key | undefined,
  next: Key,
): 'lease.absent' | 'lease.full' | undefined => {
  if (facts.get(leaseKind, lease) === undefined) return 'lease.absent';
  const own = current?.lease === lease ? current : undefined;
  const growth = sizeOf(next, id) - (own === undefined ? 0 : sizeOf(own, id));
  const isFull =
    (own === undefined && facts.count(keysOfLease, lease) >= maxKeysPerLease) ||
    (growth > 0 && facts.sum(bytesOfLease, lease) + growth > maxBytesPerLease);
  return isFull ? 'lease.full' : undefined;
};
