import { Overlay } from '#log/overlay';
import type { Rows } from '#log/rows';

const nothing: Rows = { get: () => undefined, range: () => [] };

const overlay = (keys: readonly string[], base: Rows = nothing): Overlay => {
  const rows = new Overlay(base);
  for (const key of keys) rows.set('state', key, key);
  return rows;
};

const keysOf = (rows: Rows, from: string, to: string, reverse = false): readonly string[] =>
  [...rows.range('state', { from, to, reverse })].map(([key]) => key);

test('a range merges its own changes with the base, in both directions', () => {
  const rows = overlay(['b', 'd'], overlay(['a', 'c', 'e']));
  rows.delete('state', 'c');
  expect(keysOf(rows, 'a', 'e')).toEqual(['a', 'b', 'd']);
  expect(keysOf(rows, 'a', 'f', true)).toEqual(['e', 'd', 'b', 'a']);
});

test('a range that ends before it begins is empty', () => {
  expect(keysOf(overlay(['a', 'b', 'c']), 'c', 'a')).toEqual([]);
  expect(keysOf(overlay(['a', 'b', 'c']), 'c', 'a', true)).toEqual([]);
});

test('undo brings back what was there, also what the base holds', () => {
  const rows = overlay(['b'], overlay(['a']));
  rows.mark();
  rows.delete('state', 'a');
  rows.set('state', 'b', 'changed');
  rows.set('state', 'c', 'new');
  rows.undo();
  rows.keep();
  expect(keysOf(rows, '', 'z')).toEqual(['a', 'b']);
  expect(rows.get('state', 'b')).toBe('b');
});

test('tells which tables were changed, by itself and not by its base', () => {
  const base = overlay(['a']);
  const rows = new Overlay(base);
  expect([base.touches('state'), rows.touches('state'), rows.touches('timer')]).toEqual([true, false, false]);
  rows.get('timer', 'x');
  expect([...rows.range('timer', { from: '', to: 'z' })]).toEqual([]);
  expect(rows.touches('timer')).toBe(false);
  rows.delete('timer', 'x');
  rows.set('state', 'a', 'a');
  expect([rows.touches('timer'), rows.touches('state'), rows.touches('index')]).toEqual([true, true, false]);
  const above = new Overlay(rows);
  above.set('index', 'y', true);
  rows.absorb(above);
  expect(rows.touches('index')).toBe(true);
});
