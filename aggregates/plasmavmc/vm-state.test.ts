import { evolveVm, needOfVm, phaseOf, type Vm, type VmEvent } from '#aggregates/plasmavmc/vm-state';

const moment = { position: 1, now: 5_000, level: 1, principal: '', credential: '', address: '' };
const did = (kind: VmEvent['kind'], body: object = {}): VmEvent => ({ kind, body }) as VmEvent;
const after = (...events: readonly VmEvent[]): Vm | undefined =>
  events.reduce<Vm | undefined>((state, event) => evolveVm(state, event, moment), undefined);

const defined = did('vm.defined', {
  cpuCount: 1,
  memoryBytes: 5,
  labels: { role: 'web', tier: '1' },
  disks: [],
  nics: [],
});
const placed = did('vm.placed', { host: 'n1', epoch: 1 });
const seen = did('vm.observed', { generation: 2, phase: 'running' });
const moving = did('vm.migrationStarted', { from: 'n1', to: 'n2', toEpoch: 7, deadlineSeconds: 60 });

test('every wish has a generation of its own, and a sight has none', () => {
  const generations = [placed, did('vm.startRequested'), did('vm.stopRequested', { force: false, deadlineSeconds: 1 })];
  expect(after(defined, ...generations)?.desired.generation).toBe(4);
  expect(after(defined, placed, seen, did('vm.renamed', { displayName: 'x' }))?.desired.generation).toBe(2);
});

test('a machine that is being moved is at its old host until it has moved', () => {
  const before = after(defined, placed, seen, moving);
  expect(before).toMatchObject({ placed: { host: 'n1', epoch: 1 }, migration: { deadlineMs: 65_000, attempt: 1 } });
  expect(before && phaseOf(before)).toBe('migrating');
  const moved = after(defined, placed, seen, moving, did('vm.migrated', { from: 'n1', to: 'n2' }));
  expect(moved).toMatchObject({ placed: { host: 'n2', epoch: 7 }, observed: { phase: 'running' } });
  expect(moved?.migration).toBeUndefined();
});

test('a flavour is forgotten when a size of its own follows', () => {
  const small = did('vm.defined', { flavour: 'small', cpuCount: 1, memoryBytes: 5, disks: [], nics: [] });
  const { asked } = after(small, did('vm.resized', { cpuCount: 2, memoryBytes: 6 })) ?? {};
  expect(asked).toEqual({ cpuCount: 2, memoryBytes: 6, disks: [], nics: [] });
});

test('what cannot have happened is a defect', () => {
  expect(() => after(placed)).toThrow('impossible');
  for (const kind of ['vm.migrationProgressed', 'vm.migrationCancelled', 'vm.migrated'] as const) {
    expect(() => after(defined, placed, did(kind, { percent: 1, reason: '', from: 'n1', to: 'n2' }))).toThrow(
      'impossible',
    );
  }
});

test('a machine needs its size, and is of a group by each label', () => {
  const state = after(defined);
  expect(state && needOfVm('shop', state)).toEqual({
    cpuCount: 1,
    memoryBytes: 5,
    diskBytes: 0,
    groups: ['shop role=web', 'shop tier=1'],
  });
});
