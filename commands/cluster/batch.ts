import { list, object, optional } from '#commands/codec/object';
import { bytesId, json, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';

/** Commands of one batch: all of them are decided at one position, so that there must not be many. */
const maxBatchCommands = 1_000;

/** A command as it is written in a file. Gateways decode id and body by the contract of the command that is named. */
export const BatchCommands = list(
  object({
    command: text('command', { summary: 'Which command, as in `key.put`.', maxLength: 128, example: 'key.put' }),
    id: optional(
      bytesId('command id', { summary: 'What it is about; absent if it is about no single thing.', maxBytes: 2_048 }),
    ),
    body: optional(
      json('command body', { summary: 'The body of the command; absent if it has none.', maxBytes: 3_000_000 }),
    ),
  }),
  { summary: 'Carried out in order.', minItems: 1, maxItems: maxBatchCommands },
);

export const applyBatch = command('batch', 'apply', {
  summary: 'Carry out many commands at one position, all or nothing.',
  id: undefined,
  composed: true,
  route: '/v1/apply',
  body: { commands: BatchCommands },
  cli: { words: ['apply'] },
  examples: [
    {
      title: 'Move a value from one key to another.',
      body: {
        commands: [
          { command: 'key.put', id: 'new', body: { value: 'blue' } },
          { command: 'key.delete', id: 'old' },
        ],
      },
    },
  ],
});

export type BatchCommand = CommandOf<typeof applyBatch>;
