import { list } from '#commands/codec/object';
import { bytesId, id } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { maxIndexes } from '#commands/flaredb/namespace';
import { DocId } from '#commands/flaredb/name';

const { pattern, maxLength } = DocId.shape;

export const setPosting = command('posting', 'set', {
  summary: 'Say under which keys of indexes a document is listed.',
  id: id('posting', { summary: 'The document.', pattern: pattern ?? '', maxLength }),
  internal: true,
  body: {
    keys: list(
      bytesId('index key', {
        summary: 'Namespace, index and value in an order-preserving form, with zero bytes between.',
        maxBytes: 1024,
      }),
      { summary: 'Empty: the document is not listed.', maxItems: maxIndexes },
    ),
  },
});

export type PostingCommand = CommandOf<typeof setPosting>;
