import type { VmReport } from '#commands/plasmavmc/vm-report';
import { accept, reject, type Decision, type Moment } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { hostKind } from '#aggregates/host';
import { lifecycle, mayBeAsked, type VmCode } from '#aggregates/plasmavmc/vm-lifecycle';

import { phaseOf, type Vm, type VmEvent } from '#aggregates/plasmavmc/vm-state';
import { same } from '#aggregates/same';

/**
 * What hosts tell of a machine, and where it is. The host that has it is believed, and no other; of an earlier joining
 * of that host nothing is believed any more, and nothing about an earlier migration. So one host has a machine at every
 * position: during a migration the old one, until it says itself that it runs the machine no more.
 */

type Decided = Decision<VmEvent, VmCode>;

/** Progress enters the log in steps of this. */
const percentStep = 10;

const isUp = (facts: Facts, host: string, epoch: number): boolean => {
  const found = facts.get(hostKind, host)?.state;
  return found?.phase === 'up' && found.epoch === epoch;
};

export const deletedVm = ({ asked: { disks, nics }, placed }: Vm): VmEvent => ({
  kind: 'vm.deleted',
  body: { ...(placed === undefined ? {} : { host: placed.host }), disks, nics },
});

const failed = ({ migration }: Vm, reason: string): readonly VmEvent[] =>
  migration === undefined ? [] : [{ kind: 'vm.migrationFailed', body: { to: migration.to.host, reason } }];

export const decideReport = (state: Vm, command: VmReport, facts: Facts, { now }: Moment): Decided => {
  const { placed, migration, desired, observed } = state;
  switch (command.kind) {
    case 'vm.place': {
      const { host, epoch } = command.body;
      if (placed?.host === host && placed.epoch >= epoch) return accept();
      if (placed !== undefined && placed.host !== host) return reject('vm.placed', { host: placed.host });
      if (desired.deleting && placed === undefined) return reject('vm.deleting');
      if (!isUp(facts, host, epoch)) return reject('vm.hostless', { host });
      return accept<VmEvent>(...failed(state, 'The host has joined anew.'), { kind: 'vm.placed', body: command.body });
    }
    case 'vm.beginMigration': {
      const { to, toEpoch, deadlineSeconds } = command.body;
      if (migration?.to.host === to && migration.to.epoch === toEpoch) return accept();
      if (desired.deleting) return reject('vm.deleting');
      const phase = phaseOf(state);
      if (placed === undefined || !mayBeAsked('beginMigration', phase)) {
        return reject('vm.unready', { phase, allowed: lifecycle.beginMigration.join(', ') });
      }
      if (placed.host === to) return reject('vm.placed', { host: to });
      if (!isUp(facts, to, toEpoch)) return reject('vm.hostless', { host: to });
      const from = placed.host;
      return accept({ kind: 'vm.migrationStarted', body: { from, to, toEpoch, deadlineSeconds } });
    }
    case 'vm.expireMigration':
      return migration === undefined || migration.cancelling !== undefined || migration.deadlineMs > now
        ? accept()
        : accept({ kind: 'vm.migrationCancelled', body: { reason: 'It took longer than it might.' } });
    case 'vm.failMigration': {
      const { host, epoch, attempt, reason } = command.body;
      if (migration?.attempt !== attempt) return accept();
      const isTarget = host === migration.to.host && epoch === migration.to.epoch;
      if (isTarget) return accept(...failed(state, reason));
      if (placed?.host !== host) return reject('vm.elsewhere', { host });
      return placed.epoch === epoch ? accept(...failed(state, reason)) : accept();
    }
    case 'vm.unplace':
    case 'vm.observe':
    case 'vm.lose':
    case 'vm.removed':
    case 'vm.observeMigration':
    case 'vm.finishMigration':
      break;
  }

  const { host, epoch } = command.body;
  if (command.kind === 'vm.lose' && migration?.to.host === host && migration.to.epoch === epoch) {
    return accept(...failed(state, 'The host that it was moved to is lost.'));
  }
  if (placed?.host !== host) return reject('vm.elsewhere', { host });
  if (placed.epoch !== epoch) return accept();
  switch (command.kind) {
    case 'vm.unplace': {
      if (observed.phase !== 'lost') return reject('vm.unready', { phase: phaseOf(state), allowed: 'lost' });
      const { placed: _before, ...rest } = state;
      return accept<VmEvent>({ kind: 'vm.unplaced', body: { host } }, ...(desired.deleting ? [deletedVm(rest)] : []));
    }
    case 'vm.observe': {
      const { generation, phase, reason } = command.body;
      if (generation > desired.generation) return reject('vm.premature', { generation: desired.generation });
      // Of a lost host nothing is believed until it has joined anew.
      if (generation < observed.generation || observed.phase === 'lost') return accept();
      const seen = { generation, phase, ...(reason === undefined ? {} : { reason }) };
      const { atMs: _when, ...known } = observed;
      return same(seen, known) ? accept() : accept({ kind: 'vm.observed', body: seen });
    }
    case 'vm.lose':
      return observed.phase === 'lost'
        ? accept()
        : accept<VmEvent>(...failed(state, 'The host that has it is lost.'), { kind: 'vm.lost', body: {} });
    case 'vm.removed':
      return desired.deleting ? accept(deletedVm(state)) : reject('vm.wanted');
    case 'vm.observeMigration': {
      const { attempt, percent } = command.body;
      const isNews = migration?.attempt === attempt && percent >= migration.percent + percentStep;
      return isNews ? accept({ kind: 'vm.migrationProgressed', body: { percent } }) : accept();
    }
    case 'vm.finishMigration': {
      if (migration?.attempt !== command.body.attempt) return accept();
      return accept({ kind: 'vm.migrated', body: { from: host, to: migration.to.host } });
    }
  }
};
