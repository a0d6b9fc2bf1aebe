import { left, right } from 'fp-ts/lib/Either';
import { Value, deleteKey, putKey, type KeyCommand } from '#commands/chainfire/key';
import { LeaseId, maxKeysPerLease } from '#commands/chainfire/lease';
import { object, optional } from '#commands/codec/object';
import type { Id } from '#commands/codec/scalar';
import type { Aggregate } from '#aggregates/aggregate';
import { leaseKind } from '#aggregates/chainfire/lease';
import { accept } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';

export interface Key {
  readonly value: Uint8Array;
  readonly lease?: Id<'lease'>;
}

export const keyKind = kind<Key>('key');

/** Lists the keys that are attached to a lease. */
export const keysOfLease = 'key.lease';

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
    summary: 'The lease holds as many keys as its expiry can delete at one position.',
    fix: 'Grant another lease for further keys.',
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

  decide(state, command, facts) {
    switch (command.kind) {
      case 'key.put': {
        // A put of the same value is a change: it has a revision of its own, as users of etcd rely on.
        const { value, lease } = command.body;
        const refused = lease === undefined ? undefined : refusedLease(facts, lease, state?.lease);
        return refused === undefined
          ? accept({ kind: 'key.put', body: lease === undefined ? { value } : { value, lease } })
          : left({ code: refused, detail: { lease: lease ?? '' } });
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

const refusedLease = (
  facts: Facts,
  lease: Id<'lease'>,
  current: string | undefined,
): keyof typeof keyRejections | undefined => {
  if (facts.get(leaseKind, lease) === undefined) return 'lease.absent';
  return lease !== current && facts.count(keysOfLease, lease) >= maxKeysPerLease ? 'lease.full' : undefined;
};
