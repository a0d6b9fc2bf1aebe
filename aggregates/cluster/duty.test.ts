import type { Id } from '#commands/codec/scalar';
import { duty, type DutyEvent } from '#aggregates/cluster/duty';
import { decisions } from '#harness/decisions';

const acquire = (holder: string) => ({ kind: 'duty.acquire' as const, id: 'liveness' as Id<'duty'>, body: { holder } });
const acquired = (holder: string): DutyEvent => ({ kind: 'duty.acquired', body: { holder } });

decisions(duty, [
  ['gives a duty to the first who asks', [], acquire('a'), [acquired('a')]],
  ['gives it to the next, whose position fences the former', [acquired('a')], acquire('b'), [acquired('b')]],
  ['takes the same holder asking again as a new tenure', [acquired('a')], acquire('a'), [acquired('a')]],
]);
