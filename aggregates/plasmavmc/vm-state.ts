import type { TypeOf } from '#commands/codec/codec';
import type {
  detachDiskFromVm,
  detachNicFromVm,
  VmDefined,
  VmDeleted,
  vmPhases,
  VmRebootRequested,
  VmResized,
  VmStopRequested,
  attachDiskToVm,
  attachNicToVm,
  renameVm,
} from '#commands/plasmavmc/vm';
import type {
  Migrated,
  MigrationCancelled,
  MigrationFailed,
  MigrationProgressed,
  MigrationStarted,
  placeVm,
  VmObserved,
  VmUnplaced,
} from '#commands/plasmavmc/vm-report';
import { impossible, type Moment } from '#aggregates/decision';
import { kind } from '#aggregates/facts';

type Empty = Readonly<Record<string, never>>;
type Placed = TypeOf<typeof placeVm.body>;

export type VmPhase = (typeof vmPhases)[number];

/** A move from the host that has the machine to another one that has reserved room for it. */
export interface Migration {
  readonly attempt: number;
  readonly to: Placed;
  readonly percent: number;
  readonly deadlineMs: number;
  /** Why it is to end where it began. */
  readonly cancelling?: string;
}

/** A machine: what is wanted of it by generation, and apart from that what its host sees. */
export interface Vm {
  readonly asked: TypeOf<typeof VmDefined>;
  readonly protected: boolean;
  readonly desired: {
    readonly power: 'on' | 'off';
    readonly generation: number;
    readonly deleting: boolean;
    /** How it is to be switched off. */
    readonly stop?: { readonly force: boolean; readonly deadlineMs: number };
    /** The last time that it was to start anew, and whether its power was to be cut for that. */
    readonly reboot?: { readonly generation: number; readonly force: boolean };
  };
  readonly observed: {
    readonly generation: number;
    readonly phase: Exclude<VmPhase, 'migrating'>;
    readonly reason?: string;
    readonly atMs?: number;
  };
  /** The one host that may run it, and since which joining of the host. */
  readonly placed?: Placed;
  readonly migration?: Migration;
  readonly migrations: number;
}

export const vmKind = kind<Vm>('vm');

export type VmEvent =
  | { readonly kind: 'vm.defined'; readonly body: TypeOf<typeof VmDefined> }
  | { readonly kind: 'vm.startRequested'; readonly body: Empty }
  | { readonly kind: 'vm.stopRequested'; readonly body: TypeOf<typeof VmStopRequested> }
  | { readonly kind: 'vm.rebootRequested'; readonly body: TypeOf<typeof VmRebootRequested> }
  | { readonly kind: 'vm.resized'; readonly body: TypeOf<typeof VmResized> }
  | { readonly kind: 'vm.renamed'; readonly body: TypeOf<typeof renameVm.body> }
  | { readonly kind: 'vm.protected'; readonly body: Empty }
  | { readonly kind: 'vm.unprotected'; readonly body: Empty }
  | { readonly kind: 'vm.diskAttached'; readonly body: TypeOf<typeof attachDiskToVm.body> }
  | { readonly kind: 'vm.diskDetached'; readonly body: TypeOf<typeof detachDiskFromVm.body> }
  | { readonly kind: 'vm.nicAttached'; readonly body: TypeOf<typeof attachNicToVm.body> }
  | { readonly kind: 'vm.nicDetached'; readonly body: TypeOf<typeof detachNicFromVm.body> }
  | { readonly kind: 'vm.deletionRequested'; readonly body: Empty }
  | { readonly kind: 'vm.deleted'; readonly body: TypeOf<typeof VmDeleted> }
  | { readonly kind: 'vm.placed'; readonly body: Placed }
  | { readonly kind: 'vm.unplaced'; readonly body: TypeOf<typeof VmUnplaced> }
  | { readonly kind: 'vm.observed'; readonly body: TypeOf<typeof VmObserved> }
  | { readonly kind: 'vm.lost'; readonly body: Empty }
  | { readonly kind: 'vm.migrationStarted'; readonly body: TypeOf<typeof MigrationStarted> }
  | { readonly kind: 'vm.migrationProgressed'; readonly body: TypeOf<typeof MigrationProgressed> }
  | { readonly kind: 'vm.migrated'; readonly body: TypeOf<typeof Migrated> }
  | { readonly kind: 'vm.migrationCancelled'; readonly body: TypeOf<typeof MigrationCancelled> }
  | { readonly kind: 'vm.migrationFailed'; readonly body: TypeOf<typeof MigrationFailed> };

/** What people see: a machine that is being moved is so whatever its host sees of it. */
export const phaseOf = ({ migration, observed }: Vm): VmPhase =>
  migration === undefined ? observed.phase : 'migrating';

