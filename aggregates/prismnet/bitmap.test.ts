import * as fc from 'fast-check';
import { firstClear, hasBit, noBits, setBits, size, withBit, withoutBit } from '#aggregates/prismnet/bitmap';

test('the first bit is the highest of the first digit', () => {
  expect(withBit(noBits, 0)).toBe(`8${'0'.repeat(63)}`);
  expect(withBit(noBits, 255)).toBe(`${'0'.repeat(63)}1`);
  expect(withoutBit('f'.repeat(64), 1)).toBe(`b${'f'.repeat(63)}`);
});

test('holds the numbers that a set would', () => {
  const changes = fc.array(fc.tuple(fc.boolean(), fc.nat(size - 1)), { maxLength: 600 });
  fc.assert(
    fc.property(changes, (made) => {
      const known = new Set<number>();
      let bits = noBits;
      for (const [isSet, offset] of made) {
        bits = isSet ? withBit(bits, offset) : withoutBit(bits, offset);
        if (isSet) known.add(offset);
        else known.delete(offset);
        expect(hasBit(bits, offset)).toBe(isSet);
      }
      expect(bits).toHaveLength(64);
      expect(setBits(bits)).toEqual([...known].sort((a, b) => a - b));
    }),
    { numRuns: 50 },
  );
});

test('finds the first that is free', () => {
  expect(firstClear(noBits)).toBe(0);
  expect(firstClear(withBit(noBits, 0), new Set([1, 3]))).toBe(2);
  expect(firstClear('f'.repeat(64))).toBeUndefined();
  expect(firstClear(withoutBit('f'.repeat(64), 200), new Set([200]))).toBeUndefined();
});
