import type { Id } from '#commands/codec/scalar';
import { posting } from '#aggregates/flaredb/posting';
import { decisions } from '#harness/decisions';

const put = (...keys: readonly string[]) => ({
  kind: 'posting.set' as const,
  id: 'users/a' as Id<'posting'>,
  body: { keys },
});
const wasSet = (...keys: readonly string[]) => ({ kind: 'posting.set' as const, body: { keys } });

decisions(posting, [
  ['lists a document', [], put('u\0i\0x'), [wasSet('u\0i\0x')]],
  ['lists it under other keys', [wasSet('u\0i\0x')], put('u\0i\0y', 'u\0j\0z'), [wasSet('u\0i\0y', 'u\0j\0z')]],
  ['takes the same keys as done', [wasSet('u\0i\0x')], put('u\0i\0x'), []],
  ['takes a document off all lists', [wasSet('u\0i\0x')], put(), [wasSet()]],
  ['takes what was not listed as done', [], put(), []],
]);
