import { isLeft, left, right } from 'fp-ts/lib/Either';
import { migrateVm, type MigrationCommand } from '#commands/plasmavmc/vm-report';
import type { Procedure } from '#aggregates/procedure';
import { vmRejections } from '#aggregates/plasmavmc/vm-lifecycle';
import { vmKind } from '#aggregates/plasmavmc/vm-state';
import { hostFor, placementRejections, wishOf } from '#aggregates/plasmavmc/vm-wish';

/** How long a migration may take, unless told otherwise. */
const usualDeadlineSeconds = 3_600;

const { 'vm.absent': absent } = vmRejections;

/** Chooses a host, or takes the one that is named if it suits, and begins to move the machine there. */
export const migration: Procedure<MigrationCommand> = {
  command: migrateVm,
  rejections: { ...placementRejections, 'vm.absent': absent },
  perform({ id, body: { to, deadlineSeconds = usualDeadlineSeconds } }, work) {
    const vm = work.get(vmKind, id)?.state;
    if (vm === undefined) return left({ code: 'vm.absent' });
    const underWay = vm.migration?.to.host;
    if (underWay !== undefined && (to === undefined || to === underWay)) return right({ host: underWay });
    const except = vm.placed === undefined ? [] : [vm.placed.host];
    const host = hostFor(work, { ...wishOf(work, id, vm), except, ...(to === undefined ? {} : { only: to }) });
    if (isLeft(host)) return host;
    const begun = work.follow({
      kind: 'vm.beginMigration',
      id,
      body: { to: host.right.id, toEpoch: host.right.epoch, deadlineSeconds },
    });
    return isLeft(begun) ? begun : right({ host: host.right.id });
  },
};
