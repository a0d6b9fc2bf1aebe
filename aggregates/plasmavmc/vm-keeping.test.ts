import * as fc from 'fast-check';
import { isLeft } from 'fp-ts/lib/Either';
import type { AnyCommand } from '#commands/command';
import { projectIn } from '#commands/tenant';
import type { Facts } from '#aggregates/facts';
import { hostKind } from '#aggregates/host';
import { diskKind, needOfDisk, type Disk } from '#aggregates/plasmavmc/disk-state';
import { hostLoadKind, type Hold } from '#aggregates/plasmavmc/host-load';
import { imageKind } from '#aggregates/plasmavmc/image';
import { vmsByHost } from '#aggregates/plasmavmc/vm';
import { vmsByPort } from '#aggregates/plasmavmc/vm-definition';
import { needOfVm, vmKind, type Vm } from '#aggregates/plasmavmc/vm-state';
import { inUse, usageKey } from '#aggregates/quota';
import { hostFacts } from '#harness/fleet';
import { inMemory, type InMemory } from '#harness/in-memory';
import { machineComponents } from '#harness/virtual-machines';

const MiB = 2 ** 20;
const digest = 'a'.repeat(64);
const hostIds = ['n1', 'n2', 'n3'];
const vmIds = ['shop/a', 'shop/b', 'bank/a'];
const diskIds = ['shop/d', 'shop/e', 'shop/f', 'bank/d'];
const imageIds = ['shop/i', 'bank/k'];
const portIds = ['shop/p', 'shop/q', 'bank/p'];

const host = (epoch: number, more = {}): unknown =>
  hostFacts({ epoch, capacity: { cpuCount: 2, memoryBytes: 600 * MiB, diskBytes: 40 * MiB }, ...more });

const began: readonly AnyCommand[] = [
  ...['shop', 'bank'].map((id) => ({ kind: 'project.become', id, body: { organisation: 'acme' } })),
  ...portIds.map((id) => ({ kind: 'port.become', id, body: {} })),
  ...hostIds.map((id) => ({ kind: 'host.become', id, body: host(1) })),
  { kind: 'flavour.create', id: 'small', body: { cpuCount: 2, memoryBytes: 200 * MiB } },
  ...imageIds.flatMap((id): readonly AnyCommand[] => [
    { kind: 'image.create', id, body: { format: id === 'bank/k' ? 'kernel' : 'qcow2', digest, sizeBytes: 5 * MiB } },
    { kind: 'image.ready', id, body: { digest, minimumDiskBytes: MiB } },
    { kind: 'image.promote', id, body: { visibility: 'organisation' } },
  ]),
  ...diskIds.map((id) => ({ kind: 'disk.create', id, body: { sizeBytes: 10 * MiB } })),
  {
    kind: 'vm.define',
    id: 'shop/a',
    body: { flavour: 'small', labels: { role: 'web' }, disks: [{ disk: 'shop/d' }], nics: ['shop/p'] },
  },
  { kind: 'vm.place', id: 'shop/a', body: { host: 'n1', epoch: 1 } },
  { kind: 'vm.start', id: 'shop/a', body: {} },
  { kind: 'vm.observe', id: 'shop/a', body: { host: 'n1', epoch: 1, generation: 3, phase: 'running' } },
];

const pick = <A>(...values: readonly A[]) => fc.constantFrom(...values);
const from = { host: pick(...hostIds), epoch: pick(1, 1, 1, 2) };
const told = (kind: string, ids: readonly string[], body: Readonly<Record<string, fc.Arbitrary<unknown>>> = {}) =>
  fc.record({ kind: fc.constant(kind), id: pick(...ids), body: fc.record(body) });
const vmTold = (verb: string, body = {}) => told(`vm.${verb}`, vmIds, body);
const diskTold = (verb: string, body = {}) => told(`disk.${verb}`, diskIds, body);
const attempt = pick(1, 1, 2, 3);
const generation = fc.nat(12);

