import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  attachDiskToVm,
  attachNicToVm,
  cancelMigration,
  defineVm,
  deleteVm,
  detachDiskFromVm,
  detachNicFromVm,
  protectVm,
  rebootVm,
  renameVm,
  resizeVm,
  startVm,
  stopVm,
  unprotectVm,
  VmDefined,
  VmDeleted,
  VmRebootRequested,
  VmResized,
  VmStopRequested,
  type VmCommand,
} from '#commands/plasmavmc/vm';
import {
  beginMigration,
  expireMigration,
  failMigration,
  finishMigration,
  loseVm,
  Migrated,
  MigrationCancelled,
  MigrationFailed,
  MigrationProgressed,
  MigrationStarted,
  observeMigration,
  observeVm,
  placeVm,
  removedVm,
  unplaceVm,
  VmObserved,
  VmUnplaced,
  type VmReport,
} from '#commands/plasmavmc/vm-report';
import { maxDisks, maxNics } from '#commands/plasmavmc/vm-spec';
import { projectIn } from '#commands/tenant';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject, type Decision } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { ownedByProject } from '#aggregates/owners';
import { vmsByKernel } from '#aggregates/plasmavmc/image';
import { absentPart, definedVm, sizeOf, vmsByPort } from '#aggregates/plasmavmc/vm-definition';
import { lifecycle, mayBeAsked, vmRejections, type Asked, type VmCode } from '#aggregates/plasmavmc/vm-lifecycle';
import { decideReport, deletedVm } from '#aggregates/plasmavmc/vm-reports';
import { evolveVm, phaseOf, vmKind, type Vm, type VmEvent } from '#aggregates/plasmavmc/vm-state';
import { inUse, usageKey, withinQuota } from '#aggregates/quota';
import { same } from '#aggregates/same';

/** Machines by the host that has them, and by the one that they are being moved to. */
export const vmsByHost = 'vm.by-host';

/** How long a guest has to shut down, unless told otherwise. */
const usualDeadlineSeconds = 120;

const empty = object({});

type Decided = Decision<VmEvent, VmCode>;

