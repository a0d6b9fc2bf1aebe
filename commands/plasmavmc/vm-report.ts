import type { Props } from '#commands/codec/codec';
import { object, optional } from '#commands/codec/object';
import { choice, integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Generation, HostEpoch, HostId, Reason, VmId } from '#commands/plasmavmc/name';

const internal = <const V extends string, P extends Props>(verb: V, summary: string, body: P) =>
  command('vm', verb, { summary, id: VmId, internal: true, body });

/** Which host speaks, and since which of its joinings. */
const from = { host: HostId, epoch: HostEpoch };

const Attempt = integer('attempt', { summary: 'Which of its migrations.', unit: 'count', min: 1 });

const Progress = integer('progress', { summary: 'How much was moved.', unit: 'percent', max: 100 });

export const DeadlineSeconds = integer('deadline', {
  summary: 'How long it may take.',
  unit: 'seconds',
  min: 1,
  max: 86_400,
});

const SeenPhase = choice('phase', {
  summary: 'What the host sees of the guest.',
  values: ['starting', 'running', 'stopping', 'stopped', 'failed'],
});

export const placeVm = internal('place', 'Give a machine to a host.', from);

export const unplaceVm = internal('unplace', 'Take a machine from a host that certainly runs it no more.', from);

export const observeVm = internal('observe', 'Record what the host of a machine sees of it.', {
  ...from,
  generation: Generation,
  phase: SeenPhase,
  reason: optional(Reason),
});

export const loseVm = internal('lose', 'Record that the host of a machine is lost.', from);

export const removedVm = internal('removed', 'Record that a host has nothing left of a machine that is to go.', from);

export const beginMigration = internal('beginMigration', 'Begin to move a machine to another host.', {
  to: HostId,
  toEpoch: HostEpoch,
  deadlineSeconds: DeadlineSeconds,
});

export const observeMigration = internal('observeMigration', 'Record how much of a machine has been moved.', {
  ...from,
  attempt: Attempt,
  percent: Progress,
});

export const finishMigration = internal(
  'finishMigration',
  'Record that the host that had a machine runs it no more and that the other one has all of it.',
  { ...from, attempt: Attempt },
);

export const failMigration = internal('failMigration', 'Record that a machine stays where it is.', {
  ...from,
  attempt: Attempt,
  reason: Reason,
});

export const expireMigration = internal('expireMigration', 'Cancel a migration that takes longer than it may.', {});

export const VmUnplaced = object({ host: HostId });
export const VmObserved = object({ generation: Generation, phase: SeenPhase, reason: optional(Reason) });
export const MigrationStarted = object({
  from: HostId,
  to: HostId,
  toEpoch: HostEpoch,
  deadlineSeconds: DeadlineSeconds,
});
export const MigrationProgressed = object({ percent: Progress });
export const Migrated = object({ from: HostId, to: HostId });
export const MigrationCancelled = object({ reason: Reason });
export const MigrationFailed = object({ to: HostId, reason: Reason });

export type VmReport = CommandOf<
  | typeof placeVm
  | typeof unplaceVm
  | typeof observeVm
  | typeof loseVm
  | typeof removedVm
  | typeof beginMigration
  | typeof observeMigration
  | typeof finishMigration
  | typeof failMigration
  | typeof expireMigration
>;

export const migrateVm = command('vm', 'migrate', {
  summary: 'Move a machine to another host while it runs, or while it is off.',
  id: VmId,
  body: { to: optional(HostId), deadlineSeconds: optional(DeadlineSeconds) },
  reply: object({ host: HostId }),
  examples: [
    { title: 'To whichever host suits best.', id: 'shop/web1', body: {} },
    { title: 'To one host, within ten minutes.', id: 'shop/web1', body: { to: 'node2', deadlineSeconds: 600 } },
  ],
});

export type MigrationCommand = CommandOf<typeof migrateVm>;
