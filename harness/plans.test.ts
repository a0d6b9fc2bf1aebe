import * as fc from 'fast-check';
import { isLeft, left, right } from 'fp-ts/lib/Either';
import { object } from '#commands/codec/object';
import { id, integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import type { Planner } from '#aggregates/planner';
import type { Procedure } from '#aggregates/procedure';
import { performances } from '#harness/performances';
import { plans } from '#harness/plans';

/** Books on shelves: what a component with a planner looks like, as small as it gets. */

const Pages = integer('pages', { summary: 'How thick.', unit: 'count' });
const build = command('shelf', 'build', { summary: 'Build one.', id: id('shelf'), body: { room: Pages } });
const fill = command('shelf', 'fill', { summary: 'Put a book there.', id: id('shelf'), body: { pages: Pages } });
const store = command('book', 'store', { summary: 'Find a place for a book.', id: id('book'), body: { pages: Pages } });

type ShelfCommand = CommandOf<typeof build | typeof fill>;
type ShelfEvent =
  | { readonly kind: 'shelf.built'; readonly body: { readonly room: number } }
  | { readonly kind: 'shelf.filled'; readonly body: { readonly pages: number } };

const shelfRejections = {
  'shelf.full': { category: 'exhausted', summary: 'There is no room for it.', fix: 'Build another shelf.' },
} as const;

const shelf: Aggregate<{ readonly room: number }, ShelfCommand, ShelfEvent, keyof typeof shelfRejections> = {
  kind: kind('shelf'),
  summary: 'A shelf.',
  commands: [build, fill],
  events: { 'shelf.built': build.body, 'shelf.filled': object({ pages: Pages }) },
  rejections: shelfRejections,
  decide(state, told) {
    if (told.kind === 'shelf.build') return accept({ kind: 'shelf.built', body: told.body });
    const fits = state !== undefined && state.room >= told.body.pages;
    return fits ? accept({ kind: 'shelf.filled', body: told.body }) : reject('shelf.full');
  },
  evolve: (state, { kind: happened, body }) =>
    happened === 'shelf.built' ? body : { room: (state?.room ?? 0) - body.pages },
};

interface Library {
  readonly shelves: readonly { readonly id: string; readonly room: number }[];
  readonly books: readonly { readonly id: string; readonly pages: number }[];
}

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);

/** Each book goes where the least room is left; shelves that are alike are taken in order. */
const placement: Planner<Library, string> = ({ shelves, books }) => {
  const room = new Map([...shelves].sort(byId).map((each) => [each.id, each.room]));
  const chosen: { id: string; choice: string }[] = [];
  const waiting: { id: string; reason: string }[] = [];
  for (const book of [...books].sort(byId)) {
    const [best] = [...room].filter(([, left]) => left >= book.pages).sort((a, b) => a[1] - b[1]);
    if (best === undefined) waiting.push({ id: book.id, reason: `no shelf has room for ${book.pages} pages` });
    else {
      room.set(best[0], best[1] - book.pages);
      chosen.push({ id: book.id, choice: best[0] });
    }
  }
  return { chosen, waiting };
};

const named = <A extends object>(about: fc.Arbitrary<A>, letter: string) =>
  fc.array(about, { maxLength: 6 }).map((all) => all.map((each, at) => ({ ...each, id: `${letter}${at}` })));

plans('placement', placement, {
  snapshots: fc.record({
    shelves: named(fc.record({ room: fc.nat(20) }), 's'),
    books: named(fc.record({ pages: fc.integer({ min: 1, max: 12 }) }), 'b'),
  }),
  wanted: ({ books }) => books.map((book) => book.id),
  carriedOut: ({ shelves, books }, { chosen }) => {
    const room = new Map(shelves.map((each) => [each.id, each.room]));
    for (const { id: of, choice } of chosen) {
      const left = (room.get(choice) ?? 0) - (books.find((book) => book.id === of)?.pages ?? 0);
      if (left < 0) throw new Error(`${choice} holds more than it can`);
      room.set(choice, left);
    }
    const placed = new Set(chosen.map((each) => each.id));
    return {
      shelves: [...room].map(([of, left]) => ({ id: of, room: left })),
      books: books.filter((book) => !placed.has(book.id)),
    };
  },
  shuffled: ({ shelves, books }) => ({ shelves: shelves.toReversed(), books: books.toReversed() }),
});

/** The procedure reads a bounded snapshot, asks the planner, and lets the aggregate decide on the choice. */
const storing: Procedure<CommandOf<typeof store>> = {
  command: store,
  rejections: {
    'book.homeless': { category: 'exhausted', summary: 'No shelf has room for it.', fix: 'Build another shelf.' },
  },
  perform({ id: of, body }, work) {
    const shelves = work.range(shelf.kind, { from: '', limit: 100 }).map((fact) => ({ id: fact.id, ...fact.state }));
    const { chosen, waiting } = placement({ shelves, books: [{ id: of, ...body }] });
    const [first] = chosen;
    if (first === undefined) return left({ code: 'book.homeless', detail: { reason: waiting[0]?.reason ?? '' } });
    const filled = work.run({ kind: 'shelf.fill', id: first.choice, body });
    return isLeft(filled) ? filled : right({ shelf: first.choice });
  },
};

const components = [
  { name: 'library', summary: '', aggregates: [shelf], procedures: [storing], reactions: [], views: [] },
];
const built = (name: string, room: number) => ({ kind: 'shelf.build', id: name, body: { room } });
const stored = { kind: 'book.store' as const, id: 'b' as CommandOf<typeof store>['id'], body: { pages: 10 } };

describe('a procedure that asks a planner', () => {
  performances(storing, components, [
    [
      'the choice of the planner, carried out',
      [built('a', 20), built('b', 10), built('c', 9)],
      stored,
      { events: [{ kind: 'shelf.filled', id: 'b', body: { pages: 10 } }], reply: { shelf: 'b' } },
    ],
    ['a refusal where it finds none', [built('a', 9)], stored, 'book.homeless'],
  ]);
});