/** The groups of its project that a machine belongs to, as a host counts them. */
const groupsOf = (project: string, labels: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(labels).map(([name, value]) => `${project} ${name}=${value}`);

/** What a machine takes on a host, beside its disks. */
export const needOfVm = (project: string, { asked: { cpuCount, memoryBytes, labels = {} } }: Pick<Vm, 'asked'>) => ({
  cpuCount,
  memoryBytes,
  diskBytes: 0,
  groups: groupsOf(project, labels),
});

/** With other wishes, of the next generation. */
const wanting = (state: Vm, more: Partial<Vm['desired']>): Vm => ({
  ...state,
  desired: { ...state.desired, ...more, generation: state.desired.generation + 1 },
});

const asking = (state: Vm, more: Partial<Vm['asked']>): Vm =>
  wanting({ ...state, asked: { ...state.asked, ...more } }, {});

/** Without its migration, if it has one. */
const settled = ({ migration: _over, ...rest }: Vm): Vm => rest;

const withSize = ({ asked, ...state }: Vm, size: TypeOf<typeof VmResized>): Vm => {
  const { flavour: _before, ...rest } = asked;
  return wanting({ ...state, asked: { ...rest, ...size } }, {});
};

export const evolveVm = (state: Vm | undefined, event: VmEvent, { now }: Moment): Vm | undefined => {
  if (event.kind === 'vm.defined') {
    return {
      asked: event.body,
      protected: false,
      desired: { power: 'off', generation: 1, deleting: false },
      observed: { generation: 0, phase: 'pending' },
      migrations: 0,
    };
  }
  if (state === undefined) return impossible(event);
  const { asked, migration } = state;
  switch (event.kind) {
    case 'vm.startRequested': {
      const { stop: _over, ...desired } = state.desired;
      return wanting({ ...state, desired }, { power: 'on' });
    }
    case 'vm.stopRequested': {
      const { force, deadlineSeconds } = event.body;
      return wanting(state, { power: 'off', stop: { force, deadlineMs: now + deadlineSeconds * 1_000 } });
    }
    case 'vm.rebootRequested':
      return wanting(state, { reboot: { generation: state.desired.generation + 1, force: event.body.force } });
    case 'vm.resized':
      return withSize(state, event.body);
    case 'vm.renamed':
      return { ...state, asked: { ...asked, displayName: event.body.displayName } };
    case 'vm.protected':
    case 'vm.unprotected':
      return { ...state, protected: event.kind === 'vm.protected' };
    case 'vm.diskAttached':
      return asking(state, { disks: [...asked.disks, event.body] });
    case 'vm.diskDetached':
      return asking(state, { disks: asked.disks.filter(({ disk }) => disk !== event.body.disk) });
    case 'vm.nicAttached':
      return asking(state, { nics: [...asked.nics, event.body.port] });
    case 'vm.nicDetached':
      return asking(state, { nics: asked.nics.filter((port) => port !== event.body.port) });
    case 'vm.deletionRequested':
      return wanting(state, { power: 'off', deleting: true, stop: { force: true, deadlineMs: now } });
    case 'vm.deleted':
      return undefined;
    case 'vm.placed':
      return wanting({ ...state, placed: event.body, observed: { generation: 0, phase: 'pending' } }, {});
    case 'vm.unplaced': {
      const { placed: _before, ...rest } = state;
      return wanting({ ...rest, observed: { generation: 0, phase: 'pending' } }, {});
    }
    case 'vm.observed':
      return { ...state, observed: { ...event.body, atMs: now } };
    case 'vm.lost':
      return { ...state, observed: { generation: state.observed.generation, phase: 'lost', atMs: now } };
    case 'vm.migrationStarted': {
      const { to, toEpoch, deadlineSeconds } = event.body;
      const attempt = state.migrations + 1;
      const started = {
        attempt,
        to: { host: to, epoch: toEpoch },
        percent: 0,
        deadlineMs: now + deadlineSeconds * 1_000,
      };
      return wanting({ ...state, migrations: attempt, migration: started }, {});
    }
    case 'vm.migrationProgressed':
      return migration === undefined
        ? impossible(event)
        : { ...state, migration: { ...migration, percent: event.body.percent } };
    case 'vm.migrationCancelled':
      return migration === undefined
        ? impossible(event)
        : wanting({ ...state, migration: { ...migration, cancelling: event.body.reason } }, {});
    case 'vm.migrated':
      return migration === undefined ? impossible(event) : wanting({ ...settled(state), placed: migration.to }, {});
    case 'vm.migrationFailed':
      return wanting(settled(state), {});
  }
};
