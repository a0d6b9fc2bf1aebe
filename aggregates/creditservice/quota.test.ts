import type { Id } from '#commands/codec/scalar';
import { quota, type QuotaEvent } from '#aggregates/creditservice/quota';
import { kind } from '#aggregates/facts';
import { projectKind } from '#aggregates/owners';
import { inUse } from '#aggregates/quota';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const id = 'shop' as Id<'project'>;
const begin = { kind: 'quota.begin' as const, id, body: {} };
const set = (body: { readonly vms?: number; readonly ports?: number }) => ({ kind: 'quota.set' as const, id, body });
const clear = { kind: 'quota.clear' as const, id, body: {} };
const end = { kind: 'quota.end' as const, id, body: {} };

const began: QuotaEvent = { kind: 'quota.began', body: {} };
const wasSet = (limits: { readonly vms?: number; readonly ports?: number }): QuotaEvent => ({
  kind: 'quota.set',
  body: { limits },
});
const cleared: QuotaEvent = { kind: 'quota.cleared', body: {} };
const ended: QuotaEvent = { kind: 'quota.ended', body: {} };

const project = held({ kind: projectKind }, id, { organisation: 'acme' });
const there = { facts: [project] };
const port = { kind: kind<object>('port'), sums: { [inUse]: () => [['shop ports', 1] as const] } };

decisions(quota, [
  ['begins with the project', [], begin, [began], there],
  ['takes a repeated beginning as done', [began], begin, [], there],
  ['sets limits', [began], set({ vms: 10 }), [wasSet({ vms: 10 })], there],
  ['keeps what is left out', [wasSet({ vms: 10 })], set({ ports: 5 }), [wasSet({ vms: 10, ports: 5 })], there],
  ['takes the same limits again as done', [wasSet({ vms: 10, ports: 5 })], set({ vms: 10 }), [], there],
  ['may limit to nothing at all', [began], set({ vms: 0 }), [wasSet({ vms: 0 })], there],
  ['refuses limits for a project that is not there', [], set({ vms: 10 }), 'project.absent'],
  ['is cleared', [wasSet({ vms: 10 })], clear, [cleared], there],
  ['takes clearing again as done', [wasSet({ vms: 10 }), cleared], clear, [], there],
  ['refuses to clear that of a project that is not there', [], clear, 'project.absent'],
  ['ends with the project', [wasSet({ vms: 10 })], end, [ended]],
  ['has nothing to end twice', [began, ended], end, []],
  ['stays while something is counted', [began], end, 'project.inUse', { facts: [held(port, 'shop/a', {})] }],
]);
