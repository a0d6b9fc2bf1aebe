import { projectAbsent } from '#aggregates/owners';
import { diskAbsent } from '#aggregates/plasmavmc/disk-state';
import { flavourAbsent } from '#aggregates/plasmavmc/flavour';
import { imageAbsent } from '#aggregates/plasmavmc/image';
import { quotaExceeded } from '#aggregates/quota';
import type { VmPhase } from '#aggregates/plasmavmc/vm-state';

/**
 * What may be asked of a machine, by what is seen of it:
 *
 * | phase     | means                                           | next                                |
 * |-----------|-------------------------------------------------|-------------------------------------|
 * | pending   | no host has told of it yet                      | starting, stopped, failed, lost     |
 * | starting  | its host makes what it needs and starts it      | running, stopped, failed, lost      |
 * | running   | the guest runs                                  | stopping, stopped, migrating, …     |
 * | stopping  | the guest was asked to shut down                | stopped, failed, lost               |
 * | stopped   | it is off, and its host holds room for it       | starting, migrating, failed, lost   |
 * | migrating | it is being moved; its host is still the old one | what it was before, lost            |
 * | failed    | its host cannot run it; the reason says why     | starting, stopped, lost             |
 * | lost      | its host is lost: whether it runs is not known  | pending, on the same or another host |
 *
 * A machine that is to be deleted keeps its phase, and nothing more can be asked of it.
 */
export const lifecycle = {
  start: ['pending', 'starting', 'running', 'stopping', 'stopped', 'failed', 'lost'],
  stop: ['pending', 'starting', 'running', 'stopping', 'stopped', 'failed', 'lost'],
  reboot: ['running'],
  resize: ['pending', 'stopped', 'failed'],
  rename: ['pending', 'starting', 'running', 'stopping', 'stopped', 'migrating', 'failed', 'lost'],
  protect: ['pending', 'starting', 'running', 'stopping', 'stopped', 'migrating', 'failed', 'lost'],
  unprotect: ['pending', 'starting', 'running', 'stopping', 'stopped', 'migrating', 'failed', 'lost'],
  attachDisk: ['pending', 'starting', 'running', 'stopping', 'stopped', 'failed'],
  detachDisk: ['pending', 'starting', 'running', 'stopping', 'stopped', 'failed'],
  attachNic: ['pending', 'starting', 'running', 'stopping', 'stopped', 'failed'],
  detachNic: ['pending', 'starting', 'running', 'stopping', 'stopped', 'failed'],
  beginMigration: ['running', 'stopped'],
  cancelMigration: ['migrating'],
  delete: ['pending', 'starting', 'running', 'stopping', 'stopped', 'failed', 'lost'],
} as const satisfies Readonly<Record<string, readonly VmPhase[]>>;

export type Asked = keyof typeof lifecycle;

export const mayBeAsked = (what: Asked, phase: VmPhase): boolean =>
  (lifecycle[what] as readonly VmPhase[]).includes(phase);

/** Why something about a machine is refused. */
export const vmRejections = {
  ...projectAbsent,
  ...quotaExceeded,
  ...flavourAbsent,
  ...imageAbsent,
  ...diskAbsent,
  'port.absent': {
    category: 'absent',
    summary: 'There is no such port in the project.',
    fix: 'Create the port first, or correct its id.',
  },
  'vm.absent': {
    category: 'absent',
    summary: 'There is no such machine.',
    fix: 'Create the machine first, or correct its id.',
  },
  'vm.bootless': {
    category: 'invalid',
    summary: 'The machine has nothing to boot.',
    fix: 'Give it a disk, or an image that is a kernel and ready.',
  },
  'vm.crowded': {
    category: 'exhausted',
    summary: 'The machine has as many disks or ports as it may have.',
    fix: 'Detach one that is not needed.',
  },
  'vm.deleting': {
    category: 'conflict',
    summary: 'The machine is to be deleted.',
    fix: 'Wait until it is gone, then create another one.',
  },
  'vm.elsewhere': {
    category: 'conflict',
    summary: 'The machine is not on this host.',
    fix: 'Stop it on this host and forget it; the machine says on which host it is.',
  },
  'vm.exists': {
    category: 'conflict',
    summary: 'A machine of this id exists that was asked for otherwise.',
    fix: 'Choose another id, or change the machine that there is.',
  },
  'vm.hostless': {
    category: 'unavailable',
    summary: 'The host does not take machines now, or has joined anew since it was chosen.',
    fix: 'Choose a host again.',
  },
  'vm.placed': {
    category: 'conflict',
    summary: 'The machine is on a host already.',
    fix: 'Migrate it; of a lost host it is taken when the host certainly runs it no more.',
  },
  'vm.premature': {
    category: 'invalid',
    summary: 'The host tells of a wish that the machine has never had.',
    fix: 'Report what was made of a wish that was sent.',
  },
  'vm.protected': {
    category: 'conflict',
    summary: 'The machine is protected against deletion.',
    fix: 'Take the protection away first (`vm unprotect`).',
  },
  'vm.repeated': {
    category: 'invalid',
    summary: 'A disk or port is named twice.',
    fix: 'Name each once.',
  },
  'vm.sizeless': {
    category: 'invalid',
    summary: 'A machine has the size of a flavour, or one of its own.',
    fix: 'Give a flavour, or the processors and the memory, and not both.',
  },
  'vm.taken': {
    category: 'conflict',
    summary: 'Another machine is plugged into the port.',
    fix: 'Detach it there first; the detail names the port.',
  },
  'vm.unready': {
    category: 'conflict',
    summary: 'This cannot be asked of the machine as it is now.',
    fix: 'Wait until it is in one of the phases that the detail names.',
  },
  'vm.wanted': {
    category: 'conflict',
    summary: 'Nobody has asked for the machine to be deleted.',
    fix: 'Keep it; it is deleted with `vm delete`.',
  },
} as const;

export type VmCode = keyof typeof vmRejections;
