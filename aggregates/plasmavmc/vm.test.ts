import type { Id } from '#commands/codec/scalar';
import type { VmCommand } from '#commands/plasmavmc/vm';
import type { VmReport } from '#commands/plasmavmc/vm-report';
import { hostKind } from '#aggregates/host';
import { project } from '#aggregates/iam/project';
import { disk } from '#aggregates/plasmavmc/disk';
import { diskKind, type Disk } from '#aggregates/plasmavmc/disk-state';
import { flavour } from '#aggregates/plasmavmc/flavour';
import { image } from '#aggregates/plasmavmc/image';
import { vm } from '#aggregates/plasmavmc/vm';
import { portKind } from '#aggregates/plasmavmc/vm-definition';
import type { VmEvent } from '#aggregates/plasmavmc/vm-state';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';
import { hostFacts } from '#harness/fleet';

const id = 'shop/web1' as Id<'vm'>;
const root = 'shop/root' as Id<'disk'>;
const data = 'shop/data' as Id<'disk'>;
const front = 'shop/front' as Id<'port'>;
const small = 'small' as Id<'flavour'>;
const kernel = 'shop/kernel' as Id<'image'>;
const n1 = { host: 'n1' as Id<'host'>, epoch: 1 };
const n2 = { host: 'n2' as Id<'host'>, epoch: 1 };
const MiB = 2 ** 20;
const size = { cpuCount: 1, memoryBytes: 128 * MiB };
const asked = { ...size, disks: [{ disk: root }], nics: [] };

const tell = (verb: string, body: object) => ({ kind: `vm.${verb}`, id, body }) as VmCommand | VmReport;
const ask = (verb: string) => tell(verb, {});
const did = (kind: VmEvent['kind'], body: object = {}): VmEvent => ({ kind, body }) as VmEvent;

const defined = did('vm.defined', asked);
const placed = did('vm.placed', n1);
const started = did('vm.startRequested');
const stopped = did('vm.stopRequested', { force: false, deadlineSeconds: 120 });
/** As a host that knows of every wish tells it. */
const seen = (generation: number, phase: 'running' | 'stopped' | 'failed') => did('vm.observed', { generation, phase });
const running = [defined, placed, started, seen(3, 'running')];
const off = [defined, placed, seen(2, 'stopped')];
const moving = [...running, did('vm.migrationStarted', { from: 'n1', to: 'n2', toEpoch: 1, deadlineSeconds: 60 })];
const requested = did('vm.deletionRequested');
const deleted = (more = {}) => did('vm.deleted', { disks: [{ disk: root }], nics: [], ...more });
const lost = [...running, did('vm.lost')];
const cancelled = did('vm.migrationCancelled', { reason: 'It was cancelled.' });
const late = did('vm.migrationCancelled', { reason: 'It took longer than it might.' });
const resized = did('vm.resized', { cpuCount: 2, memoryBytes: 128 * MiB });

const someDisk: Disk = {
  asked: { sizeBytes: MiB },
  sizeBytes: MiB,
  epoch: 0,
  snapshots: [],
  deleting: false,
  generation: 1,
  observed: { generation: 0, phase: 'pending' },
};
const imageHeld = (format: 'kernel' | 'raw') =>
  held(image, kernel, {
    asked: { format, digest: 'a'.repeat(64), sizeBytes: 1 },
    visibility: 'project',
    phase: 'ready',
    minimumDiskBytes: 0,
  });
const world = [
  held(project, 'shop', { organisation: 'acme' }),
  ...[root, data].map((name) => held(disk, name, someDisk)),
  held({ kind: diskKind }, 'bank/data', someDisk),
  held({ kind: portKind }, front, {}),
  held(flavour, small, size),
  ...['n1', 'n2'].map((name) => held({ kind: hostKind }, name, hostFacts())),
];
const here = { facts: world };
const disksOf = (count: number) => Array.from({ length: count }, (_, at) => ({ disk: `shop/d${at}` as Id<'disk'> }));

