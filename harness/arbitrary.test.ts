import { isLeft, isRight, right } from 'fp-ts/lib/Either';
import * as fc from 'fast-check';
import type { AnyCodec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { encode } from '#commands/codec/encode';
import { explain } from '#commands/codec/explain';
import { idFromPath, idToPath } from '#commands/codec/id-path';
import { list, map, object, oneOf, optional } from '#commands/codec/object';
import { boolean, bytes, bytesId, choice, id, integer, json, text, time } from '#commands/codec/scalar';
import { arbitrary, nearMiss } from '#harness/arbitrary';

const Key = bytesId('key', { maxBytes: 64 });
const Value = bytes('value', { summary: 'The value.', maxBytes: 64 });
const Cidr = text('IPv4 CIDR', {
  summary: 'A network.',
  pattern: '(?:[0-9]{1,3}\\.){3}[0-9]{1,3}/(?:[89]|[12][0-9]|30)',
  example: '10.1.0.0/24',
});
const Short = text('note', { summary: 'A note.', minLength: 2, maxLength: 5 });
const Operation = oneOf({
  put: object({ key: Key, value: Value, lease: optional(id('lease')) }),
  get: object({ key: Key }),
  raw: Value,
});

const codecs: Readonly<Record<string, AnyCodec>> = {
  text: Short,
  pattern: Cidr,
  id: id('vm'),
  integer: integer('count', { summary: 'A count.', unit: 'count', min: -3, max: 300 }),
  position: integer('position', { summary: 'A position.', unit: 'position' }),
  boolean: boolean('flag', { summary: 'A flag.' }),
  choice: choice('op', { summary: 'An operator.', values: ['=', '!=', '<', '>'] }),
  time: time('due', { summary: 'When it is due.' }),
  bytes: Value,
  bytesId: Key,
  json: json('document', { summary: 'A document.', maxBytes: 4096 }),
  list: list(Value, { summary: 'Values.', minItems: 1, maxItems: 8 }),
  map: map(Short, { summary: 'Labels.', maxEntries: 8 }),
  oneOf: Operation,
  object: object({
    name: Short,
    value: optional(Value),
    key: Key,
    at: time('at', { summary: 'When.' }),
    labels: optional(map(Value, { summary: 'Labels.', maxEntries: 8, key: Short })),
    document: json('document', { summary: 'A document.', maxBytes: 1024, maxDepth: 8 }),
    operations: list(Operation, { summary: 'Operations.', maxItems: 8 }),
    nested: optional(object({ flag: optional(boolean('flag', { summary: 'A flag.' })) })),
  }),
};

/** What a client on the other side of a connection gives back. */
const wire = (form: unknown): unknown => JSON.parse(JSON.stringify(form));

describe.each(Object.entries(codecs))('%s', (_name, codec) => {
  test('comes back from its JSON form as it was', () => {
    fc.assert(
      fc.property(arbitrary(codec), (value) => {
        const form = encode(codec, value);
        const decoded = decode(codec, wire(form));
        expect(decoded).toEqual(right(value));
        // Equal values are equal bytes, whichever way they came.
        if (isRight(decoded)) expect(JSON.stringify(encode(codec, decoded.right))).toBe(JSON.stringify(form));
      }),
    );
  });

  test('refuses what is wrong in one place and names the place', () => {
    fc.assert(
      fc.property(nearMiss(codec), ({ input, path }) => {
        const decoded = decode(codec, input);
        expect(isLeft(decoded) ? decoded.left.map((problem) => problem.path) : 'accepted').toContain(path);
      }),
      { numRuns: 400 },
    );
  });

  test('is explained exactly when it is refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.jsonValue(),
          nearMiss(codec).map(({ input }) => input),
        ),
        (input) => {
          expect(explain(codec.shape, input).length === 0).toBe(isRight(decode(codec, input)));
        },
      ),
      { numRuns: 400 },
    );
  });
});

test('an id of any bytes passes through a URL path', () => {
  fc.assert(
    fc.property(arbitrary(Key), (key) => {
      expect(idToPath(Key, key)).toMatch(/^[A-Za-z0-9._~%-]+$/);
      expect(idFromPath(Key, idToPath(Key, key))).toEqual(right(key));
    }),
  );
});

test('object properties come in the order of the contract, whatever the order of the input', () => {
  const codec = codecs['object'] as AnyCodec;
  fc.assert(
    fc.property(arbitrary(codec), (value) => {
      const form = encode(codec, value) as object;
      const reversed = Object.fromEntries(Object.entries(form).reverse());
      const decoded = decode(codec, reversed);
      expect(isRight(decoded) && JSON.stringify(encode(codec, decoded.right))).toBe(JSON.stringify(form));
    }),
  );
});
