import type { AnyCommand } from '#commands/command';
import type { TypeOf } from '#commands/codec/codec';
import type { DiskDeleted, DiskPlaced, DiskResized } from '#commands/plasmavmc/disk';
import type { attachDiskToVm, detachDiskFromVm, VmDefined, VmDeleted, VmResized } from '#commands/plasmavmc/vm';
import type { Migrated, MigrationFailed, MigrationStarted, placeVm, VmUnplaced } from '#commands/plasmavmc/vm-report';
import { projectIn } from '#commands/tenant';
import type { Happened } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import type { Reaction } from '#aggregates/procedure';
import { diskKind, needOfDisk } from '#aggregates/plasmavmc/disk-state';
import { needOfVm, vmKind, type Vm } from '#aggregates/plasmavmc/vm-state';

/**
 * What follows from what happens to machines and disks, at the same position: a host holds room for what is on it, a
 * disk knows its one machine, and nothing is held for what is gone. An event that asks a host for more room than it has
 * is refused with all that led to it.
 */

const on = <B>(kind: string, react: (id: string, body: B, facts: Facts) => readonly AnyCommand[]): Reaction => ({
  on: kind,
  // An event of a kind has the body of that kind.
  react: ({ id, body }: Happened, facts) => react(id, body as B, facts),
});

const reserveVm = (host: string, id: string, vm: Pick<Vm, 'asked'>): AnyCommand => ({
  kind: 'host-load.reserve',
  id: host,
  body: { thing: `vm/${id}`, ...needOfVm(projectIn(id), vm) },
});

const reserveDisk = (host: string, id: string, sizeBytes: number): AnyCommand => ({
  kind: 'host-load.reserve',
  id: host,
  body: { thing: `disk/${id}`, ...needOfDisk(sizeBytes) },
});

const release = (host: string, thing: string): AnyCommand => ({ kind: 'host-load.release', id: host, body: { thing } });

const placeDisk = (disk: string, host: string): AnyCommand => ({ kind: 'disk.place', id: disk, body: { host } });

const disksOf = (facts: Facts, vm: string): readonly string[] =>
  facts.get(vmKind, vm)?.state.asked.disks.map(({ disk }) => disk) ?? [];

export const vmKeeping: readonly Reaction[] = [
  on<TypeOf<typeof VmDefined>>('vm.defined', (id, { disks }) =>
    disks.map(({ disk }) => ({ kind: 'disk.attach', id: disk, body: { vm: id } })),
  ),
  on<TypeOf<typeof placeVm.body>>('vm.placed', (id, { host }, facts) => {
    const vm = facts.get(vmKind, id)?.state;
    if (vm === undefined) return [];
    return [reserveVm(host, id, vm), ...disksOf(facts, id).map((disk) => placeDisk(disk, host))];
  }),
  on<TypeOf<typeof VmUnplaced>>('vm.unplaced', (id, { host }) => [release(host, `vm/${id}`)]),
  on<TypeOf<typeof VmResized>>('vm.resized', (id, _size, facts) => {
    const vm = facts.get(vmKind, id)?.state;
    return vm?.placed === undefined ? [] : [reserveVm(vm.placed.host, id, vm)];
  }),
  on<TypeOf<typeof attachDiskToVm.body>>('vm.diskAttached', (id, { disk }, facts) => {
    const placed = facts.get(vmKind, id)?.state.placed;
    const attach = { kind: 'disk.attach', id: disk, body: { vm: id } };
    return placed === undefined ? [attach] : [attach, placeDisk(disk, placed.host)];
  }),
  on<TypeOf<typeof detachDiskFromVm.body>>('vm.diskDetached', (id, { disk }) => [
    { kind: 'disk.detach', id: disk, body: { vm: id } },
  ]),
  on<TypeOf<typeof MigrationStarted>>('vm.migrationStarted', (id, { to }, facts) => {
    const vm = facts.get(vmKind, id)?.state;
    if (vm === undefined) return [];
    const disks = disksOf(facts, id).flatMap((disk) => {
      const sizeBytes = facts.get(diskKind, disk)?.state.sizeBytes;
      return sizeBytes === undefined ? [] : [reserveDisk(to, disk, sizeBytes)];
    });
    return [reserveVm(to, id, vm), ...disks];
  }),
  on<TypeOf<typeof MigrationFailed>>('vm.migrationFailed', (id, { to }, facts) => [
    release(to, `vm/${id}`),
    ...disksOf(facts, id).map((disk) => release(to, `disk/${disk}`)),
  ]),
  on<TypeOf<typeof Migrated>>('vm.migrated', (id, { from, to }, facts) => [
    release(from, `vm/${id}`),
    ...disksOf(facts, id).map((disk) => placeDisk(disk, to)),
  ]),
  on<TypeOf<typeof VmDeleted>>('vm.deleted', (id, { host, disks }) => [
    ...(host === undefined ? [] : [release(host, `vm/${id}`)]),
    ...disks.flatMap(({ disk, deleteWithVm }) => [
      { kind: 'disk.detach', id: disk, body: { vm: id } },
      ...(deleteWithVm === true ? [{ kind: 'disk.delete', id: disk, body: {} }] : []),
    ]),
  ]),
  on<TypeOf<typeof DiskPlaced>>('disk.placed', (id, { host, from, sizeBytes }) => [
    ...(from === undefined ? [] : [release(from, `disk/${id}`)]),
    reserveDisk(host, id, sizeBytes),
  ]),
  on<TypeOf<typeof DiskResized>>('disk.resized', (id, { sizeBytes }, facts) => {
    const host = facts.get(diskKind, id)?.state.host;
    return host === undefined ? [] : [reserveDisk(host, id, sizeBytes)];
  }),
  on<TypeOf<typeof DiskDeleted>>('disk.deleted', (id, { host }) =>
    host === undefined ? [] : [release(host, `disk/${id}`)],
  ),
];
