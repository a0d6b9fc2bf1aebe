import { list, object, optional } from '#commands/codec/object';
import { boolean, choice, integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import {
  CpuCount,
  CreatePosition,
  DiskId,
  DisplayName,
  FlavourId,
  Generation,
  HostEpoch,
  HostId,
  MemoryBytes,
  ModPosition,
  ObservedAt,
  PortId,
  Reason,
  VmId,
} from '#commands/plasmavmc/name';
import { DeadlineSeconds } from '#commands/plasmavmc/vm-report';
import { diskUse, DiskUse, maxDisks, maxNics, vmAsked } from '#commands/plasmavmc/vm-spec';
import { view } from '#commands/view';

const { userData: _text, sealedUserData: _sealed, sshKeys: _keys, ...shown } = vmAsked;

export const defineVm = command('vm', 'define', {
  summary: 'Say what a machine is: its part of creating one.',
  id: VmId,
  internal: true,
  body: vmAsked,
});

export const startVm = command('vm', 'start', { summary: 'Switch a machine on.', id: VmId, body: {} });

const force = boolean('force', { summary: 'Whether to cut its power without asking the guest.' });

export const stopVm = command('vm', 'stop', {
  summary: 'Ask a guest to shut down, and cut its power when it has not by the deadline.',
  id: VmId,
  body: { force: optional(force), deadlineSeconds: optional(DeadlineSeconds) },
  examples: [
    { title: 'Shut down.', id: 'shop/web1', body: {} },
    { title: 'At once.', id: 'shop/web1', body: { force: true } },
  ],
});

export const rebootVm = command('vm', 'reboot', {
  summary: 'Start a running guest anew.',
  id: VmId,
  body: { force: optional(force) },
  examples: [{ title: 'As the guest does it.', id: 'shop/web1', body: {} }],
});

export const resizeVm = command('vm', 'resize', {
  summary: 'Give a machine that is off another size.',
  id: VmId,
  body: { flavour: optional(FlavourId), cpuCount: optional(CpuCount), memoryBytes: optional(MemoryBytes) },
  examples: [{ title: 'That of a flavour.', id: 'shop/web1', body: { flavour: 'small' } }],
});

export const renameVm = command('vm', 'rename', {
  summary: 'Call a machine something else. Its id stays.',
  id: VmId,
  body: { displayName: DisplayName },
  examples: [{ title: 'A name for people.', id: 'shop/web1', body: { displayName: 'The front' } }],
});

export const protectVm = command('vm', 'protect', { summary: 'Refuse to delete a machine.', id: VmId, body: {} });

export const unprotectVm = command('vm', 'unprotect', { summary: 'Let a machine be deleted.', id: VmId, body: {} });

export const attachDiskToVm = command('vm', 'attachDisk', {
  summary: 'Give a machine a disk that no other has, also while it runs.',
  id: VmId,
  body: diskUse,
  examples: [{ title: 'A disk for data.', id: 'shop/web1', body: { disk: 'shop/data' } }],
});

export const detachDiskFromVm = command('vm', 'detachDisk', {
  summary: 'Take a disk from a machine; the one that it boots from only while it is off.',
  id: VmId,
  body: { disk: DiskId },
  examples: [{ title: 'The disk for data.', id: 'shop/web1', body: { disk: 'shop/data' } }],
});

export const attachNicToVm = command('vm', 'attachNic', {
  summary: 'Plug a machine into a port, also while it runs.',
  id: VmId,
  body: { port: PortId },
  examples: [{ title: 'A second port.', id: 'shop/web1', body: { port: 'shop/web1-back' } }],
});

export const detachNicFromVm = command('vm', 'detachNic', {
  summary: 'Unplug a machine from a port.',
  id: VmId,
  body: { port: PortId },
  examples: [{ title: 'The second port.', id: 'shop/web1', body: { port: 'shop/web1-back' } }],
});

export const cancelMigration = command('vm', 'cancelMigration', {
  summary: 'Let a machine that is being moved stay where it is, unless it has left.',
  id: VmId,
  body: {},
});

export const deleteVm = command('vm', 'delete', {
  summary: 'Delete a machine. It is gone when its host has nothing left of it.',
  id: VmId,
  body: {},
});

/** As it was asked for, with the size that came of it. */
export const VmDefined = object({ ...vmAsked, cpuCount: CpuCount, memoryBytes: MemoryBytes });
export const VmResized = object({ flavour: optional(FlavourId), cpuCount: CpuCount, memoryBytes: MemoryBytes });
export const VmStopRequested = object({ force, deadlineSeconds: DeadlineSeconds });
export const VmRebootRequested = object({ force });
export const VmDeleted = object({
  host: optional(HostId),
  disks: list(DiskUse, { summary: 'The disks that it had.', maxItems: maxDisks }),
  nics: list(PortId, { summary: 'The ports that it had.', maxItems: maxNics }),
});

export type VmCommand = CommandOf<
  | typeof defineVm
  | typeof startVm
  | typeof stopVm
  | typeof rebootVm
  | typeof resizeVm
  | typeof renameVm
  | typeof protectVm
  | typeof unprotectVm
  | typeof attachDiskToVm
  | typeof detachDiskFromVm
  | typeof attachNicToVm
  | typeof detachNicFromVm
  | typeof cancelMigration
  | typeof deleteVm
>;

const Power = choice('power', { summary: 'What is wanted.', values: ['on', 'off'] });

export const vmPhases = [
  'pending',
  'starting',
  'running',
  'stopping',
  'stopped',
  'migrating',
  'failed',
  'lost',
] as const;

export const vms = view('vm', {
  summary: 'Virtual machines, each of one project: what is wanted of them, and apart from that what is seen.',
  id: VmId,
  row: object({
    id: VmId,
    ...shown,
    cpuCount: CpuCount,
    memoryBytes: MemoryBytes,
    sshKeyCount: integer('SSH keys', { summary: 'How many keys may log in.', unit: 'count' }),
    userDataBytes: integer('user data', { summary: 'How much cloud-init is given in plain text.', unit: 'bytes' }),
    hasSealedUserData: boolean('sealed user data', { summary: 'Whether cloud-init is given something sealed.' }),
    protected: boolean('protected', { summary: 'Whether it cannot be deleted.' }),
    desired: object({
      power: Power,
      generation: Generation,
      deleting: boolean('deleting', { summary: 'Whether it is to go.' }),
    }),
    observed: object({
      generation: Generation,
      phase: choice('phase', { summary: 'What is seen of it.', values: vmPhases }),
      reason: optional(Reason),
      at: optional(ObservedAt),
    }),
    host: optional(HostId),
    hostEpoch: optional(HostEpoch),
    migration: optional(
      object({
        to: HostId,
        percent: integer('progress', { summary: 'How much was moved.', unit: 'percent', max: 100 }),
        cancelling: optional(Reason),
        deadline: ObservedAt,
      }),
    ),
    createPosition: CreatePosition,
    modPosition: ModPosition,
  }),
  columns: [
    { title: 'MACHINE', path: 'id' },
    { title: 'WANTED', path: 'desired.power' },
    { title: 'PHASE', path: 'observed.phase' },
    { title: 'HOST', path: 'host' },
    { title: 'PROCESSORS', path: 'cpuCount' },
    { title: 'MEMORY', path: 'memoryBytes' },
    { title: 'NAME', path: 'displayName', wide: true },
    { title: 'REASON', path: 'observed.reason', wide: true },
  ],
});
