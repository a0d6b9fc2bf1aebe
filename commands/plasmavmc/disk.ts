import { list, object, optional } from '#commands/codec/object';
import { choice, integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import {
  CreatePosition,
  Description,
  DiskBytes,
  DiskId,
  Generation,
  HostId,
  ImageId,
  ModPosition,
  ObservedAt,
  Reason,
  VmId,
} from '#commands/plasmavmc/name';
import { view } from '#commands/view';

const SnapshotName = text('snapshot', {
  summary: 'The name of a snapshot, of its own on its disk.',
  pattern: '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?',
  minLength: 1,
  maxLength: 63,
  example: 'before-upgrade',
});

/** Of one disk: each is read whenever the disk is. */
export const maxSnapshots = 64;

const about = { sizeBytes: DiskBytes, image: optional(ImageId), description: optional(Description) };

export const createDisk = command('disk', 'create', {
  summary: 'Create a disk, empty or beginning with an image.',
  id: DiskId,
  body: about,
  examples: [
    { title: 'An empty disk.', id: 'shop/data', body: { sizeBytes: 10_737_418_240 } },
    { title: 'A disk to boot from.', id: 'shop/web1-root', body: { sizeBytes: 10_737_418_240, image: 'shop/debian' } },
  ],
});

export const resizeDisk = command('disk', 'resize', {
  summary: 'Make a disk larger, also while it is in use.',
  id: DiskId,
  body: { sizeBytes: DiskBytes },
  examples: [{ title: 'Twice as large.', id: 'shop/data', body: { sizeBytes: 21_474_836_480 } }],
});

export const snapshotDisk = command('disk', 'snapshot', {
  summary: 'Keep what is on a disk now, under a name.',
  id: DiskId,
  body: { name: SnapshotName },
  examples: [{ title: 'Before an upgrade.', id: 'shop/data', body: { name: 'before-upgrade' } }],
});

export const dropSnapshot = command('disk', 'dropSnapshot', {
  summary: 'Drop a snapshot of a disk.',
  id: DiskId,
  body: { name: SnapshotName },
  examples: [{ title: 'After it.', id: 'shop/data', body: { name: 'before-upgrade' } }],
});

export const deleteDisk = command('disk', 'delete', {
  summary: 'Delete a disk that no machine has, with its snapshots.',
  id: DiskId,
  body: {},
});

const internal = <const V extends string, P extends Parameters<typeof object>[0]>(verb: V, summary: string, body: P) =>
  command('disk', verb, { summary, id: DiskId, internal: true, body });

export const placeDisk = internal('place', 'Say on which host a disk is.', { host: HostId });

export const attachDisk = internal('attach', 'Give a disk to the one machine that may use it.', { vm: VmId });

export const detachDisk = internal('detach', 'Take a disk back from a machine.', { vm: VmId });

const ObservedPhase = choice('phase', {
  summary: 'What its host has made of it.',
  values: ['pending', 'ready', 'failed'],
});

export const observeDisk = internal('observe', 'Record what a host has made of a disk.', {
  host: HostId,
  generation: Generation,
  phase: ObservedPhase,
  reason: optional(Reason),
});

export const removedDisk = internal('removed', 'Record that a host has nothing left of a disk that is to be deleted.', {
  host: HostId,
});

export const DiskResized = resizeDisk.body;
export const DiskPlaced = object({ host: HostId, from: optional(HostId), sizeBytes: DiskBytes });
export const DiskObserved = object({ generation: Generation, phase: ObservedPhase, reason: optional(Reason) });
export const DiskDeleted = object({ host: optional(HostId) });

export type DiskCommand = CommandOf<
  | typeof createDisk
  | typeof resizeDisk
  | typeof snapshotDisk
  | typeof dropSnapshot
  | typeof deleteDisk
  | typeof placeDisk
  | typeof attachDisk
  | typeof detachDisk
  | typeof observeDisk
  | typeof removedDisk
>;

export const disks = view('disk', {
  summary: 'Disks, each of one project.',
  id: DiskId,
  row: object({
    id: DiskId,
    ...about,
    vm: optional(VmId),
    epoch: integer('epoch', { summary: 'How often it has changed hands.', unit: 'count' }),
    host: optional(HostId),
    snapshots: list(SnapshotName, { summary: 'Its snapshots, the oldest first.', maxItems: maxSnapshots }),
    generation: Generation,
    phase: choice('phase', {
      summary: 'What is seen of it, or that it is to be deleted.',
      values: ['pending', 'ready', 'failed', 'deleting'],
    }),
    observedGeneration: Generation,
    reason: optional(Reason),
    observedAt: optional(ObservedAt),
    createPosition: CreatePosition,
    modPosition: ModPosition,
  }),
  columns: [
    { title: 'DISK', path: 'id' },
    { title: 'SIZE', path: 'sizeBytes' },
    { title: 'PHASE', path: 'phase' },
    { title: 'MACHINE', path: 'vm' },
    { title: 'IMAGE', path: 'image', wide: true },
    { title: 'HOST', path: 'host', wide: true },
  ],
});
