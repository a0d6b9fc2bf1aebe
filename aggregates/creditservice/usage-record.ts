import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import { dropUsageRecord, keepUsageRecord, type UsageRecordCommand } from '#commands/creditservice/usage-record';
import type { Aggregate } from '#aggregates/aggregate';
import { accept } from '#aggregates/decision';
import { recordsByEnd, timeKey, usageRecordKind, type UsageRecord } from '#aggregates/metering';
import { ownedByProject } from '#aggregates/owners';

/** Thirteen months and some days, so that a bill can be compared with that of a year ago. */
const keptMs = 400 * 86_400_000;

export type UsageRecordEvent =
  | { readonly kind: 'usage-record.kept'; readonly body: TypeOf<typeof keepUsageRecord.body> }
  | { readonly kind: 'usage-record.dropped'; readonly body: Readonly<Record<string, never>> };

export const usageRecord: Aggregate<UsageRecord, UsageRecordCommand, UsageRecordEvent, never> = {
  kind: usageRecordKind,
  summary: 'What was used, in a time in which neither quantities nor prices changed.',
  commands: [keepUsageRecord, dropUsageRecord],
  events: { 'usage-record.kept': keepUsageRecord.body, 'usage-record.dropped': object({}) },
  rejections: {},
  indexes: { [recordsByEnd]: ({ project, toMs }) => [timeKey(project, toMs)] },
  owners: ownedByProject,
  due: ({ toMs }) => toMs + keptMs,
  onDue: dropUsageRecord.kind,

  decide(state, command) {
    if (command.kind === 'usage-record.drop') {
      return state === undefined ? accept() : accept({ kind: 'usage-record.dropped', body: {} });
    }
    return state === undefined ? accept({ kind: 'usage-record.kept', body: command.body }) : accept();
  },

  evolve(_state, event) {
    if (event.kind === 'usage-record.dropped') return undefined;
    const { from, to, ...segment } = event.body.segment;
    return { ...segment, fromMs: from, toMs: to };
  },
};
