import { object } from '#commands/codec/object';
import { id, integer, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { view } from '#commands/view';

/** A decimal number below 2^63, as etcd's clients expect. */
export const LeaseId = id('lease', {
  summary: 'The number of a lease, in decimal digits, chosen by the caller.',
  pattern: '[1-9][0-9]{0,18}',
  example: '7587848390',
});

/** What one lease may hold: its expiry deletes all of it at one position, so it must fit into an entry's budget. */
export const maxKeysPerLease = 4_000;
export const maxBytesPerLease = 32 * 2 ** 20;

const TtlSeconds = integer('time to live', {
  summary: 'How long the lease lives without being renewed.',
  unit: 'seconds',
  min: 1,
  max: 9_000_000_000,
});

export const grantLease = command('lease', 'grant', {
  summary: 'Grant a lease. Keys attached to it are deleted when it is not renewed in time.',
  id: LeaseId,
  body: { ttlSeconds: TtlSeconds },
  cli: { positional: ['ttlSeconds'] },
  examples: [{ title: 'A lease of one minute.', id: '7587848390', body: { ttlSeconds: 60 } }],
});

export const revokeLease = command('lease', 'revoke', {
  summary: 'End a lease now and delete its keys.',
  id: LeaseId,
  body: {},
});

export const expireLease = command('lease', 'expire', {
  summary: 'End a lease that was not renewed in time.',
  id: LeaseId,
  internal: true,
  body: {
    holderPosition: integer('holder position', {
      summary: 'Where the sender became the holder of the liveness duty; an older holder is refused.',
      unit: 'position',
    }),
  },
});

export type LeaseCommand = CommandOf<typeof grantLease | typeof revokeLease | typeof expireLease>;

export const leases = view('lease', {
  summary: 'Leases that have not ended.',
  id: LeaseId,
  row: object({
    id: LeaseId,
    ttlSeconds: TtlSeconds,
    grantedAt: time('granted at', { summary: 'When it was granted.' }),
  }),
  columns: [
    { title: 'LEASE', path: 'id' },
    { title: 'TTL', path: 'ttlSeconds' },
    { title: 'GRANTED', path: 'grantedAt' },
  ],
});
