import { id, integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';

const least = -Number.MAX_SAFE_INTEGER;

export const changeUsage = command('usage', 'change', {
  summary: 'Add to what the documents of a namespace take.',
  id: id('usage', { summary: 'The namespace.' }),
  plural: 'usages',
  internal: true,
  body: {
    documents: integer('documents', { summary: 'Documents more; fewer when negative.', unit: 'count', min: least }),
    bytes: integer('bytes', { summary: 'Bytes more; fewer when negative.', unit: 'bytes', min: least }),
  },
});

export type UsageCommand = CommandOf<typeof changeUsage>;