const commands: fc.Arbitrary<AnyCommand> = fc.oneof(
  vmTold('define', {
    flavour: fc.constant('small'),
    labels: pick({}, { role: 'web' }),
    disks: fc.uniqueArray(fc.record({ disk: pick(...diskIds), deleteWithVm: pick(true, false) }), {
      selector: ({ disk }) => disk,
      maxLength: 2,
    }),
    nics: fc.subarray(portIds, { maxLength: 1 }),
  }),
  vmTold('define', {
    cpuCount: pick(1, 3),
    memoryBytes: pick(100 * MiB, 300 * MiB),
    kernel: fc.constant('bank/k'),
    disks: fc.constant([]),
    nics: fc.constant([]),
  }),
  vmTold('place', from),
  vmTold('place', { ...from, epoch: pick(1, 2) }),
  vmTold('unplace', from),
  vmTold('lose', from),
  vmTold('observe', {
    ...from,
    generation,
    phase: pick('starting', 'running', 'running', 'stopped', 'stopped', 'failed'),
  }),
  vmTold('removed', from),
  ...['start', 'stop', 'reboot', 'protect', 'unprotect', 'delete', 'migrate', 'migrate', 'cancelMigration'].map(
    (verb) => vmTold(verb),
  ),
  vmTold('resize', { cpuCount: pick(1, 2, 4), memoryBytes: pick(100 * MiB, 200 * MiB, 400 * MiB) }),
  vmTold('attachDisk', { disk: pick(...diskIds) }),
  vmTold('detachDisk', { disk: pick(...diskIds) }),
  vmTold('attachNic', { port: pick(...portIds) }),
  vmTold('detachNic', { port: pick(...portIds) }),
  vmTold('observeMigration', { ...from, attempt, percent: pick(10, 50, 100) }),
  vmTold('finishMigration', { ...from, attempt }),
  vmTold('failMigration', { ...from, attempt, reason: fc.constant('It did not work.') }),
  diskTold('create', { sizeBytes: pick(5 * MiB, 10 * MiB), image: fc.constant('shop/i') }),
  diskTold('resize', { sizeBytes: pick(12 * MiB, 20 * MiB) }),
  diskTold('snapshot', { name: pick('one', 'two') }),
  diskTold('dropSnapshot', { name: pick('one', 'two') }),
  diskTold('delete'),
  diskTold('removed', { host: pick(...hostIds) }),
  diskTold('observe', { host: pick(...hostIds), generation, phase: pick('ready', 'failed') }),
  told('image.delete', imageIds),
  told('image.removed', imageIds),
  told('image.create', imageIds, {
    format: fc.constant('qcow2'),
    digest: fc.constant(digest),
    sizeBytes: fc.constant(7 * MiB),
  }),
  fc.record({
    kind: fc.constant('host.become'),
    id: pick(...hostIds),
    body: pick<unknown>(host(1), host(2), host(2), host(1, { schedulable: false }), host(1, { phase: 'lost' })),
  }),
);

/** Most hosts tell the truth: who they are, since when, and of what. */
const honest = ({ kind, id, body }: AnyCommand, facts: Facts): AnyCommand => {
  const told = body as { readonly host?: string };
  if (kind === 'vm.place' && told.host !== undefined) {
    return { kind, id, body: { host: told.host, epoch: facts.get(hostKind, told.host)?.state.epoch ?? 1 } };
  }
  const state = facts.get(vmKind, id)?.state;
  if (!kind.startsWith('vm.') || state?.placed === undefined || told.host === undefined) return { kind, id, body };
  const generation = 'generation' in told ? { generation: state.desired.generation } : {};
  const ofMigration = 'attempt' in told ? { attempt: state.migrations } : {};
  return { kind, id, body: { ...told, ...state.placed, ...generation, ...ofMigration } };
};

const vmsOf = (facts: Facts): readonly (Vm & { readonly id: string })[] =>
  facts.range(vmKind, { from: '', limit: 100 }).map(({ id, state }) => ({ id, ...state }));

const disksOf = (facts: Facts): readonly (Disk & { readonly id: string })[] =>
  facts.range(diskKind, { from: '', limit: 100 }).map(({ id, state }) => ({ id, ...state }));

/** What each host must hold, as machines and disks say. */
const expectedHolds = (facts: Facts): Readonly<Record<string, Readonly<Record<string, Hold>>>> => {
  const holds: Record<string, Record<string, Hold>> = {};
  const add = (on: string, thing: string, hold: Hold): void => {
    holds[on] = { ...holds[on], [thing]: hold };
  };
  for (const one of disksOf(facts)) {
    if (one.host !== undefined) add(one.host, `disk/${one.id}`, needOfDisk(one.sizeBytes));
  }
  for (const one of vmsOf(facts)) {
    const need = needOfVm(projectIn(one.id), one);
    if (one.placed !== undefined) add(one.placed.host, `vm/${one.id}`, need);
    if (one.migration === undefined) continue;
    const to = one.migration.to.host;
    add(to, `vm/${one.id}`, need);
    for (const { disk } of one.asked.disks) {
      add(to, `disk/${disk}`, needOfDisk(facts.get(diskKind, disk)?.state.sizeBytes ?? 0));
    }
  }
  return holds;
};

