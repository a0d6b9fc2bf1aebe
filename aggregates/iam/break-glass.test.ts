import type { Id } from '#commands/codec/scalar';
import { breakGlass, type BreakGlassEvent } from '#aggregates/iam/break-glass';
import { decisions } from '#harness/decisions';

const id = '192.0.2.7' as Id<'break-glass'>;
const use = (gateway: 'http' | 'etcd') => ({ kind: 'break-glass.use' as const, id, body: { gateway } });
const used = (gateway: 'http' | 'etcd'): BreakGlassEvent => ({ kind: 'break-glass.used', body: { gateway } });

decisions(breakGlass, [
  ['notes a use', [], use('http'), [used('http')]],
  ['notes each use', [used('http')], use('etcd'), [used('etcd')]],
]);