export const vm: Aggregate<Vm, VmCommand | VmReport, VmEvent, VmCode> = {
  kind: vmKind,
  summary: 'A virtual machine.',
  commands: [
    defineVm,
    startVm,
    stopVm,
    rebootVm,
    resizeVm,
    renameVm,
    protectVm,
    unprotectVm,
    attachDiskToVm,
    detachDiskFromVm,
    attachNicToVm,
    detachNicFromVm,
    cancelMigration,
    deleteVm,
    placeVm,
    unplaceVm,
    observeVm,
    loseVm,
    removedVm,
    beginMigration,
    observeMigration,
    finishMigration,
    failMigration,
    expireMigration,
  ],
  events: {
    'vm.defined': VmDefined,
    'vm.startRequested': empty,
    'vm.stopRequested': VmStopRequested,
    'vm.rebootRequested': VmRebootRequested,
    'vm.resized': VmResized,
    'vm.renamed': renameVm.body,
    'vm.protected': empty,
    'vm.unprotected': empty,
    'vm.diskAttached': attachDiskToVm.body,
    'vm.diskDetached': detachDiskFromVm.body,
    'vm.nicAttached': attachNicToVm.body,
    'vm.nicDetached': detachNicFromVm.body,
    'vm.deletionRequested': empty,
    'vm.deleted': VmDeleted,
    'vm.placed': placeVm.body,
    'vm.unplaced': VmUnplaced,
    'vm.observed': VmObserved,
    'vm.lost': empty,
    'vm.migrationStarted': MigrationStarted,
    'vm.migrationProgressed': MigrationProgressed,
    'vm.migrated': Migrated,
    'vm.migrationCancelled': MigrationCancelled,
    'vm.migrationFailed': MigrationFailed,
  },
  rejections: vmRejections,
  owners: ownedByProject,
  indexes: {
    [vmsByHost]: ({ placed, migration }) => [
      ...(placed === undefined ? [] : [placed.host]),
      ...(migration === undefined ? [] : [migration.to.host]),
    ],
    [vmsByKernel]: ({ asked: { kernel } }) => (kernel === undefined ? [] : [kernel]),
    [vmsByPort]: ({ asked: { nics } }) => nics,
  },
  sums: {
    [inUse]: ({ asked: { cpuCount, memoryBytes } }, id) => [
      [usageKey(projectIn(id), 'vms'), 1],
      [usageKey(projectIn(id), 'vcpus'), cpuCount],
      [usageKey(projectIn(id), 'memoryBytes'), memoryBytes],
    ],
  },
  due: ({ migration }) => (migration?.cancelling === undefined ? migration?.deadlineMs : undefined),
  onDue: 'vm.expireMigration',

  decide(state, command, facts, moment) {
    if (command.kind === 'vm.define') return definedVm(state, command.id, command.body, facts);
    if (state === undefined) return command.kind === 'vm.expireMigration' ? accept() : reject('vm.absent');
    switch (command.kind) {
      case 'vm.start':
      case 'vm.stop':
      case 'vm.reboot':
        return powered(state, command);
      case 'vm.rename':
        if (state.asked.displayName === command.body.displayName) return accept();
        return refusal(state, 'rename') ?? accept({ kind: 'vm.renamed', body: command.body });
      case 'vm.protect':
        if (state.protected) return accept();
        return refusal(state, 'protect') ?? accept({ kind: 'vm.protected', body: {} });
      case 'vm.unprotect':
        if (!state.protected) return accept();
        return refusal(state, 'unprotect') ?? accept({ kind: 'vm.unprotected', body: {} });
      case 'vm.resize':
        return resized(state, command.id, command.body, facts);
      case 'vm.attachDisk':
      case 'vm.detachDisk':
      case 'vm.attachNic':
      case 'vm.detachNic':
        return plugged(state, command, facts);
      case 'vm.cancelMigration':
        if (state.migration?.cancelling !== undefined) return accept();
        return (
          refusal(state, 'cancelMigration') ??
          accept({ kind: 'vm.migrationCancelled', body: { reason: 'It was cancelled.' } })
        );
      case 'vm.delete': {
        if (state.desired.deleting) return accept();
        if (state.protected) return reject('vm.protected');
        const requested: VmEvent = { kind: 'vm.deletionRequested', body: {} };
        return refusal(state, 'delete') ?? accept(requested, ...(state.placed === undefined ? [deletedVm(state)] : []));
      }
      case 'vm.place':
      case 'vm.unplace':
      case 'vm.observe':
      case 'vm.lose':
      case 'vm.removed':
      case 'vm.beginMigration':
      case 'vm.observeMigration':
      case 'vm.finishMigration':
      case 'vm.failMigration':
      case 'vm.expireMigration':
        return decideReport(state, command, facts, moment);
    }
  },

  evolve: evolveVm,
};

/** Why something cannot be asked of a machine now. */
const refusal = (state: Vm, what: Asked): Decided | undefined => {
  if (state.desired.deleting) return reject('vm.deleting');
  const phase = phaseOf(state);
  return mayBeAsked(what, phase) ? undefined : reject('vm.unready', { phase, allowed: lifecycle[what].join(', ') });
};

const unready = (state: Vm): Decided => reject('vm.unready', { phase: phaseOf(state), allowed: 'off' });

type Verb<K extends VmCommand['kind']> = Extract<VmCommand, { readonly kind: K }>;

/** Whether the host has told of the wish that stands. */
const isSettled = ({ desired, observed }: Vm): boolean => observed.generation === desired.generation;

/** Whether it is off, and wanted so. */
const isOff = ({ desired, observed: { phase } }: Vm): boolean =>
  desired.power === 'off' && (phase === 'pending' || phase === 'stopped' || phase === 'failed');

