import type { Id } from '#commands/codec/scalar';
import { role, type RoleEvent } from '#aggregates/cluster/role';
import { decisions } from '#harness/decisions';

const acquire = (holder: string) => ({ kind: 'role.acquire' as const, id: 'liveness' as Id<'role'>, body: { holder } });
const acquired = (holder: string): RoleEvent => ({ kind: 'role.acquired', body: { holder } });

decisions(role, [
  ['gives a role to the first who asks', [], acquire('a'), [acquired('a')]],
  ['gives it to the next, whose position fences the former', [acquired('a')], acquire('b'), [acquired('b')]],
  ['takes the same holder asking again as a new tenure', [acquired('a')], acquire('a'), [acquired('a')]],
]);
