import * as fc from 'fast-check';
import type { AnyCodec, BytesShape, Codec, Json, JsonShape, Shape, TextShape } from '#commands/codec/codec';
import { canonicalDocument, isPrototypeName } from '#commands/codec/document';
import { codePointCount } from '#commands/codec/compile';
import { encode } from '#commands/codec/encode';
import { below } from '#commands/codec/expectation';
import { lastInstant } from '#commands/codec/instant';

/** Values that a codec decodes to, drawn where mistakes live: at bounds, empty, and not UTF-8. */
export const arbitrary = <A>(codec: Codec<A>): fc.Arbitrary<A> => value(codec.shape) as fc.Arbitrary<A>;

/** An input that is wrong in one place. */
export interface NearMiss {
  readonly input: unknown;
  /** Of the wrong place, as the problem should name it. */
  readonly path: string;
}

/** Inputs that differ from a valid one in one place only. */
export const nearMiss = <A>(codec: Codec<A>): fc.Arbitrary<NearMiss> =>
  arbitrary(codec).chain((valid) => fc.constantFrom(...misses(codec.shape, encode(codec, valid), '')));

const value = (shape: Shape): fc.Arbitrary<unknown> => {
  switch (shape.kind) {
    case 'text':
      return textValue(shape);
    case 'integer':
      return fc.oneof(fc.constantFrom(shape.min, shape.max), fc.integer({ min: shape.min, max: shape.max }));
    case 'boolean':
      return fc.boolean();
    case 'choice':
      return fc.constantFrom(...shape.values);
    case 'list':
      return fc.array(value(shape.item.shape), {
        minLength: shape.minItems,
        maxLength: Math.min(shape.maxItems, shape.minItems + 4),
      });
    case 'map':
      return fc
        .dictionary(
          textValue(shape.key.shape).filter((key) => !isPrototypeName(key)),
          value(shape.value.shape),
          { maxKeys: Math.min(shape.maxEntries, 4), noNullPrototype: true },
        )
        .map(sorted);
    case 'object': {
      const props = Object.entries(shape.props).map(([name, codec]) => [name, value(codec.shape)] as const);
      const requiredKeys = Object.keys(shape.props).filter((name) => !shape.optional.includes(name));
      return fc
        .record(Object.fromEntries(props), { requiredKeys, noNullPrototype: true })
        .map((record) => ordered(record, Object.keys(shape.props)));
    }
    case 'oneOf':
      return fc.oneof(
        ...Object.entries(shape.props).map(([name, codec]) => value(codec.shape).map((held) => ({ [name]: held }))),
      );
    case 'bytes':
      return bytesValue(shape);
    case 'time':
      return fc.oneof(fc.constantFrom(0, lastInstant), fc.integer({ min: 0, max: lastInstant }));
    case 'json':
      return documentValue(shape);
  }
};

const textValue = (shape: TextShape): fc.Arbitrary<string> => {
  const { pattern, minLength, maxLength, example } = shape;
  if (pattern === undefined) {
    return fc
      .string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, minLength + 12) })
      .filter(fits(shape));
  }
  const drawn = fc.stringMatching(new RegExp(`^(?:${pattern})$`, 'u'), { maxLength: Math.min(maxLength, 80) });
  const matching = drawn.filter(fits(shape));
  return example === undefined
    ? matching
    : fc.oneof({ weight: 1, arbitrary: fc.constant(example) }, { weight: 4, arbitrary: matching });
};

const fits =
  ({ minLength, maxLength }: TextShape) =>
  (drawn: string): boolean =>
    drawn.isWellFormed() && codePointCount(drawn) >= minLength && codePointCount(drawn) <= maxLength;

const bytesValue = (shape: BytesShape): fc.Arbitrary<unknown> => {
  const { minBytes, maxBytes } = shape;
  const maxLength = Math.min(maxBytes, minBytes + 16);
  const raw = fc.uint8Array({ minLength: minBytes, maxLength }).map((drawn) => Buffer.from(drawn));
  const written = fc
    .string({ unit: 'grapheme', minLength: minBytes, maxLength })
    .map((drawn) => Buffer.from(drawn, 'utf8'))
    .filter((drawn) => drawn.length >= minBytes && drawn.length <= maxBytes);
  const held = fc.oneof(raw, written);
  return shape.binaryString ? held.map((drawn) => drawn.toString('latin1')) : held;
};

const documentValue = (shape: JsonShape): fc.Arbitrary<Json> =>
  fc
    .jsonValue({ maxDepth: Math.min(shape.maxDepth, 3), stringUnit: 'grapheme' })
    .map((drawn) => canonicalDocument(shape, drawn))
    .filter((drawn) => drawn !== undefined);

const sorted = <A>(entries: Readonly<Record<string, A>>): Record<string, A> =>
  ordered(entries, Object.keys(entries).sort());

const ordered = <A>(entries: Readonly<Record<string, A>>, keys: readonly string[]): Record<string, A> => {
  const copy: Record<string, A> = {};
  for (const key of keys) if (Object.hasOwn(entries, key)) copy[key] = entries[key] as A; // It has the key.
  return copy;
};

