import * as fc from 'fast-check';
import type { Plan, Planner } from '#aggregates/planner';

interface About<Snapshot, Choice> {
  readonly snapshots: fc.Arbitrary<Snapshot>;
  /** Ids of what is to be planned. */
  readonly wanted: (snapshot: Snapshot) => readonly string[];
  /** The snapshot after the choices were carried out; throws when one of them is not possible. */
  readonly carriedOut: (snapshot: Snapshot, plan: Plan<Choice>) => Snapshot;
  /** The same snapshot with its lists in another order. */
  readonly shuffled: (snapshot: Snapshot) => Snapshot;
}

/** Holds a planner to its laws: nothing is lost, a plan that was carried out leaves none, and order does not matter. */
export const plans = <Snapshot, Choice>(
  name: string,
  plan: Planner<Snapshot, Choice>,
  { snapshots, wanted, carriedOut, shuffled }: About<Snapshot, Choice>,
): void => {
  describe(`${name} plans`, () => {
    test('or explains everything, once', () => {
      fc.assert(
        fc.property(snapshots, (snapshot) => {
          const { chosen, waiting } = plan(snapshot);
          const told = [...chosen, ...waiting].map(({ id }) => id);
          expect(told.toSorted()).toEqual([...wanted(snapshot)].toSorted());
          for (const { reason } of waiting) expect(reason).not.toBe('');
        }),
      );
    });

    test('what can be carried out, and then nothing more', () => {
      fc.assert(
        fc.property(snapshots, (snapshot) => {
          const first = plan(snapshot);
          const again = plan(carriedOut(snapshot, first));
          expect(again.chosen).toEqual([]);
          expect(again.waiting.map(({ id }) => id)).toEqual(first.waiting.map(({ id }) => id));
        }),
      );
    });

    test('the same whatever the order of what it is shown', () => {
      fc.assert(
        fc.property(snapshots, (snapshot) => {
          expect(plan(shuffled(snapshot))).toEqual(plan(snapshot));
        }),
      );
    });
  });
};