const powered = (state: Vm, command: Verb<'vm.start' | 'vm.stop' | 'vm.reboot'>): Decided => {
  const { desired, observed } = state;
  switch (command.kind) {
    case 'vm.start': {
      const hasEnded = isSettled(state) && (observed.phase === 'stopped' || observed.phase === 'failed');
      if (desired.power === 'on' && !hasEnded) return accept();
      return refusal(state, 'start') ?? accept({ kind: 'vm.startRequested', body: {} });
    }
    case 'vm.stop': {
      const { force = false, deadlineSeconds = usualDeadlineSeconds } = command.body;
      const isStopping = desired.power === 'off' && (desired.stop === undefined || desired.stop.force || !force);
      if (isStopping || (isOff(state) && isSettled(state))) return accept();
      return refusal(state, 'stop') ?? accept({ kind: 'vm.stopRequested', body: { force, deadlineSeconds } });
    }
    case 'vm.reboot': {
      const { force = false } = command.body;
      const { reboot } = desired;
      const isPending = reboot !== undefined && observed.generation < reboot.generation;
      if (isPending && (reboot.force || !force)) return accept();
      if (desired.power === 'off' && !desired.deleting) return unready(state);
      return refusal(state, 'reboot') ?? accept({ kind: 'vm.rebootRequested', body: { force } });
    }
  }
};

const resized = (state: Vm, id: string, body: TypeOf<typeof resizeVm.body>, facts: Facts): Decided => {
  const size = sizeOf(facts, body);
  if (isLeft(size)) return size;
  const { flavour, cpuCount, memoryBytes } = state.asked;
  if (same(size.right, { ...(flavour === undefined ? {} : { flavour }), cpuCount, memoryBytes })) return accept();
  const refused = refusal(state, 'resize') ?? (isOff(state) ? undefined : unready(state));
  if (refused !== undefined) return refused;
  const more = { vcpus: size.right.cpuCount - cpuCount, memoryBytes: size.right.memoryBytes - memoryBytes };
  const within = withinQuota(facts, projectIn(id), more);
  return isLeft(within) ? within : accept({ kind: 'vm.resized', body: size.right });
};

type Plug = Verb<'vm.attachDisk' | 'vm.detachDisk' | 'vm.attachNic' | 'vm.detachNic'>;

const plugged = (state: Vm, command: Plug, facts: Facts): Decided => {
  const { disks, nics, kernel } = state.asked;
  const project = projectIn(command.id);
  switch (command.kind) {
    case 'vm.attachDisk': {
      const { body } = command;
      const known = disks.find(({ disk }) => disk === body.disk);
      if (known !== undefined) return same(known, body) ? accept() : reject('vm.repeated', { disk: body.disk });
      const refused = refusal(state, 'attachDisk') ?? absentPart(facts, project, { disks: [body], nics: [] });
      if (refused !== undefined) return refused;
      return disks.length < maxDisks ? accept({ kind: 'vm.diskAttached', body }) : reject('vm.crowded');
    }
    case 'vm.detachDisk': {
      const { body } = command;
      const at = disks.findIndex(({ disk }) => disk === body.disk);
      if (at < 0) return accept();
      const refused = refusal(state, 'detachDisk');
      if (refused !== undefined) return refused;
      const isBoot = at === 0 && kernel === undefined;
      return isBoot && !isOff(state) ? unready(state) : accept({ kind: 'vm.diskDetached', body });
    }
    case 'vm.attachNic': {
      const { body } = command;
      if (nics.includes(body.port)) return accept();
      const refused = refusal(state, 'attachNic') ?? absentPart(facts, project, { disks: [], nics: [body.port] });
      if (refused !== undefined) return refused;
      return nics.length < maxNics ? accept({ kind: 'vm.nicAttached', body }) : reject('vm.crowded');
    }
    case 'vm.detachNic': {
      const { body } = command;
      if (!nics.includes(body.port)) return accept();
      return refusal(state, 'detachNic') ?? accept({ kind: 'vm.nicDetached', body });
    }
  }
};
