import { same } from '#aggregates/same';

test.each<readonly [unknown, unknown, boolean]>([
  [1, 1, true],
  [1, '1', false],
  [{ a: 1, b: [2] }, { b: [2], a: 1 }, true],
  [{ a: 1 }, { a: 1, b: undefined }, false],
  [[1, 2], [2, 1], false],
  [[1], { 0: 1 }, false],
  [null, {}, false],
])('%j and %j: %s', (a, b, expected) => {
  expect(same(a, b)).toBe(expected);
});
