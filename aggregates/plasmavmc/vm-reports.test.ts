import { isLeft } from 'fp-ts/lib/Either';
import type { VmReport } from '#commands/plasmavmc/vm-report';
import { hostKind } from '#aggregates/host';
import { decideReport } from '#aggregates/plasmavmc/vm-reports';
import { evolveVm, type Vm, type VmEvent } from '#aggregates/plasmavmc/vm-state';
import { factsHolding, held } from '#harness/facts';
import { hostFacts } from '#harness/fleet';

const moment = { position: 1, now: 0, level: 1, principal: '', credential: '', address: '' };
const facts = factsHolding([
  held({ kind: hostKind }, 'n1', hostFacts({ epoch: 3 })),
  ...['n2', 'n3'].map((id) => held({ kind: hostKind }, id, hostFacts())),
]);
const id = 'shop/web1';

const running: Vm = {
  asked: { cpuCount: 1, memoryBytes: 5, disks: [], nics: [] },
  protected: false,
  desired: { power: 'on', generation: 5, deleting: false },
  observed: { generation: 4, phase: 'running' },
  placed: { host: 'n1' as never, epoch: 2 },
  migrations: 0,
};
const old = { host: 'n1', epoch: 2 };
const next = { host: 'n2', epoch: 1 };

const told = (state: Vm, verb: string, body: object): string => {
  const decision = decideReport(state, { kind: `vm.${verb}`, id, body } as VmReport, facts, moment);
  return isLeft(decision) ? decision.left.code : decision.right.map(({ kind }) => kind).join(', ');
};

const after = (state: Vm, ...reports: readonly (readonly [verb: string, body: object])[]): Vm =>
  reports.reduce((now, [verb, body]) => {
    const decision = decideReport(now, { kind: `vm.${verb}`, id, body } as VmReport, facts, moment);
    if (isLeft(decision)) throw new Error(decision.left.code);
    return decision.right.reduce((s: Vm, event: VmEvent) => evolveVm(s, event, moment) ?? s, now);
  }, state);

const begin = ['beginMigration', { to: 'n2', toEpoch: 1, deadlineSeconds: 60 }] as const;
const moving = after(running, begin);
const finish = { ...old, attempt: 1 };
const fail = (from: object, attempt = 1) => ({ ...from, attempt, reason: 'No.' });
const seen = (more: object = {}) => ({ ...old, generation: 5, phase: 'running', ...more });

