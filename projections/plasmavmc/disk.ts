import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { disks } from '#commands/plasmavmc/disk';
import { diskKind, type Disk } from '#aggregates/plasmavmc/disk-state';
import type { View } from '#projections/view';

export const diskView: View<Disk, TypeOf<(typeof disks)['row']>> = {
  spec: disks,
  kind: diskKind,
  row: ({ id, state, createPosition, modPosition }) => {
    const { asked, sizeBytes, vm, epoch, host, snapshots, deleting, generation, observed } = state;
    return {
      // Ids in a state were let through by codecs.
      id: id as Id<'disk'>,
      ...asked,
      sizeBytes,
      ...(vm === undefined ? {} : { vm: vm as Id<'vm'> }),
      epoch,
      ...(host === undefined ? {} : { host: host as Id<'host'> }),
      snapshots,
      generation,
      phase: deleting ? 'deleting' : observed.phase,
      observedGeneration: observed.generation,
      ...(observed.reason === undefined ? {} : { reason: observed.reason }),
      ...(observed.atMs === undefined ? {} : { observedAt: observed.atMs }),
      createPosition,
      modPosition,
    };
  },
};
