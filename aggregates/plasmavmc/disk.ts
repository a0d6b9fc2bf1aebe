import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  attachDisk,
  createDisk,
  deleteDisk,
  detachDisk,
  DiskDeleted,
  DiskObserved,
  DiskPlaced,
  DiskResized,
  dropSnapshot,
  maxSnapshots,
  observeDisk,
  placeDisk,
  removedDisk,
  resizeDisk,
  snapshotDisk,
  type DiskCommand,
} from '#commands/plasmavmc/disk';
import { projectIn } from '#commands/tenant';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject, type Decision } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { ownedByProject, projectAbsent, projectKind } from '#aggregates/owners';
import { diskAbsent, diskKind, type Disk } from '#aggregates/plasmavmc/disk-state';
import { disksByImage, imageAbsent, imageFor } from '#aggregates/plasmavmc/image';
import { vmKind } from '#aggregates/plasmavmc/vm-state';
import { inUse, quotaExceeded, usageKey, withinQuota } from '#aggregates/quota';
import { same } from '#aggregates/same';

type Created = TypeOf<typeof createDisk.body>;
type Named = TypeOf<typeof snapshotDisk.body>;
type Held = TypeOf<typeof attachDisk.body>;
type Empty = Readonly<Record<string, never>>;

export type DiskEvent =
  | { readonly kind: 'disk.created'; readonly body: Created }
  | { readonly kind: 'disk.resized'; readonly body: TypeOf<typeof DiskResized> }
  | { readonly kind: 'disk.snapshotTaken'; readonly body: Named }
  | { readonly kind: 'disk.snapshotDropped'; readonly body: Named }
  | { readonly kind: 'disk.placed'; readonly body: TypeOf<typeof DiskPlaced> }
  | { readonly kind: 'disk.attached'; readonly body: Held }
  | { readonly kind: 'disk.detached'; readonly body: Held }
  | { readonly kind: 'disk.observed'; readonly body: TypeOf<typeof DiskObserved> }
  | { readonly kind: 'disk.deletionRequested'; readonly body: Empty }
  | { readonly kind: 'disk.deleted'; readonly body: TypeOf<typeof DiskDeleted> };

const rejections = {
  ...projectAbsent,
  ...quotaExceeded,
  ...imageAbsent,
  ...diskAbsent,
  'disk.deleting': {
    category: 'conflict',
    summary: 'The disk is to be deleted.',
    fix: 'Create another one.',
  },
  'disk.elsewhere': {
    category: 'conflict',
    summary: 'The disk is not on this host.',
    fix: 'Read on which host the disk is; what another one has of it is left over.',
  },
  'disk.exists': {
    category: 'conflict',
    summary: 'A disk of this id exists that was asked for otherwise.',
    fix: 'Choose another id, or resize the disk that there is.',
  },
  'disk.held': {
    category: 'conflict',
    summary: 'A machine has the disk.',
    fix: 'Detach it from the machine that the detail names.',
  },
  'disk.moving': {
    category: 'conflict',
    summary: 'The machine that has the disk is being migrated.',
    fix: 'Wait until it has arrived, or cancel the migration.',
  },
  'disk.smaller': {
    category: 'invalid',
    summary: 'The disk would be smaller than what is on it.',
    fix: 'Give a size that is not below the one in the detail.',
  },
  'disk.wanted': {
    category: 'conflict',
    summary: 'Nobody has asked for the disk to be deleted.',
    fix: 'Keep it; it is deleted with `disk delete`.',
  },
  'image.unfounded': {
    category: 'conflict',
    summary: 'No disk can begin with this image: it is a kernel, or not ready.',
    fix: 'Wait until the image is ready, or take another one.',
  },
  'snapshot.absent': {
    category: 'absent',
    summary: 'The disk has no such snapshot.',
    fix: 'Read the disk to see which it has.',
  },
  'snapshot.tooMany': {
    category: 'exhausted',
    summary: 'The disk has as many snapshots as it may have.',
    fix: 'Drop those that are not needed.',
  },
} as const;

