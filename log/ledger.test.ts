import * as fc from 'fast-check';
import { accept, type Happened, type Moment } from '#aggregates/decision';
import type { AnyAggregate } from '#aggregates/aggregate';
import { kind } from '#aggregates/facts';
import { noRows } from '#harness/facts';
import { rowsText } from '#harness/simulator/invariants';
import { Ledger } from '#log/ledger';
import { Overlay } from '#log/overlay';

interface Shelf {
  readonly labels: readonly string[];
  /** Key and amount; a key may be there more than once. */
  readonly amounts: readonly (readonly [string, number])[];
  readonly dueAt?: number;
}

const shelf: AnyAggregate = {
  kind: kind<Shelf>('shelf'),
  summary: 'A shelf.',
  commands: [],
  events: {},
  rejections: {},
  indexes: { 'shelf.label': ({ labels }: Shelf) => labels },
  sums: { 'shelf.amount': ({ amounts }: Shelf) => amounts },
  due: ({ dueAt }: Shelf) => dueAt,
  decide: () => accept(),
  evolve: (_state: unknown, { body }: Happened) => (body as { readonly shelf?: Shelf }).shelf,
};

const momentAt = (position: number): Moment => ({
  position,
  now: position,
  level: 1,
  principal: 'tester',
  credential: 'test',
  address: '',
});
const put = (id: string, state?: Shelf): Happened => ({ kind: 'shelf.put', id, body: { shelf: state } });

/** What the amounts of all shelves come to, by key. */
const sumsOf = (shelves: Iterable<Shelf | undefined>): readonly (readonly [string, number])[] => {
  const sums = new Map<string, number>();
  for (const one of shelves) {
    for (const [key, amount] of one?.amounts ?? []) sums.set(key, (sums.get(key) ?? 0) + amount);
  }
  return [...sums].filter(([, sum]) => sum !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
};

const keptSums = (rows: Overlay): readonly (readonly [string, unknown])[] =>
  [...rows.range('count', { from: 'shelf.amount\0', to: 'shelf.amount\x01' })].map(
    ([key, value]) => [key.slice('shelf.amount\0'.length), value] as const,
  );

const letter = fc.constantFrom('a', 'b', 'c');
const aShelf: fc.Arbitrary<Shelf> = fc.record(
  {
    labels: fc.array(letter, { maxLength: 3 }),
    amounts: fc.array(fc.tuple(letter, fc.integer({ min: -3, max: 3 })), { maxLength: 3 }),
    dueAt: fc.integer({ min: 1, max: 4 }),
  },
  { requiredKeys: ['labels', 'amounts'] },
);
const change = fc.tuple(letter, fc.option(aShelf, { nil: undefined })).map(([id, state]) => put(id, state));

describe('a ledger', () => {
  test('keeps a sum whose key changes, and amounts of equal keys', () => {
    const rows = new Overlay(noRows);
    rows.mark();
    const ledger = new Ledger(rows, momentAt(1));
    const steps: readonly (readonly [Shelf['amounts'], readonly (readonly [string, number])[]])[] = [
      [[['a', 2]], [['a', 2]]],
      [[['b', 2]], [['b', 2]]],
      [
        [
          ['b', 2],
          ['b', 3],
        ],
        [['b', 5]],
      ],
      [
        [
          ['b', 1],
          ['c', 4],
          ['b', 1],
        ],
        [
          ['b', 2],
          ['c', 4],
        ],
      ],
      [[['c', 0]], []],
    ];
    for (const [amounts, expected] of steps) {
      ledger.change(shelf, put('one', { labels: [], amounts }));
      expect(keptSums(rows)).toEqual(expected);
    }
  });

  test('keeps sums in step with states, over many entries', () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 4 }), (entries) => {
        const rows = new Overlay(noRows);
        const shelves = new Map<string, Shelf | undefined>();
        for (const [at, changes] of entries.entries()) {
          const ledger = new Ledger(rows, momentAt(at + 1));
          rows.mark();
          for (const event of changes) {
            ledger.change(shelf, event);
            shelves.set(event.id, (event.body as { readonly shelf?: Shelf }).shelf);
          }
          rows.keep();
        }
        expect(keptSums(rows)).toEqual(sumsOf(shelves.values()));
      }),
      { numRuns: 300 },
    );
  });

  /** How many of the changes since the begin of an entry are kept before the next ones. */
  const back = fc.integer({ min: 0, max: 6 });

  test('that undoes some events holds what one holds that never saw them', () => {
    const step = fc.record({ changes: fc.array(change, { maxLength: 4 }), back: fc.option(back, { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 5 }), fc.array(step, { maxLength: 5 }), (earlier, steps) => {
        const run = (work: (ledger: Ledger) => void): string => {
          const base = new Overlay(noRows);
          base.mark();
          const first = new Ledger(base, momentAt(1));
          for (const event of earlier) first.change(shelf, event);
          base.keep();
          const rows = new Overlay(base);
          rows.mark();
          work(new Ledger(rows, momentAt(2)));
          rows.keep();
          return rowsText(rows);
        };
        let kept: readonly Happened[] = [];
        const undone = run((ledger) => {
          const marks = [ledger.mark()];
          for (const { changes, back: to } of steps) {
            for (const event of changes) {
              ledger.change(shelf, event);
              kept = [...kept, event];
              marks.push(ledger.mark());
            }
            const mark = to === undefined ? undefined : marks[to];
            if (mark === undefined || to === undefined) continue;
            ledger.undo(mark);
            kept = kept.slice(0, to);
            marks.length = to + 1;
          }
        });
        expect(undone).toBe(run((ledger) => kept.forEach((event) => ledger.change(shelf, event))));
      }),
      { numRuns: 500 },
    );
  });
});
