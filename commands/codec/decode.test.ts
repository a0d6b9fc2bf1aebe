import { isLeft, right } from 'fp-ts/lib/Either';
import type { AnyCodec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { encode } from '#commands/codec/encode';
import { idFromPath, idToPath } from '#commands/codec/id-path';
import { list, map, object, oneOf, optional } from '#commands/codec/object';
import { formatProblem } from '#commands/codec/problem';
import { boolean, bytes, bytesId, choice, id, integer, json, text, time } from '#commands/codec/scalar';

const CpuCount = integer('CPU count', { summary: 'Virtual CPUs.', unit: 'count', min: 1, max: 256 });
const Power = choice('power', { summary: 'Power.', values: ['running', 'stopped'] });
const Label = text('label', { summary: 'A label.', maxLength: 3 });
const Value = bytes('value', { summary: 'The value.', maxBytes: 4 });
const Key = bytesId('key', { maxBytes: 8 });
const Due = time('due', { summary: 'When it is due.' });
const Document = json('document', { summary: 'A document.', maxBytes: 1000 });

/** The problems as a person sees them. */
const told = (codec: AnyCodec, input: unknown): readonly string[] => {
  const decoded = decode(codec, input);
  return isLeft(decoded) ? decoded.left.map(formatProblem) : [];
};

const Vm = object({ cpuCount: CpuCount, power: optional(Power), autoStart: optional(boolean('a', { summary: 'S.' })) });
const Put = object({ value: Value, due: optional(Due) });

describe('a problem says where, what and how to mend it', () => {
  const rows: readonly (readonly [string, AnyCodec, unknown, readonly string[]])[] = [
    [
      'a slip in a name',
      Vm,
      { cpuCont: 2 },
      [
        'cpuCount: expected CPU count: an integer from 1 to 256 (count), got nothing',
        'cpuCont: expected a field of cpuCount, power, autoStart, got an unknown field (did you mean cpuCount?)',
      ],
    ],
    [
      'a name in another case',
      Vm,
      { cpuCount: 2, auto_start: true },
      ['auto_start: expected a field of cpuCount, power, autoStart, got an unknown field (did you mean autoStart?)'],
    ],
    [
      'a name of nothing near',
      Vm,
      { cpuCount: 2, colour: 1 },
      ['colour: expected a field of cpuCount, power, autoStart, got an unknown field'],
    ],
    [
      'a number in quotes',
      Vm,
      { cpuCount: '2' },
      ['cpuCount: expected CPU count: an integer from 1 to 256 (count), got the text "2" (write it without quotes)'],
    ],
    [
      'null for an optional field',
      Vm,
      { cpuCount: 2, power: null },
      ['power: expected power: one of running, stopped, got null (leave a field out instead of writing null)'],
    ],
    [
      'a slip in a choice',
      Vm,
      { cpuCount: 2, power: 'stoped' },
      ['power: expected power: one of running, stopped, got the text "stoped" (did you mean stopped?)'],
    ],
    [
      'both forms of bytes',
      Put,
      { value: 'a', valueBase64: 'YQ==' },
      ['value: expected either value or valueBase64, got both'],
    ],
    [
      'neither form of bytes',
      Put,
      {},
      ['value: expected value: at most 4 bytes, as text or as base64 in valueBase64, got nothing'],
    ],
    [
      'too many bytes of text',
      Put,
      { value: 'äöü' },
      ['value: expected value: at most 4 bytes, as text, got 6 bytes of text'],
    ],
    [
      'base64 for URLs',
      Put,
      { valueBase64: '_-8=' },
      [
        'valueBase64: expected value: at most 4 bytes, as base64, got the text "_-8="' +
          ' (the alphabet is A-Z a-z 0-9 + / and = fills up to a multiple of four)',
      ],
    ],
    [
      'a place in a list of cases',
      list(oneOf({ put: object({ key: Key }), get: object({ key: Key }) }), { summary: 'S.', maxItems: 2 }),
      [{ put: { key: 'a' } }, { gte: { key: 'b' } }],
      ['[1].gte: expected a field of put, get, got an unknown field (did you mean get?)'],
    ],
    [
      'two cases at once',
      oneOf({ put: object({}), get: object({}) }),
      { put: {}, get: {} },
      ['expected an object with exactly one of put, get, got 2 of them'],
    ],
    [
      'half of a surrogate pair',
      object({ label: Label }),
      { label: 'a\ud83d' },
      ['label: expected label: text of at most 3 characters, got text with half of a surrogate pair'],
    ],
    [
      'a document that is too long',
      object({ document: json('document', { summary: 'S.', maxBytes: 8 }) }),
      { document: { a: 'xyz' } },
      ['document: expected document: a JSON document of at most 8 bytes, got 11 bytes'],
    ],
  ];
  test.each(rows)('%s', (_title, codec, input, expected) => expect(told(codec, input)).toEqual(expected));

  test('and at most twenty of them', () => {
    const fields = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`field${at}`, at]));
    expect(told(Vm, fields)).toHaveLength(20);
    expect(told(list(CpuCount, { summary: 'S.', maxItems: 100_000 }), new Array(100_000).fill('x'))).toHaveLength(20);
  });
});

