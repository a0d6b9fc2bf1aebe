import { isLeft } from 'fp-ts/lib/Either';
import type { AnyCommand } from '#commands/command';
import type { Aggregate } from '#aggregates/aggregate';
import type { AnyEvent, Moment } from '#aggregates/decision';
import { factsHolding, held, type Held } from '#harness/facts';

/** Where a decision is taken, when it is not at position 100, an hour after 1970 began, among no other objects. */
export interface Setting {
  readonly facts?: readonly Held[];
  readonly moment?: Partial<Moment>;
}

type Row<C, E, R> = readonly [title: string, given: readonly E[], when: C, then: readonly E[] | R, setting?: Setting];

const usualMoment: Moment = {
  position: 100,
  now: 3_600_000,
  level: 1,
  principal: 'tester',
  credential: 'test',
  address: '',
};

/**
 * Runs a decision table: given these events, when this command comes, then these events follow or this rejection. The
 * events were at positions 1, 2, 3 …, at the time 0. The table must show every command, event and rejection of the
 * aggregate, so that a word of the domain cannot be added without an example of its use.
 */
export const decisions = <S, C extends AnyCommand, E extends AnyEvent, R extends string>(
  aggregate: Aggregate<S, C, E, R>,
  table: readonly Row<C, E, R>[],
): void => {
  describe(`${aggregate.kind.noun} decides`, () => {
    for (const [title, given, when, then, { facts = [], moment = {} } = {}] of table) {
      test(title, () => {
        const here = { ...usualMoment, ...moment };
        const past = given.map((event, at) => [event, { ...here, position: at + 1, now: 0 }] as const);
        const state = past.reduce<S | undefined>((s, [event, at]) => aggregate.evolve(s, event, at), undefined);
        const own = state === undefined ? [] : [held(aggregate, when.id, state, { version: given.length })];
        const decision = aggregate.decide(state, when, factsHolding([...facts, ...own]), here);
        expect(isLeft(decision) ? decision.left.code : decision.right).toEqual(then);
        // What was decided must be possible: a state that cannot take its own event throws.
        if (!isLeft(decision)) decision.right.reduce((s, event) => aggregate.evolve(s, event, here), state);
      });
    }

    test('with every word of its vocabulary shown', () => {
      const shown = new Set(
        table.flatMap(([, given, when, then]) => [
          when.kind,
          ...given.map((event) => event.kind),
          ...(typeof then === 'string' ? [then] : then.map((event) => event.kind)),
        ]),
      );
      const words = [
        ...aggregate.commands.map((spec) => spec.kind),
        ...Object.keys(aggregate.events),
        ...Object.keys(aggregate.rejections),
      ];
      expect(words.filter((word) => !shown.has(word))).toEqual([]);
    });
  });
};