type Code = keyof typeof rejections;

export const disk: Aggregate<Disk, DiskCommand, DiskEvent, Code> = {
  kind: diskKind,
  summary: 'What a machine keeps things on.',
  commands: [
    createDisk,
    resizeDisk,
    snapshotDisk,
    dropSnapshot,
    deleteDisk,
    placeDisk,
    attachDisk,
    detachDisk,
    observeDisk,
    removedDisk,
  ],
  events: {
    'disk.created': createDisk.body,
    'disk.resized': DiskResized,
    'disk.snapshotTaken': snapshotDisk.body,
    'disk.snapshotDropped': dropSnapshot.body,
    'disk.placed': DiskPlaced,
    'disk.attached': attachDisk.body,
    'disk.detached': detachDisk.body,
    'disk.observed': DiskObserved,
    'disk.deletionRequested': object({}),
    'disk.deleted': DiskDeleted,
  },
  rejections,
  owners: ownedByProject,
  indexes: { [disksByImage]: ({ asked: { image } }) => (image === undefined ? [] : [image]) },
  sums: {
    [inUse]: ({ sizeBytes, snapshots }, id) => [
      [usageKey(projectIn(id), 'disks'), 1],
      [usageKey(projectIn(id), 'diskBytes'), sizeBytes],
      [usageKey(projectIn(id), 'snapshots'), snapshots.length],
    ],
  },

  decide(state, command, facts) {
    if (command.kind === 'disk.create') {
      if (state === undefined) return created(command.id, command.body, facts);
      return same(state.asked, command.body) ? accept() : reject('disk.exists');
    }
    if (state === undefined) return reject('disk.absent', { disk: command.id });
    switch (command.kind) {
      case 'disk.resize':
      case 'disk.snapshot':
      case 'disk.dropSnapshot':
        return state.deleting ? reject('disk.deleting') : changed(state, command, facts);
      case 'disk.delete': {
        if (state.deleting) return accept();
        if (state.vm !== undefined) return reject('disk.held', { vm: state.vm });
        const requested: DiskEvent = { kind: 'disk.deletionRequested', body: {} };
        const isNowhere = state.host === undefined;
        return accept<DiskEvent>(requested, ...(isNowhere ? [{ kind: 'disk.deleted', body: {} } as const] : []));
      }
      case 'disk.place': {
        const { host } = command.body;
        if (state.host === host) return accept();
        const { sizeBytes } = state;
        // A host in a state was let through by a codec.
        const from = state.host === undefined ? {} : { from: state.host as typeof host };
        return accept({ kind: 'disk.placed', body: { host, ...from, sizeBytes } });
      }
      case 'disk.attach': {
        const { vm } = command.body;
        if (state.vm === vm) return accept();
        if (state.vm !== undefined) return reject('disk.held', { vm: state.vm });
        return state.deleting ? reject('disk.deleting') : accept({ kind: 'disk.attached', body: { vm } });
      }
      case 'disk.detach':
        return state.vm === command.body.vm ? accept({ kind: 'disk.detached', body: command.body }) : accept();
      case 'disk.observe': {
        const { host, ...seen } = command.body;
        if (state.host !== host) return reject('disk.elsewhere', { host });
        const { generation, phase, reason } = state.observed;
        const isNews = !same(seen, { generation, phase, ...(reason === undefined ? {} : { reason }) });
        const isOfNow = seen.generation >= generation && seen.generation <= state.generation;
        return isNews && isOfNow ? accept({ kind: 'disk.observed', body: seen }) : accept();
      }
      case 'disk.removed': {
        const { host } = command.body;
        if (state.host !== host) return reject('disk.elsewhere', { host });
        return state.deleting ? accept({ kind: 'disk.deleted', body: { host } }) : reject('disk.wanted');
      }
    }
  },

  evolve(state, event, { now }) {
    if (event.kind === 'disk.created') {
      return {
        asked: event.body,
        sizeBytes: event.body.sizeBytes,
        epoch: 0,
        snapshots: [],
        deleting: false,
        generation: 1,
        observed: { generation: 0, phase: 'pending' },
      };
    }
    if (state === undefined) return impossible(event);
    const generation = state.generation + 1;
    switch (event.kind) {
      case 'disk.resized':
        return { ...state, sizeBytes: event.body.sizeBytes, generation };
      case 'disk.snapshotTaken':
        return { ...state, snapshots: [...state.snapshots, event.body.name], generation };
      case 'disk.snapshotDropped':
        return { ...state, snapshots: state.snapshots.filter((name) => name !== event.body.name), generation };
      case 'disk.placed': {
        // Another host has seen nothing of it yet.
        const observed = { generation: 0, phase: 'pending' } as const;
        return { ...state, host: event.body.host, epoch: state.epoch + 1, generation, observed };
      }
      case 'disk.attached':
        return { ...state, vm: event.body.vm, epoch: state.epoch + 1, generation };
      case 'disk.detached': {
        const { vm: _before, ...rest } = state;
        return { ...rest, epoch: state.epoch + 1, generation };
      }
      case 'disk.observed':
        return { ...state, observed: { ...event.body, atMs: now } };
      case 'disk.deletionRequested':
        return { ...state, deleting: true, generation };
      case 'disk.deleted':
        return undefined;
    }
  },
};