describe('what would reach a prototype', () => {
  const polluting = (where: string): unknown => JSON.parse(where);

  test.each([
    ['an object', Vm, '{"cpuCount":1,"__proto__":{"power":"stopped"}}', '__proto__'],
    ['an object, by constructor', Vm, '{"cpuCount":1,"constructor":{"prototype":{}}}', 'constructor'],
    ['an object, by a Base64 form', Vm, '{"cpuCount":1,"constructorBase64":1}', 'constructorBase64'],
    ['a map', map(Label, { summary: 'S.', maxEntries: 3 }), '{"__proto__":"a"}', '__proto__'],
    ['a case', oneOf({ put: Vm }), '{"__proto__":{}}', '__proto__'],
    ['a document, deep inside', Document, '{"a":[{"prototype":1}]}', 'a[0].prototype'],
    ['a document, by __proto__', Document, '{"__proto__":{"polluted":1}}', '__proto__'],
  ] as const)('is refused in %s', (_title, codec: AnyCodec, source, path) => {
    const decoded = decode(codec, polluting(source));
    expect(isLeft(decoded) && decoded.left.map((problem) => problem.path)).toEqual([path]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('cannot be a name of the contract', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'a-b', 'A', '']) {
      expect(() => object({ [name]: CpuCount })).toThrow('cannot name a property');
    }
    expect(() => object({ value: Value, valueBase64: Label })).toThrow('the other way to write value');
  });
});

describe('documents', () => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

  test('may nest 64 levels and no more', () => {
    expect(told(Document, JSON.parse(nested(64)))).toEqual([]);
    expect(told(Document, JSON.parse(nested(65)))[0]).toMatch(/expected less nesting/);
  });

  test('of a hundred thousand levels are refused like any other', () => {
    const deep: unknown = JSON.parse(nested(100_000));
    for (const codec of [Document, Vm, list(Vm, { summary: 'S.', maxItems: 9 }), Put, Key, Label]) {
      expect(told(codec, deep)).not.toEqual([]);
    }
  });

  test('have one canonical form', () => {
    const decoded = decode(Document, JSON.parse('{"b":[-0,{"d":1,"c":2}],"a":null}'));
    expect(decoded).toEqual(right({ a: null, b: [0, { c: 2, d: 1 }] }));
    expect(JSON.stringify(decoded)).toContain('{"a":null,"b":[0,{"c":2,"d":1}]}');
  });

  test('that are canonical are not copied', () => {
    const document: unknown = JSON.parse('{"a":[1,{"c":2}]}');
    expect(decode(Document, document)).toHaveProperty('right', document);
    expect((decode(Document, document) as { right: unknown }).right).toBe(document);
  });

  test('are JSON only', () => {
    for (const value of [new Date(0), new Map(), () => 1, 1n, undefined, [undefined], { a: NaN }, Symbol('s')]) {
      expect(told(Document, value)).toHaveLength(1);
    }
  });

  test('are bounded by what they take in UTF-8', () => {
    const Small = json('document', { summary: 'S.', maxBytes: 10 });
    expect(told(Small, 'x'.repeat(8))).toEqual([]);
    expect(told(Small, 'x'.repeat(9))).toHaveLength(1);
    expect(told(Small, 'ä'.repeat(4))).toEqual([]);
    expect(told(Small, 'ä'.repeat(5))).toHaveLength(1);
  });
});

