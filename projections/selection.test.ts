import * as fc from 'fast-check';
import { kind } from '#aggregates/facts';
import { factsHolding, held } from '#harness/facts';
import { pageOf, type Selection } from '#projections/selection';

const thing = kind<number>('thing');
const id = fc.stringMatching(/^[ab\0\xff]{1,4}$/);

test('pages of any size, one after another, are the whole range in order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(id, { maxLength: 20 }),
      fc.tuple(fc.constantFrom('', 'a', 'ab', 'b'), fc.constantFrom(undefined, 'b', 'bb', 'b\xff')),
      fc.boolean(),
      fc.integer({ min: 1, max: 5 }),
      (ids, [from, to], reverse, limit) => {
        const facts = factsHolding(ids.map((of, at) => held({ kind: thing }, of, at)));
        const range = { from, ...(to === undefined ? {} : { to }), reverse };
        const seen: string[] = [];
        let page: Selection<number> | undefined;
        do {
          const after = page?.cursor;
          page = pageOf(thing, range, facts, after === undefined ? { limit } : { after, limit });
          expect(page.facts.length).toBeLessThanOrEqual(limit);
          seen.push(...page.facts.map((fact) => fact.id));
        } while (page.cursor !== undefined);
        const inside = ids.filter((of) => of >= from && (to === undefined || of < to)).sort();
        expect(seen).toEqual(reverse ? inside.reverse() : inside);
      },
    ),
  );
});

test('a page that is just full at the end of the list has no cursor', () => {
  const facts = factsHolding([held({ kind: thing }, 'a', 1), held({ kind: thing }, 'b', 2)]);
  expect(pageOf(thing, { from: '' }, facts, { limit: 2 }).cursor).toBeUndefined();
  expect(pageOf(thing, { from: '' }, facts, { limit: 1 }).cursor).toBe('a');
});