decisions(vm, [
  ['is defined', [], tell('define', asked), [defined], here],
  ['is defined once', [defined], tell('define', asked), []],
  ['is not another one of the same id', [defined], tell('define', { ...asked, cpuCount: 2 }), 'vm.exists'],
  [
    'has the size of a flavour',
    [],
    tell('define', { flavour: small, disks: [{ disk: root }], nics: [front] }),
    [did('vm.defined', { ...asked, flavour: small, nics: [front] })],
    here,
  ],
  [
    'is defined once of a flavour that is gone',
    [did('vm.defined', { ...asked, flavour: small })],
    tell('define', { flavour: small, disks: [{ disk: root }], nics: [] }),
    [],
  ],
  ['needs its project', [], tell('define', asked), 'project.absent'],
  ['needs a size', [], tell('define', { disks: [{ disk: root }], nics: [] }), 'vm.sizeless', here],
  ['has one size', [], tell('define', { ...asked, flavour: small }), 'vm.sizeless', here],
  [
    'needs a flavour that is there',
    [],
    tell('define', { flavour: 'none' as Id<'flavour'>, disks: [{ disk: root }], nics: [] }),
    'flavour.absent',
    here,
  ],
  ['needs something to boot', [], tell('define', { ...asked, disks: [] }), 'vm.bootless', here],
  [
    'boots a kernel',
    [],
    tell('define', { ...asked, kernel, disks: [] }),
    [did('vm.defined', { ...asked, kernel, disks: [] })],
    { facts: [...world, imageHeld('kernel')] },
  ],
  [
    'boots no image that is a disk',
    [],
    tell('define', { ...asked, kernel, disks: [] }),
    'vm.bootless',
    { facts: [...world, imageHeld('raw')] },
  ],
  ['boots no image that is not there', [], tell('define', { ...asked, kernel }), 'image.absent', here],
  ['names a disk once', [], tell('define', { ...asked, disks: [{ disk: root }, { disk: root }] }), 'vm.repeated', here],
  [
    'has no disk of another project',
    [],
    tell('define', { ...asked, disks: [{ disk: 'bank/data' as Id<'disk'> }] }),
    'disk.absent',
    here,
  ],
  [
    'has no port that is not there',
    [],
    tell('define', { ...asked, nics: ['shop/back' as Id<'port'>] }),
    'port.absent',
    here,
  ],
  [
    'has no port that another has',
    [],
    tell('define', { ...asked, nics: [front] }),
    'vm.taken',
    {
      facts: [
        ...world,
        held(vm, 'shop/web2', {
          asked: { ...asked, nics: [front] },
          protected: false,
          desired: { power: 'off', generation: 1, deleting: false },
          observed: { generation: 0, phase: 'pending' },
          migrations: 0,
        }),
      ],
    },
  ],
  ['keeps to the quota', [], tell('define', { ...asked, cpuCount: 201 }), 'quota.exceeded', here],

  ['is switched on', [defined, placed], ask('start'), [started]],
  ['is switched on once', [defined, placed, started], ask('start'), []],
  ['is switched on again when it has ended', [...running.slice(0, 3), seen(3, 'failed')], ask('start'), [started]],
  ['is shut down', running, tell('stop', {}), [stopped]],
  ['is shut down once', [...running, stopped], tell('stop', {}), []],
  [
    'is cut off after that',
    [...running, stopped],
    tell('stop', { force: true, deadlineSeconds: 1 }),
    [did('vm.stopRequested', { force: true, deadlineSeconds: 1 })],
  ],
  ['is not cut off when it is off', [...running, stopped, seen(4, 'stopped')], tell('stop', { force: true }), []],
  ['starts anew', running, tell('reboot', {}), [did('vm.rebootRequested', { force: false })]],
  ['starts anew once', [...running, did('vm.rebootRequested', { force: false })], tell('reboot', {}), []],
  ['does not start anew when it is off', off, tell('reboot', {}), 'vm.unready'],
  ['is resized when it is off', off, tell('resize', { cpuCount: 2, memoryBytes: 128 * MiB }), [resized]],
  ['is resized once', [...off, resized], tell('resize', { cpuCount: 2, memoryBytes: 128 * MiB }), []],
  ['is resized to something', off, tell('resize', { cpuCount: 2 }), 'vm.sizeless'],
  ['is not resized while it runs', running, tell('resize', { cpuCount: 2, memoryBytes: 128 * MiB }), 'vm.unready'],
  [
    'is not resized while it is to start',
    [...off, started],
    tell('resize', { cpuCount: 2, memoryBytes: 128 * MiB }),
    'vm.unready',
  ],
  ['keeps to the quota later', off, tell('resize', { cpuCount: 300, memoryBytes: 128 * MiB }), 'quota.exceeded'],
  ['is renamed', running, tell('rename', { displayName: 'Web' }), [did('vm.renamed', { displayName: 'Web' })]],
  [
    'is renamed once',
    [...running, did('vm.renamed', { displayName: 'Web' })],
    tell('rename', { displayName: 'Web' }),
    [],
  ],
  ['is protected', running, ask('protect'), [did('vm.protected')]],
  ['is protected once', [...running, did('vm.protected')], ask('protect'), []],
  ['is protected no more', [...running, did('vm.protected')], ask('unprotect'), [did('vm.unprotected')]],
  ['is unprotected once', running, ask('unprotect'), []],

  [
    'is given a disk',
    running,
    tell('attachDisk', { disk: data, deleteWithVm: true }),
    [did('vm.diskAttached', { disk: data, deleteWithVm: true })],
    here,
  ],
  ['is given a disk once', running, tell('attachDisk', { disk: root }), []],
  ['is not given it otherwise', running, tell('attachDisk', { disk: root, deleteWithVm: true }), 'vm.repeated'],
  ['is given no disk that is not there', running, tell('attachDisk', { disk: data }), 'disk.absent'],
  [
    'is given so many disks',
    [did('vm.defined', { ...asked, disks: disksOf(16) })],
    tell('attachDisk', { disk: data }),
    'vm.crowded',
    here,
  ],
  [
    'gives a disk back',
    [...running, did('vm.diskAttached', { disk: data })],
    tell('detachDisk', { disk: data }),
    [did('vm.diskDetached', { disk: data })],
  ],
  ['gives back what it has', running, tell('detachDisk', { disk: data }), []],
  ['keeps the disk that it boots from', running, tell('detachDisk', { disk: root }), 'vm.unready'],
  ['gives it back when it is off', off, tell('detachDisk', { disk: root }), [did('vm.diskDetached', { disk: root })]],
  ['is plugged in', running, tell('attachNic', { port: front }), [did('vm.nicAttached', { port: front })], here],
  [
    'is unplugged',
    [...running, did('vm.nicAttached', { port: front })],
    tell('detachNic', { port: front }),
    [did('vm.nicDetached', { port: front })],
  ],
  ['is unplugged from where it is', running, tell('detachNic', { port: front }), []],

  ['is to be deleted', running, ask('delete'), [requested]],
  ['is to be deleted once', [...running, requested], ask('delete'), []],
  ['is gone at once when no host has it', [defined], ask('delete'), [requested, deleted()]],
  ['is kept when it is protected', [...running, did('vm.protected')], ask('delete'), 'vm.protected'],
  ['takes no wishes on its way out', [...running, requested], ask('start'), 'vm.deleting'],
  ['is gone when its host has nothing left', [...running, requested], tell('removed', n1), [deleted({ host: 'n1' })]],
  ['is gone only when that was asked for', running, tell('removed', n1), 'vm.wanted'],
  ['is not there', [], ask('start'), 'vm.absent'],

  ['is placed', [defined], tell('place', n1), [placed], here],
  ['is placed once', [defined, placed], tell('place', n1), []],
  ['is placed on a host that is there', [defined], tell('place', { ...n1, epoch: 2 }), 'vm.hostless', here],
  ['is placed on one host', [defined, placed], tell('place', n2), 'vm.placed', here],
  [
    'is taken up by a host that has joined anew',
    lost,
    tell('place', { ...n1, epoch: 2 }),
    [did('vm.placed', { ...n1, epoch: 2 })],
    { facts: [held({ kind: hostKind }, 'n1', hostFacts({ epoch: 2 }))] },
  ],
  ['is taken from a lost host', lost, tell('unplace', n1), [did('vm.unplaced', { host: 'n1' })]],
  [
    'is gone with a lost host',
    [...lost, requested],
    tell('unplace', n1),
    [did('vm.unplaced', { host: 'n1' }), deleted()],
  ],
  ['is taken from no host that is there', running, tell('unplace', n1), 'vm.unready'],
  ['is seen', [defined, placed], tell('observe', { ...n1, generation: 2, phase: 'stopped' }), [seen(2, 'stopped')]],
  [
    'is seen by its host',
    [defined, placed],
    tell('observe', { ...n2, generation: 2, phase: 'stopped' }),
    'vm.elsewhere',
  ],
  [
    'is not seen as it never was to be',
    [defined, placed],
    tell('observe', { ...n1, generation: 3, phase: 'stopped' }),
    'vm.premature',
  ],
  ['is lost with its host', running, tell('lose', n1), [did('vm.lost')]],

  [
    'sets out',
    running,
    tell('beginMigration', { to: n2.host, toEpoch: 1, deadlineSeconds: 60 }),
    [did('vm.migrationStarted', { from: 'n1', to: 'n2', toEpoch: 1, deadlineSeconds: 60 })],
    here,
  ],
  [
    'gets on',
    moving,
    tell('observeMigration', { ...n1, attempt: 1, percent: 10 }),
    [did('vm.migrationProgressed', { percent: 10 })],
  ],
  ['arrives', moving, tell('finishMigration', { ...n1, attempt: 1 }), [did('vm.migrated', { from: 'n1', to: 'n2' })]],
  ['turns back', moving, ask('cancelMigration'), [cancelled]],
  ['turns back once', [...moving, cancelled], ask('cancelMigration'), []],
  ['turns back from somewhere', running, ask('cancelMigration'), 'vm.unready'],
  ['turns back when it takes too long', moving, ask('expireMigration'), [late], { moment: { now: 60_000 } }],
  [
    'stays where it is',
    moving,
    tell('failMigration', { ...n1, attempt: 1, reason: 'No.' }),
    [did('vm.migrationFailed', { to: 'n2', reason: 'No.' })],
  ],
]);
