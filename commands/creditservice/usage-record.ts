import { id } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { UsageSegment } from '#commands/creditservice/usage';
import { label } from '#commands/tenant';

const UsageRecordId = id('usage-record', {
  summary: 'What was charged, and when it began, in milliseconds since 1970.',
  pattern: `${label}/${label}/${label}/[0-9]{1,16}`,
  maxLength: 208,
  example: 'shop/vm/web1/1700000000000',
});

export const keepUsageRecord = command('usage-record', 'keep', {
  summary: 'Keep what was used, for bills.',
  id: UsageRecordId,
  internal: true,
  body: { segment: UsageSegment },
});

export const dropUsageRecord = command('usage-record', 'drop', {
  summary: 'Forget what was used long ago.',
  id: UsageRecordId,
  internal: true,
  body: {},
});

export type UsageRecordCommand = CommandOf<typeof keepUsageRecord | typeof dropUsageRecord>;
