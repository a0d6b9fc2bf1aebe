import type { Id } from '#commands/codec/scalar';
import { networkNumber, nextNumber, type NetworkNumberEvent } from '#aggregates/prismnet/network-number';
import { quarantineMs } from '#aggregates/prismnet/network';
import { vpc } from '#aggregates/prismnet/vpc';
import { decisions } from '#harness/decisions';
import { factsHolding, held, type Held } from '#harness/facts';

const id = '00000001' as Id<'network-number'>;
const main = 'shop/main' as Id<'vpc'>;
const other = 'shop/other' as Id<'vpc'>;
const take = (of = main, number: string = id) =>
  ({ kind: 'network-number.take', id: number as Id<'network-number'>, body: { vpc: of } }) as const;
const release = { kind: 'network-number.release', id, body: {} } as const;
const taken = (number = 1): NetworkNumberEvent => ({ kind: 'network-number.taken', body: { vpc: main, number } });
const now = 3_600_000;
const released = (until = now + quarantineMs): NetworkNumberEvent => ({
  kind: 'network-number.released',
  body: { until },
});

const withNumber = (number: number) => ({ facts: [held(vpc, main, { number })] });

decisions(networkNumber, [
  ['gives a number to the VPC that has it', [], take(), [taken()], withNumber(1)],
  ['gives it once', [taken()], take(), [], withNumber(1)],
  ['gives it again', [taken(), released(now)], take(), [taken()], withNumber(1)],
  ['refuses one that the VPC has not', [], take(), 'network-number.unheld', withNumber(2)],
  ['refuses one beyond all', [], take(main, '16777216'), 'network-number.spent'],
  ['refuses one to no VPC', [], take(other), 'network-number.unheld'],
  ['takes it back', [taken()], release, [released()]],
  ['takes it back once', [taken(), released()], release, []],
  ['takes nothing back that was never given', [], release, []],
  ['keeps what a VPC uses', [taken()], release, 'network-number.used', withNumber(1)],
]);

describe('the next number', () => {
  const numbers = (...states: readonly (readonly [number: number, until?: number])[]): readonly Held[] =>
    states.map(([number, until]) =>
      held(networkNumber, String(number).padStart(8, '0'), {
        number,
        until: until ?? 0,
        ...(until === undefined ? { vpc: main } : {}),
      }),
    );

  test('is the first, then one more', () => {
    expect(nextNumber(factsHolding([]), now)).toBe(1);
    expect(nextNumber(factsHolding(numbers([1], [2])), now)).toBe(3);
  });

  test('is the one that rested longest', () => {
    expect(nextNumber(factsHolding(numbers([1, now], [2, now - 1], [3])), now)).toBe(2);
  });

  test('is not one that rests', () => {
    expect(nextNumber(factsHolding(numbers([1, now + 1], [2])), now)).toBe(3);
  });

  test('is none when all are given', () => {
    const facts = { ...factsHolding([]), index: () => [], sum: () => 2 ** 24 - 1 };
    expect(nextNumber(facts, now)).toBeUndefined();
  });
});
