import { object } from '#commands/codec/object';
import { expireLease, grantLease, revokeLease, type LeaseCommand } from '#commands/chainfire/lease';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { livenessDuty, dutyKind } from '#aggregates/duty';

export interface Lease {
  readonly ttlSeconds: number;
  readonly grantedMs: number;
}

/** Renewals are not here: they reach the holder of the liveness duty in memory, and only the end enters the log. */
export const leaseKind = kind<Lease>('lease');

export type LeaseEvent =
  | { readonly kind: 'lease.granted'; readonly body: { readonly ttlSeconds: number } }
  | { readonly kind: 'lease.revoked'; readonly body: Readonly<Record<string, never>> }
  | { readonly kind: 'lease.expired'; readonly body: Readonly<Record<string, never>> };

const rejections = {
  'lease.exists': {
    category: 'conflict',
    summary: 'A lease with this number exists.',
    fix: 'Choose another number.',
  },
  'lease.ended': {
    category: 'absent',
    summary: 'The lease does not exist or has ended.',
    fix: 'List the leases to see which are left.',
  },
  'lease.fenced': {
    category: 'conflict',
    summary: 'The sender no longer holds the liveness duty.',
    fix: 'Nothing: the new holder decides when leases end.',
  },
} as const;

export const lease: Aggregate<Lease, LeaseCommand, LeaseEvent, keyof typeof rejections> = {
  kind: leaseKind,
  summary: 'A promise to stay alive, with the keys that end with it.',
  commands: [grantLease, revokeLease, expireLease],
  events: {
    'lease.granted': grantLease.body,
    'lease.revoked': object({}),
    'lease.expired': object({}),
  },
  rejections,

  decide(state, command, facts) {
    switch (command.kind) {
      case 'lease.grant':
        return state === undefined ? accept({ kind: 'lease.granted', body: command.body }) : reject('lease.exists');
      case 'lease.revoke':
        return state === undefined ? reject('lease.ended') : accept({ kind: 'lease.revoked', body: {} });
      case 'lease.expire':
        if (facts.get(dutyKind, livenessDuty)?.modPosition !== command.body.holderPosition) {
          return reject('lease.fenced');
        }
        return state === undefined ? accept() : accept({ kind: 'lease.expired', body: {} });
    }
  },

  evolve(_state, event, moment) {
    return event.kind === 'lease.granted' ? { ttlSeconds: event.body.ttlSeconds, grantedMs: moment.now } : undefined;
  },
};