describe('numbers', () => {
  test('are safe integers within bounds, and zero has one sign', () => {
    const Any = integer('offset', { summary: 'S.', unit: 'number', min: Number.MIN_SAFE_INTEGER });
    for (const bad of [NaN, Infinity, -Infinity, 0.5, 2 ** 53, -(2 ** 53), 1e300, '1', 1n, true]) {
      expect(told(Any, bad)).toHaveLength(1);
    }
    expect(decode(Any, -0)).toEqual(right(0));
    expect(decode(Any, JSON.parse('9007199254740991'))).toEqual(right(Number.MAX_SAFE_INTEGER));
  });
});

describe('text', () => {
  test('is counted in characters, not in UTF-16 units', () => {
    expect(told(Label, '😀😀😀')).toEqual([]);
    expect(told(Label, '😀😀😀😀')).toHaveLength(1);
    expect(told(text('pair', { summary: 'S.', minLength: 2 }), '😀')).toHaveLength(1);
  });

  test('matches its pattern as a whole, without an exception for a last line break', () => {
    for (const bad of ['vm\n', 'a b', 'A', '-a', 'a-', '', '../x', 'a/b', 'a\u0000', 'x'.repeat(64)]) {
      expect(told(id('vm'), bad)).toHaveLength(1);
    }
    expect(told(id('vm'), 'x'.repeat(63))).toEqual([]);
  });
});

describe('time', () => {
  test.each([
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T12:00:00.25+02:00', Date.UTC(2026, 0, 31, 10, 0, 0, 250)],
    ['2026-01-31t12:00:00.123456789z', Date.UTC(2026, 0, 31, 12, 0, 0, 123)],
    ['2024-02-29T23:30:00-01:00', Date.UTC(2024, 2, 1, 0, 30)],
    ['1970-01-01T00:00:00Z', 0],
    [5, 5],
  ])('%s', (input, instant) => expect(decode(Due, input)).toEqual(right(instant)));

  test.each([
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:00:60Z',
    '2026-01-31T12:00:00',
    '2026-01-31 12:00:00Z',
    '2026-01-31T12:00:00+24:00',
    '1969-12-31T23:59:59Z',
    '0099-01-01T00:00:00Z',
    '9999-12-31T23:59:59-01:00',
    '',
  ])('%s is refused', (input) => expect(told(Due, input)).toHaveLength(1));
});

describe('bytes', () => {
  test('are text where they are UTF-8 and base64 where they are not', () => {
    const Pair = object({ key: Key, value: Value });
    const all = list(Value, { summary: 'S.', maxItems: 3 });
    expect(encode(Pair, { key: 'a\u00ff', value: Buffer.from('ä') })).toEqual({ keyBase64: 'Yf8=', value: 'ä' });
    expect(encode(Pair, { key: 'a', value: Buffer.from([0xc3]) })).toEqual({ key: 'a', valueBase64: 'ww==' });
    expect(encode(Value, Buffer.from('\ufffd'))).toEqual({ text: '\ufffd' });
    expect(encode(all, [new Uint8Array([97]), Buffer.from([0xff])])).toEqual([{ text: 'a' }, { base64: '/w==' }]);
  });

  test('of a key are a string of one char per byte, in which order is byte order', () => {
    expect(decode(object({ key: Key }), { key: 'ä' })).toEqual(right({ key: '\u00c3\u00a4' }));
    expect(decode(object({ key: Key }), { keyBase64: '/wA=' })).toEqual(right({ key: '\u00ff\u0000' }));
    expect(told(object({ key: Key }), { key: '' })).toHaveLength(1);
  });
});

describe('an id in a path', () => {
  test('is percent-decoded to bytes', () => {
    expect(idFromPath(Key, 'a%2Fb%FF%00+')).toEqual(right('a/b\u00ff\u0000+'));
    expect(idFromPath(id('vm'), 'vm-%31')).toEqual(right('vm-1'));
    expect(idToPath(Key, 'a/b\u00ff ')).toBe('a%2Fb%FF%20');
    expect(idToPath(Key, '..')).toBe('%2E%2E');
  });

  test.each(['', '%', '%4', '%zz', 'a b', 'a/b', 'ä', 'a%', '%00'.repeat(9)])('%j is refused as a key', (segment) => {
    const read = idFromPath(Key, segment);
    expect(isLeft(read) && read.left.map((problem) => problem.path)).toEqual(['id']);
  });

  test('that is text must be UTF-8', () => {
    expect(isLeft(idFromPath(id('vm'), '%ff'))).toBe(true);
    expect(isLeft(idFromPath(text('name', { summary: 'S.' }), '%ff'))).toBe(true);
  });
});
