import type { Props } from '#commands/codec/codec';
import { list } from '#commands/codec/object';
import { boolean, bytesId, choice, id, integer, text, time } from '#commands/codec/scalar';

/** Query parameters that the derived routes share. All of them may be left out. */

export const defaultLimit = 100;
export const maxLimit = 10_000;

const at = text('moment', {
  summary: 'A past position, or a time (RFC 3339), to read at instead of now.',
  maxLength: 64,
  example: '2026-01-31T12:00:00Z',
});

const atLeast = integer('position', {
  summary: 'Wait until this position is applied here, then answer.',
  unit: 'position',
});

const watch = integer('position', {
  summary: 'Stream the changes after this position as NDJSON: one line for all changes of a position.',
  unit: 'position',
});

const cursor = text('cursor', { summary: 'Go on where the page before ended; opaque.', maxLength: 8_192 });

/** For everything that reads objects. */
const readParameters = {
  at,
  'at-least': atLeast,
  consistency: choice('consistency', {
    summary:
      'Whether everything acknowledged anywhere before is seen (`linearizable`), or what is here (`local`). Unless ' +
      'given, a document is read as its namespace says and everything else `linearizable`.',
    values: ['linearizable', 'local'],
  }),
} as const satisfies Props;

export const oneParameters = { ...readParameters, watch } as const satisfies Props;

const pageParameters = {
  limit: integer('limit', {
    summary: `Items at most; ${defaultLimit} unless given.`,
    unit: 'count',
    min: 1,
    max: maxLimit,
  }),
  cursor,
} as const satisfies Props;

export const listParameters = { ...readParameters, ...pageParameters, watch } as const satisfies Props;

export const billParameters = {
  from: time('from', { summary: 'Where it begins; 30 days before its end unless given.' }),
  to: time('to', { summary: 'Where it ends, itself left out; now unless given.' }),
  prices: id('price-list', { summary: 'Compute it by this price list, instead of by what was charged.' }),
} as const satisfies Props;

/** Ranges of one watch. */
const maxWatched = 100;

export const watchParameters = {
  of: list(
    bytesId('watched', {
      summary: 'A noun, or a noun, a slash and the beginning of ids, percent-encoded where they are not text.',
      maxBytes: 1_100,
    }),
    { summary: 'What to watch, as in `key/config/` or `lease`. Give it once for each.', maxItems: maxWatched },
  ),
  watch,
  'at-least': atLeast,
} as const satisfies Props;

export const commandParameters = {
  dryRun: boolean('dry run', { summary: 'Answer what would happen and record nothing.' }),
  expect: text('expectation', {
    summary:
      'Refuse if a fact that the decision rests on changed after this position, or, as `version:N`, if the object ' +
      'has another version (0: it must not exist).',
    pattern: '(?:version:)?[0-9]{1,16}',
    maxLength: 24,
    example: 'version:0',
  }),
  at: { ...at, shape: { ...at.shape, summary: 'With `dryRun`: a past position or time to try it at.' } },
  'at-least': atLeast,
} as const satisfies Props;

export const timelineParameters = { ...pageParameters } as const satisfies Props;

export const logParameters = {
  from: integer('position', { summary: 'The first position.', unit: 'position' }),
  limit: pageParameters.limit,
  follow: boolean('follow', { summary: 'Stream outcomes as NDJSON, and go on with new ones as they come.' }),
} as const satisfies Props;
