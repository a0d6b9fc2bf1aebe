import type { Id } from '#commands/codec/scalar';
import { lease, type LeaseEvent } from '#aggregates/chainfire/lease';
import { duty } from '#aggregates/cluster/duty';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const id = '7' as Id<'lease'>;
const grant = { kind: 'lease.grant' as const, id, body: { ttlSeconds: 60 } };
const revoke = { kind: 'lease.revoke' as const, id, body: {} };
const expire = (holderPosition: number) => ({ kind: 'lease.expire' as const, id, body: { holderPosition } });

const granted: LeaseEvent = { kind: 'lease.granted', body: { ttlSeconds: 60 } };
const revoked: LeaseEvent = { kind: 'lease.revoked', body: {} };
const expired: LeaseEvent = { kind: 'lease.expired', body: {} };

const heldAt40 = { facts: [held(duty, 'liveness', { holder: 'a' }, { modPosition: 40 })] };

decisions(lease, [
  ['grants a lease', [], grant, [granted]],
  ['refuses to grant a number twice', [granted], grant, 'lease.exists'],
  ['grants a number again that has ended', [granted, revoked], grant, [granted]],
  ['revokes a lease', [granted], revoke, [revoked]],
  ['refuses to revoke what has ended', [granted, expired], revoke, 'lease.ended'],
  ['lets the holder of the liveness duty end a lease', [granted], expire(40), [expired], heldAt40],
  ['takes the end of an ended lease as done', [granted, revoked], expire(40), [], heldAt40],
  ['refuses the expiry from a former holder', [granted], expire(39), 'lease.fenced', heldAt40],
  ['refuses an expiry while nobody holds the duty', [granted], expire(40), 'lease.fenced'],
]);
