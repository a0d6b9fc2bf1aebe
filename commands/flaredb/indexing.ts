import { object } from '#commands/codec/object';
import { choice, integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { IndexingId } from '#commands/flaredb/name';

const Purpose = choice('purpose', {
  summary: 'Whether documents are listed under the index, or taken off it.',
  values: ['build', 'clear'],
});

export const startIndexing = command('indexing', 'start', {
  summary: 'Begin to build or clear an index, in parts of a bounded size.',
  id: IndexingId,
  internal: true,
  body: { purpose: Purpose },
});

export const stepIndexing = command('indexing', 'step', {
  summary: 'Go on with the next part.',
  id: IndexingId,
  internal: true,
  body: {},
});

const Documents = integer('documents', { summary: 'Documents in this part.', unit: 'count' });
const DocumentBound = (summary: string) => text('document', { summary, maxLength: 576 });

/** A part of a build. */
export const IndexingListed = object({
  after: DocumentBound('The document before the first of this part; empty: none.'),
  upTo: DocumentBound('The last document of this part.'),
  documents: Documents,
});

/** A part of a drop. */
export const IndexingCleared = object({ documents: Documents });

export type IndexingCommand = CommandOf<typeof startIndexing | typeof stepIndexing>;
