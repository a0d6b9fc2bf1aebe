import * as fc from 'fast-check';
import { encodeValue, indexPrefix, parseValue, valueAt } from '#aggregates/flaredb/index-key';

const numbers = fc.double({ noNaN: true, noDefaultInfinity: true }).map((drawn) => drawn + 0);
const integers = fc.integer({ min: -3, max: 3 });

test('numbers are in the order of their keys', () => {
  fc.assert(
    fc.property(fc.oneof(numbers, integers), fc.oneof(numbers, integers), (a, b) => {
      const [x = '', y = ''] = [encodeValue('number', a), encodeValue('number', b)];
      expect(x < y).toBe(a < b);
      expect(x === y).toBe(a === b);
    }),
  );
});

test('texts are in the order of their UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
      const [x = '', y = ''] = [encodeValue('text', a), encodeValue('text', b)];
      expect(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))).toBe(x < y ? -1 : x > y ? 1 : 0);
    }),
  );
});

test('false is before true', () => {
  expect(encodeValue('boolean', false)).toBe('\0');
  expect(encodeValue('boolean', true)).toBe('\x01');
});

test('a value of another kind is not listed', () => {
  for (const value of [undefined, null, [], {}, [1]]) {
    for (const kind of ['text', 'number', 'boolean'] as const) expect(encodeValue(kind, value)).toBeUndefined();
  }
  expect(encodeValue('text', 1)).toBeUndefined();
  expect(encodeValue('number', '1')).toBeUndefined();
  expect(encodeValue('boolean', 0)).toBeUndefined();
});

test('a written value is read by the kind of the index', () => {
  expect(parseValue('number', '-1.5e3')).toBe(-1500);
  expect(Object.is(parseValue('number', '-0'), 0)).toBe(true);
  expect(parseValue('boolean', 'true')).toBe(true);
  expect(parseValue('text', '7')).toBe('7');
  for (const written of ['', ' 1', '0x1', '1e999', 'Infinity', 'one']) {
    expect(parseValue('number', written)).toBeUndefined();
  }
  expect(parseValue('boolean', 'yes')).toBeUndefined();
});

test('a path reaches into objects and never into what they inherit', () => {
  const document = { a: { b: 1, 'x y': true }, list: [{ b: 2 }], none: null };
  expect(valueAt(document, 'a.b')).toBe(1);
  expect(valueAt(document, 'a.x y')).toBe(true);
  expect(valueAt(document, 'none')).toBeNull();
  for (const path of ['b', 'a.b.c', 'list.0', 'list.length', 'none.a', 'constructor', 'a.__proto__', 'a.toString']) {
    expect(valueAt(document, path)).toBeUndefined();
  }
  expect(valueAt('text', 'length')).toBeUndefined();
});

test('no index lies within another', () => {
  expect(indexPrefix('a', 'bc').startsWith(indexPrefix('a', 'b'))).toBe(false);
  expect(indexPrefix('ab', 'c').startsWith(indexPrefix('a', 'b'))).toBe(false);
});
