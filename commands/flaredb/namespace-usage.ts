import { id, integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';

const least = -Number.MAX_SAFE_INTEGER;

export const changeNamespaceUsage = command('namespace-usage', 'change', {
  summary: 'Add to what the documents of a namespace take.',
  id: id('namespace-usage', { summary: 'The namespace.' }),
  plural: 'namespace-usages',
  internal: true,
  body: {
    documents: integer('documents', { summary: 'Documents more; fewer when negative.', unit: 'count', min: least }),
    bytes: integer('bytes', { summary: 'Bytes more; fewer when negative.', unit: 'bytes', min: least }),
  },
});

export type NamespaceUsageCommand = CommandOf<typeof changeNamespaceUsage>;
