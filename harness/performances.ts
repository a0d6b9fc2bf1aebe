import { isLeft } from 'fp-ts/lib/Either';
import type { AnyCommand } from '#commands/command';
import type { Procedure } from '#aggregates/procedure';
import { inMemory, type Performed } from '#harness/in-memory';
import type { Component } from '#log/component';

type Row<C> = readonly [title: string, given: readonly AnyCommand[], when: C, then: Performed | string, nowMs?: number];

/**
 * Runs a table of a procedure: after these commands, when it is asked for this, then these events follow with this
 * reply, or this rejection. The table must show every rejection of the procedure.
 */
export const performances = <C extends AnyCommand>(
  procedure: Procedure<C>,
  components: readonly Component[],
  table: readonly Row<C>[],
): void => {
  describe(`${procedure.command.kind} comes to`, () => {
    for (const [title, given, when, then, nowMs] of table) {
      test(title, () => {
        const memory = inMemory(components);
        for (const command of given) {
          const before = memory.run(command);
          if (isLeft(before)) throw new Error(`what was given is refused: ${before.left.code}`);
        }
        const performed = memory.run(when, nowMs);
        expect(isLeft(performed) ? performed.left.code : performed.right).toEqual(then);
      });
    }

    test('with every rejection shown', () => {
      const shown = new Set(table.map(([, , , then]) => then));
      expect(Object.keys(procedure.rejections).filter((code) => !shown.has(code))).toEqual([]);
    });
  });
};