const check = ({ facts }: InMemory): void => {
  const expected = expectedHolds(facts);
  for (const { id, state } of facts.range(hostLoadKind, { from: '', limit: 10 })) {
    expect([id, state.holds]).toEqual([id, expected[id] ?? {}]);
    for (const what of ['cpuCount', 'memoryBytes', 'diskBytes'] as const) {
      expect(state.used[what]).toBe(Object.values(state.holds).reduce((sum, hold) => sum + hold[what], 0));
      expect(state.used[what]).toBeLessThanOrEqual(state.offered.room[what]);
    }
  }
  const machines = vmsOf(facts);
  // A disk has one holder, and both know of each other.
  for (const one of disksOf(facts)) {
    const holders = machines.filter(({ asked }) => asked.disks.some(({ disk }) => disk === one.id));
    expect([one.id, holders.map(({ id }) => id)]).toEqual([one.id, one.vm === undefined ? [] : [one.vm]]);
    const placed = holders[0]?.placed?.host;
    if (placed !== undefined) expect([one.id, one.host]).toEqual([one.id, placed]);
    if (one.vm !== undefined) expect(projectIn(one.vm)).toBe(projectIn(one.id));
  }
  for (const port of portIds) expect(facts.count(vmsByPort, port)).toBeLessThanOrEqual(1);
  for (const on of hostIds) {
    const there = machines.filter(({ placed, migration }) => placed?.host === on || migration?.to.host === on);
    expect(facts.count(vmsByHost, on)).toBe(there.length);
  }
  for (const project of ['shop', 'bank']) {
    const used = (what: Parameters<typeof usageKey>[1]): number => facts.sum(inUse, usageKey(project, what));
    const own = machines.filter(({ id }) => projectIn(id) === project);
    const owned = disksOf(facts).filter(({ id }) => projectIn(id) === project);
    const total = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
    expect({
      vms: used('vms'),
      vcpus: used('vcpus'),
      memoryBytes: used('memoryBytes'),
      disks: used('disks'),
      diskBytes: used('diskBytes'),
      snapshots: used('snapshots'),
    }).toEqual({
      vms: own.length,
      vcpus: total(own.map(({ asked }) => asked.cpuCount)),
      memoryBytes: total(own.map(({ asked }) => asked.memoryBytes)),
      disks: owned.length,
      diskBytes: total(owned.map(({ sizeBytes }) => sizeBytes)),
      snapshots: total(owned.map(({ snapshots }) => snapshots.length)),
    });
  }
};

/** Deletes all that there is, as operators and hosts would. */
const deleteAll = (memory: InMemory): void => {
  const must = (kind: string, id: string, body: unknown = {}): void => {
    const done = memory.run({ kind, id, body });
    if (isLeft(done)) throw new Error(`${kind} ${id}: ${done.left.code}`);
  };
  for (const one of vmsOf(memory.facts)) {
    if (one.migration !== undefined && one.placed !== undefined) {
      must('vm.failMigration', one.id, { ...one.placed, attempt: one.migration.attempt, reason: 'over' });
    }
    must('vm.unprotect', one.id);
  }
  for (const one of vmsOf(memory.facts)) {
    must('vm.delete', one.id);
    if (one.placed !== undefined) must('vm.removed', one.id, one.placed);
  }
  for (const one of disksOf(memory.facts)) {
    must('disk.delete', one.id);
    if (one.host !== undefined) must('disk.removed', one.id, { host: one.host });
  }
  for (const { id } of memory.facts.range(imageKind, { from: '', limit: 10 })) {
    must('image.delete', id);
    must('image.removed', id);
  }
};

test('hosts hold what is on them, disks have one machine, and deletion returns everything', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(fc.tuple(commands, fc.boolean()), { minLength: 20, maxLength: 70 }), (history) => {
      const memory = inMemory(machineComponents);
      for (const command of began) {
        const done = memory.run(command);
        if (isLeft(done)) throw new Error(`${command.kind}: ${done.left.code}`);
      }
      for (const [drawn, isHonest] of history) {
        const done = memory.run(isHonest ? honest(drawn, memory.facts) : drawn);
        if (isLeft(done)) expect(done.left.code).not.toBe('command.poisoned');
        else for (const event of done.right.events) seen.add(event.kind);
        check(memory);
      }
      deleteAll(memory);
      check(memory);
      for (const { id, state } of memory.facts.range(hostLoadKind, { from: '', limit: 10 })) {
        expect([id, state.holds, state.groups]).toEqual([id, {}, {}]);
        expect(memory.facts.get(hostKind, id)).toBeDefined();
      }
      const counts = [...memory.rows.range('count', { from: '', to: '\xff' })].map(([key]) => key.split('\0')[0]);
      expect(counts.filter((name) => name !== 'host-load.open' && name !== 'host-load.by-room')).toEqual([]);
      expect([...memory.rows.range('timer', { from: '', to: '\xff' })]).toEqual([]);
    }),
    { numRuns: 60, seed: 1 },
  );
  expect([...seen].filter((kind) => kind.startsWith('vm.migrat')).sort()).toEqual([
    'vm.migrated',
    'vm.migrationCancelled',
    'vm.migrationFailed',
    'vm.migrationProgressed',
    'vm.migrationStarted',
  ]);
}, 120_000);