const created = (id: string, body: Created, facts: Facts): Decision<DiskEvent, Code> => {
  const project = projectIn(id);
  if (facts.get(projectKind, project) === undefined) return reject('project.absent', { project });
  if (body.image !== undefined) {
    const image = imageFor(facts, body.image, project);
    if (image === undefined) return reject('image.absent', { image: body.image });
    if (image.phase !== 'ready' || image.asked.format === 'kernel') {
      return reject('image.unfounded', { image: body.image, phase: image.phase });
    }
    const { minimumDiskBytes } = image;
    if (body.sizeBytes < minimumDiskBytes) return reject('disk.smaller', { sizeBytes: minimumDiskBytes });
  }
  const within = withinQuota(facts, project, { disks: 1, diskBytes: body.sizeBytes });
  return isLeft(within) ? within : accept({ kind: 'disk.created', body });
};

type Change = Extract<DiskCommand, { readonly kind: 'disk.resize' | 'disk.snapshot' | 'disk.dropSnapshot' }>;

const changed = (state: Disk, command: Change, facts: Facts): Decision<DiskEvent, Code> => {
  const project = projectIn(command.id);
  switch (command.kind) {
    case 'disk.resize': {
      const { sizeBytes } = command.body;
      if (sizeBytes === state.sizeBytes) return accept();
      if (sizeBytes < state.sizeBytes) return reject('disk.smaller', { sizeBytes: state.sizeBytes });
      // The host that the machine goes to has reserved what the disk was when it set out.
      const migration = state.vm === undefined ? undefined : facts.get(vmKind, state.vm)?.state.migration;
      if (migration !== undefined) return reject('disk.moving');
      const within = withinQuota(facts, project, { diskBytes: sizeBytes - state.sizeBytes });
      return isLeft(within) ? within : accept({ kind: 'disk.resized', body: command.body });
    }
    case 'disk.snapshot': {
      if (state.snapshots.includes(command.body.name)) return accept();
      if (state.snapshots.length >= maxSnapshots) return reject('snapshot.tooMany', { allowed: maxSnapshots });
      const within = withinQuota(facts, project, { snapshots: 1 });
      return isLeft(within) ? within : accept({ kind: 'disk.snapshotTaken', body: command.body });
    }
    case 'disk.dropSnapshot':
      return state.snapshots.includes(command.body.name)
        ? accept({ kind: 'disk.snapshotDropped', body: command.body })
        : reject('snapshot.absent', { name: command.body.name });
  }
};
