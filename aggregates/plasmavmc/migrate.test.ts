import type { Id } from '#commands/codec/scalar';
import { migration } from '#aggregates/plasmavmc/migrate';
import { hostFacts } from '#harness/fleet';
import { performances } from '#harness/performances';
import { machineComponents } from '#harness/virtual-machines';

const id = 'shop/web1' as Id<'vm'>;
const MiB = 2 ** 20;
const n1 = { host: 'n1', epoch: 1 };
const host = (name: string, more = {}) => ({ kind: 'host.become', id: name, body: hostFacts(more) });
const tell = (verb: string, body: object = {}) => ({ kind: `vm.${verb}`, id, body });
const asked = { cpuCount: 2, memoryBytes: 64 * MiB, labels: { role: 'web' }, disks: [{ disk: 'shop/root' }], nics: [] };
const given = [
  { kind: 'project.become', id: 'shop', body: { organisation: 'acme' } },
  host('n1'),
  host('n2', { schedulable: false }),
  host('n3', { epoch: 4 }),
  { kind: 'disk.create', id: 'shop/root', body: { sizeBytes: 5 * MiB } },
  tell('define', asked),
  tell('place', n1),
  tell('start'),
  tell('observe', { ...n1, generation: 3, phase: 'running' }),
];
const migrate = (body = {}) => ({ kind: 'vm.migrate' as const, id, body });
const started = {
  events: [
    {
      kind: 'vm.migrationStarted',
      id,
      body: { from: 'n1', to: 'n3', toEpoch: 4, deadlineSeconds: 3_600 },
    },
    {
      kind: 'host-load.reserved',
      id: 'n3',
      body: { thing: `vm/${id}`, cpuCount: 2, memoryBytes: 64 * MiB, diskBytes: 0, groups: ['shop role=web'] },
    },
    {
      kind: 'host-load.reserved',
      id: 'n3',
      body: { thing: 'disk/shop/root', cpuCount: 0, memoryBytes: 0, diskBytes: 5 * MiB, groups: [] },
    },
  ],
  reply: { host: 'n3' },
};

performances(migration, machineComponents, [
  ['the host that suits best', given, migrate(), started],
  ['the host that is named', given, migrate({ to: 'n3' }), started],
  ['the same again', [...given, migrate()], migrate(), { events: [], reply: { host: 'n3' } }],
  ['no host that takes nothing new', given, migrate({ to: 'n2' as Id<'host'> }), 'placement.impossible'],
  ['not the host that has it', given, migrate({ to: 'n1' as Id<'host'> }), 'placement.impossible'],
  [
    'no second host on the way to one',
    [...given, migrate()],
    migrate({ to: 'n1' as Id<'host'> }),
    'placement.impossible',
  ],
  ['nothing without the machine', given.slice(0, 5), migrate(), 'vm.absent'],
  ['nothing while it is not settled', given.slice(0, 8), migrate(), 'vm.unready'],
]);