describe('what is told of a machine', () => {
  test.each<readonly [title: string, state: Vm, verb: string, body: object, expected: string]>([
    ['by its host is news', running, 'observe', seen(), 'vm.observed'],
    ['of an older wish is none', running, 'observe', seen({ generation: 3 }), ''],
    ['again is none', running, 'observe', seen({ generation: 4 }), ''],
    ['by its host before it joined anew is none', running, 'observe', seen({ epoch: 1 }), ''],
    ['by its host as it will be is none', running, 'observe', seen({ epoch: 3 }), ''],
    ['by another host is refused', running, 'observe', seen(next), 'vm.elsewhere'],
    ['by nobody’s host is refused', { ...running, placed: undefined } as never, 'observe', seen(), 'vm.elsewhere'],
    ['of a wish that never was is refused', running, 'observe', seen({ generation: 6 }), 'vm.premature'],
    ['of a lost host is none', after(running, ['lose', old]), 'observe', seen(), ''],
    ['by its old host is believed while it moves', moving, 'observe', seen({ generation: 6 }), 'vm.observed'],
    ['by its new host is not, while it moves', moving, 'observe', seen({ ...next, generation: 6 }), 'vm.elsewhere'],
    [
      'by its old host is not, once it has moved',
      after(moving, ['finishMigration', finish]),
      'observe',
      seen(),
      'vm.elsewhere',
    ],
    [
      'by its new host is, once it has moved',
      after(moving, ['finishMigration', finish]),
      'observe',
      seen(next),
      'vm.observed',
    ],

    ['as lost is news', running, 'lose', old, 'vm.lost'],
    ['as lost again is none', after(running, ['lose', old]), 'lose', old, ''],
    ['as lost before is none', running, 'lose', { ...old, epoch: 1 }, ''],
    ['as lost ends its migration', moving, 'lose', old, 'vm.migrationFailed, vm.lost'],
    ['as lost of the host that it moves to too', moving, 'lose', next, 'vm.migrationFailed'],
    ['as lost of any other host is refused', moving, 'lose', { host: 'n3', epoch: 1 }, 'vm.elsewhere'],

    ['begins a migration once', moving, ...begin, ''],
    ['begins one migration', moving, 'beginMigration', { to: 'n3', toEpoch: 1, deadlineSeconds: 60 }, 'vm.unready'],
    [
      'begins none to where it is',
      running,
      'beginMigration',
      { to: 'n1', toEpoch: 1, deadlineSeconds: 60 },
      'vm.placed',
    ],
    [
      'begins none to a host that is not up',
      running,
      'beginMigration',
      { to: 'n9', toEpoch: 1, deadlineSeconds: 1 },
      'vm.hostless',
    ],
    ['as moved so far is news', moving, 'observeMigration', { ...finish, percent: 40 }, 'vm.migrationProgressed'],
    ['as moved hardly further is none', moving, 'observeMigration', { ...finish, percent: 9 }, ''],
    ['as moved in another migration is none', moving, 'observeMigration', { ...finish, attempt: 2, percent: 40 }, ''],
    ['as moved is news', moving, 'finishMigration', finish, 'vm.migrated'],
    [
      'as moved is believed of the host that had it',
      moving,
      'finishMigration',
      { ...next, attempt: 1 },
      'vm.elsewhere',
    ],
    ['as moved in another migration is nothing', moving, 'finishMigration', { ...old, attempt: 2 }, ''],
    ['as moved before its host joined anew is nothing', moving, 'finishMigration', { ...finish, epoch: 1 }, ''],
    ['as not moved is news of the old host', moving, 'failMigration', fail(old), 'vm.migrationFailed'],
    ['as not moved is news of the new host', moving, 'failMigration', fail(next), 'vm.migrationFailed'],
    [
      'as not moved of any other host is refused',
      moving,
      'failMigration',
      fail({ host: 'n3', epoch: 1 }),
      'vm.elsewhere',
    ],
    [
      'as not moved is nothing when it has',
      after(moving, ['finishMigration', finish]),
      'failMigration',
      fail(next),
      '',
    ],
    ['as not moved in another migration is nothing', moving, 'failMigration', fail(old, 2), ''],
    [
      'as moved is nothing when it has not',
      after(moving, ['failMigration', fail(next)]),
      'finishMigration',
      finish,
      '',
    ],
    ['about a deadline is nothing before it', moving, 'expireMigration', {}, ''],
    ['about a deadline is nothing without one', running, 'expireMigration', {}, ''],
    ['is placed where it is once', moving, 'place', old, ''],
    ['is placed by its host that has joined anew', running, 'place', { ...old, epoch: 3 }, 'vm.placed'],
    [
      'moves no more when its host has joined anew',
      moving,
      'place',
      { ...old, epoch: 3 },
      'vm.migrationFailed, vm.placed',
    ],
    ['is placed by no host that is not up', running, 'place', { ...old, epoch: 4 }, 'vm.hostless'],
  ])('%s', (_title, state, verb, body, expected) => expect(told(state, verb, body)).toBe(expected));
});

test('a machine that was to move and arrived has one host at every position', () => {
  const again = ['beginMigration', { to: 'n3', toEpoch: 1, deadlineSeconds: 60 }] as const;
  const reports: readonly (readonly [string, object])[] = [
    begin,
    ['observeMigration', { ...finish, percent: 90 }],
    ['finishMigration', finish],
    ['finishMigration', { ...next, attempt: 1 }],
    again,
    ['failMigration', fail({ host: 'n3', epoch: 1 }, 2)],
    ['finishMigration', { ...next, attempt: 2 }],
  ];
  const hosts: unknown[] = [];
  reports.reduce((state, report) => {
    const now = after(state, report);
    hosts.push(now.placed?.host);
    return now;
  }, running);
  expect(hosts).toEqual(['n1', 'n1', 'n2', 'n2', 'n2', 'n2', 'n2']);
});
