import { isLeft } from 'fp-ts/lib/Either';
import { vmPhases, type VmCommand } from '#commands/plasmavmc/vm';
import type { VmReport } from '#commands/plasmavmc/vm-report';
import { hostKind } from '#aggregates/host';
import { vm } from '#aggregates/plasmavmc/vm';
import { portKind } from '#aggregates/plasmavmc/vm-definition';
import { diskKind } from '#aggregates/plasmavmc/disk-state';
import { lifecycle, mayBeAsked, type Asked } from '#aggregates/plasmavmc/vm-lifecycle';
import { phaseOf, type Vm, type VmPhase } from '#aggregates/plasmavmc/vm-state';
import { factsHolding, held } from '#harness/facts';
import { hostFacts } from '#harness/fleet';

const MiB = 2 ** 20;
const asks = Object.keys(lifecycle) as Asked[];

/** A wish that a machine does not have yet, whatever phase it is in. */
const bodies: Readonly<Record<Asked, object>> = {
  start: {},
  stop: { force: true },
  reboot: {},
  resize: { cpuCount: 2, memoryBytes: 128 * MiB },
  rename: { displayName: 'Web' },
  protect: {},
  unprotect: {},
  attachDisk: { disk: 'shop/data' },
  detachDisk: { disk: 'shop/more' },
  attachNic: { port: 'shop/back' },
  detachNic: { port: 'shop/front' },
  beginMigration: { to: 'n2', toEpoch: 1, deadlineSeconds: 60 },
  cancelMigration: {},
  delete: {},
};

const facts = factsHolding([
  ...['n1', 'n2'].map((id) => held({ kind: hostKind }, id, hostFacts())),
  held({ kind: diskKind }, 'shop/data', {} as never),
  held({ kind: portKind }, 'shop/back', {}),
]);

/** On for what switches it off or needs it on, and off for the others, so that each wish is new. */
const machine = (what: Asked, phase: VmPhase, deleting = false): Vm => ({
  asked: {
    cpuCount: 1,
    memoryBytes: 128 * MiB,
    disks: ['shop/root', 'shop/more'].map((disk) => ({ disk }) as never),
    nics: ['shop/front' as never],
  },
  protected: what === 'unprotect',
  desired: { power: what === 'stop' || what === 'reboot' ? 'on' : 'off', generation: 3, deleting },
  observed: { generation: 2, phase: phase === 'migrating' ? 'running' : phase },
  placed: { host: 'n1' as never, epoch: 1 },
  migrations: 0,
  ...(phase === 'migrating'
    ? { migration: { attempt: 1, to: { host: 'n3' as never, epoch: 1 }, percent: 0, deadlineMs: 1 } }
    : {}),
});

const decided = (state: Vm, what: Asked): string => {
  const command = { kind: `vm.${what}`, id: 'shop/web1', body: bodies[what] } as VmCommand | VmReport;
  const moment = { position: 1, now: 0, level: 1, principal: '', credential: '', address: '' };
  const decision = vm.decide(state, command, facts, moment);
  return isLeft(decision) ? decision.left.code : decision.right.map(({ kind }) => kind).join(', ');
};

describe.each(vmPhases)('of a machine that is %s', (phase) => {
  test.each(asks)('%s is decided as the table says', (what) => {
    const state = machine(what, phase);
    expect(phaseOf(state)).toBe(phase);
    if (mayBeAsked(what, phase)) expect(decided(state, what)).toMatch(/^vm\.[a-zA-Z]+$/);
    expect(decided(state, what) === 'vm.unready').toBe(!mayBeAsked(what, phase));
  });

  test.each(asks)('%s is not asked any more when it is to be deleted', (what) => {
    const expected = what === 'delete' ? '' : 'vm.deleting';
    expect(decided(machine(what, phase, true), what)).toBe(expected);
  });
});