/** Every way to spoil this JSON form in one place. There is always one: nothing accepts a function. */
const misses = (shape: Shape, valid: unknown, path: string): readonly NearMiss[] => {
  const here = (...inputs: readonly unknown[]): NearMiss[] => inputs.map((input) => ({ input, path }));
  switch (shape.kind) {
    case 'text':
      return here(null, 1, [valid], `${String(valid)}\ud800`, 'x'.repeat(2 * shape.maxLength + 1));
    case 'integer':
      return here(null, String(valid), shape.min - 1, shape.max + 1, Number(valid) + 0.5, NaN, Infinity, [valid]);
    case 'boolean':
      return here(null, 'true', 0, [valid]);
    case 'choice':
      return here(null, `${String(valid)}x`, '', 0, [valid]);
    case 'time':
      return here(null, -1, 0.5, lastInstant + 1, '2026-02-30T00:00:00Z', '2026-01-01', [valid]);
    case 'json':
      return [
        ...here(NaN, '\udc00', nested(shape.maxDepth + 1), 'x'.repeat(shape.maxBytes)).map((miss) =>
          Array.isArray(miss.input) ? { ...miss, path: path + '[0]'.repeat(shape.maxDepth) } : miss,
        ),
        { input: JSON.parse('{"__proto__":1}'), path: below(path, '__proto__') },
      ];
    case 'bytes':
      return bareBytesMisses(shape, path);
    case 'list': {
      const items = valid as readonly unknown[];
      const first = items.flatMap((item, at) => (at > 0 ? [] : misses(shape.item.shape, item, below(path, 0))));
      const rest = items.slice(1);
      return [...here(null, {}, 'x'), ...first.map((miss) => ({ ...miss, input: [miss.input, ...rest] }))];
    }
    case 'map': {
      const reached = { input: JSON.parse('{"__proto__":1}') as unknown, path: below(path, '__proto__') };
      return [
        ...here(null, [], 'x'),
        reached,
        ...fieldMisses(valid, (key) => misses(shape.value.shape, field(valid, key), below(path, key))),
      ];
    }
    case 'object':
      return [
        ...here(null, [], 'x'),
        unknownField(valid, 'unheardOf', path),
        unknownField(valid, '__proto__', path),
        ...Object.keys(shape.props)
          .filter((name) => !shape.optional.includes(name))
          .map((name) => ({ input: without(without(valid, name), `${name}Base64`), path: below(path, name) })),
        ...fieldMisses(valid, (key) => namedMisses(shape.props, valid, key, path)),
      ];
    case 'oneOf':
      return [
        ...here(null, {}, [], 'x'),
        { input: { unheardOf: 1 }, path: below(path, 'unheardOf') },
        ...fieldMisses(valid, (key) => namedMisses(shape.props, valid, key, path)),
      ];
  }
};

const field = (valid: unknown, key: string): unknown => (valid as Readonly<Record<string, unknown>>)[key];

const without = (valid: unknown, name: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(valid as object).filter(([key]) => key !== name));

/** Defined, not assigned, so that `__proto__` is a property as it is after `JSON.parse`. */
const unknownField = (valid: unknown, name: string, path: string): NearMiss => {
  const input = Object.defineProperty({ ...(valid as object) }, name, { value: 1, enumerable: true });
  return { input, path: below(path, name) };
};

const fieldMisses = (valid: unknown, of: (key: string) => readonly NearMiss[]): readonly NearMiss[] =>
  Object.keys(valid as object).flatMap((key) =>
    of(key).map((miss) => ({ ...miss, input: { ...(valid as object), [key]: miss.input } })),
  );

const namedMisses = (
  props: Readonly<Record<string, AnyCodec>>,
  valid: unknown,
  key: string,
  path: string,
): readonly NearMiss[] => {
  const base64 = !Object.hasOwn(props, key);
  const shape = props[base64 ? key.slice(0, -6) : key]?.shape;
  if (shape === undefined) return [];
  if (shape.kind !== 'bytes') return misses(shape, field(valid, key), below(path, key));
  return (base64 ? base64Misses : textMisses)(shape).map((input) => ({ input, path: below(path, key) }));
};

const textMisses = (shape: BytesShape): readonly unknown[] => {
  const wrong = [null, 1, [], '\ud800', { text: 'x' }, 'x'.repeat(shape.maxBytes + 1)];
  return shape.minBytes === 0 ? wrong : [...wrong, ''];
};

const base64Misses = (shape: BytesShape): readonly unknown[] => {
  const long = Buffer.alloc(shape.maxBytes + 1).toString('base64');
  return [null, 1, '*', 'YQ', 'YR==', 'Y Q==', '_-8=', long];
};

const bareBytesMisses = (shape: BytesShape, path: string): readonly NearMiss[] => [
  ...[null, 'x', {}, { text: 'x', base64: 'eA==' }, { bytes: 'x' }].map((input) => ({ input, path })),
  ...textMisses(shape).map((text) => ({ input: { text }, path: below(path, 'text') })),
  ...base64Misses(shape).map((base64) => ({ input: { base64 }, path: below(path, 'base64') })),
];

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
