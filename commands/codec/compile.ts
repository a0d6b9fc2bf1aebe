import { bytesFromBase64, bytesFromText } from '#commands/codec/bytes';
import type { BytesShape, ListShape, MapShape, ObjectShape, OneOfShape, Shape, TextShape } from '#commands/codec/codec';
import { type Decoder, refused } from '#commands/codec/decoder';
import { canonicalDocument, isPrototypeName } from '#commands/codec/document';
import { type DecodedField, objectDecoder } from '#commands/codec/object-decoder';
import { instantFromText, lastInstant } from '#commands/codec/instant';

/** Shapes are immutable, so a decoder depends on nothing but its shape and is made once. */
const made = new WeakMap<Shape, Decoder>();

export const compile = (shape: Shape): Decoder => {
  const known = made.get(shape);
  if (known !== undefined) return known;
  const decoder = make(shape);
  made.set(shape, decoder);
  return decoder;
};

const make = (shape: Shape): Decoder => {
  switch (shape.kind) {
    case 'text':
      return textDecoder(shape);
    case 'integer': {
      const { min, max } = shape;
      // Adding 0 turns a negative zero into zero.
      return (u) => (typeof u === 'number' && Number.isInteger(u) && min <= u && u <= max ? u + 0 : refused);
    }
    case 'boolean':
      return (u) => (typeof u === 'boolean' ? u : refused);
    case 'choice': {
      const values: ReadonlySet<unknown> = new Set(shape.values);
      return (u) => (values.has(u) ? u : refused);
    }
    case 'list':
      return listDecoder(shape);
    case 'map':
      return mapDecoder(shape);
    case 'object':
      return objectDecoder(fieldsOf(shape));
    case 'oneOf':
      return oneOfDecoder(shape);
    case 'bytes':
      return bareBytesDecoder(shape);
    case 'time':
      return (u) => {
        if (typeof u === 'string') return instantFromText(u) ?? refused;
        return typeof u === 'number' && Number.isInteger(u) && 0 <= u && u <= lastInstant ? u + 0 : refused;
      };
    case 'json':
      return (u) => {
        const document = canonicalDocument(shape, u);
        return document === undefined ? refused : document;
      };
  }
};

/** Characters of a text as JSON Schema counts them, looked at only where UTF-16 units cannot tell. */
export const codePointCount = (input: string): number => {
  let count = 0;
  for (let at = 0; at < input.length; at += (input.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count++;
  return count;
};

const textDecoder = ({ pattern, minLength, maxLength }: TextShape): Decoder => {
  const whole = pattern === undefined ? undefined : new RegExp(`^(?:${pattern})$`, 'u');
  return (u) => {
    // A code point has at most two UTF-16 units; the first comparison also bounds what the pattern may cost.
    if (typeof u !== 'string' || u.length > 2 * maxLength || u.length < minLength || !u.isWellFormed()) return refused;
    if (u.length > maxLength && codePointCount(u) > maxLength) return refused;
    if (u.length < 2 * minLength && codePointCount(u) < minLength) return refused;
    return whole === undefined || whole.test(u) ? u : refused;
  };
};

const listDecoder = ({ item, minItems, maxItems }: ListShape): Decoder => {
  const decodeItem = compile(item.shape);
  return (u) => {
    if (!Array.isArray(u) || u.length < minItems || u.length > maxItems) return refused;
    const items: unknown[] = [];
    for (let at = 0; at < u.length; at++) {
      const decoded = decodeItem(u[at]);
      if (decoded === refused) return refused;
      items.push(decoded);
    }
    return items;
  };
};

const mapDecoder = ({ key, value, maxEntries }: MapShape): Decoder => {
  const decodeKey = compile(key.shape);
  const decodeValue = compile(value.shape);
  return (u) => {
    if (!isRecord(u)) return refused;
    const keys = Object.keys(u);
    if (keys.length > maxEntries) return refused;
    const entries: Record<string, unknown> = {};
    for (const name of keys.sort()) {
      if (isPrototypeName(name) || decodeKey(name) === refused) return refused;
      const decoded = decodeValue(u[name]);
      if (decoded === refused) return refused;
      entries[name] = decoded;
    }
    return entries;
  };
};

const bareBytesDecoder = (shape: BytesShape): Decoder => {
  return (u) => {
    if (!isRecord(u)) return refused;
    const [only, second] = Object.keys(u);
    if (second !== undefined) return refused;
    if (only === 'text') return bytesFromText(shape, u['text']) ?? refused;
    return only === 'base64' ? (bytesFromBase64(shape, u['base64']) ?? refused) : refused;
  };
};

const oneOfDecoder = ({ props }: OneOfShape): Decoder => {
  const cases = new Map<string, { readonly name: string; readonly decode: Decoder }>();
  for (const [name, { shape }] of Object.entries(props)) {
    const forms = bytesForms(shape);
    cases.set(name, { name, decode: forms?.fromText ?? compile(shape) });
    if (forms !== undefined) cases.set(`${name}Base64`, { name, decode: forms.fromBase64 });
  }
  return (u) => {
    if (!isRecord(u)) return refused;
    const [only, second] = Object.keys(u);
    if (only === undefined || second !== undefined) return refused;
    const match = cases.get(only);
    if (match === undefined) return refused;
    const decoded = match.decode(u[only]);
    return decoded === refused ? refused : { [match.name]: decoded };
  };
};

const fieldsOf = ({ props, optional }: ObjectShape): readonly DecodedField[] =>
  Object.entries(props).map(([name, { shape }]) => {
    const forms = bytesForms(shape);
    const decode = forms?.fromText ?? compile(shape);
    return { name, required: !optional.includes(name), decode, decodeBase64: forms?.fromBase64 };
  });

const bytesForms = (shape: Shape): { readonly fromText: Decoder; readonly fromBase64: Decoder } | undefined =>
  shape.kind === 'bytes'
    ? {
        fromText: (u) => bytesFromText(shape, u) ?? refused,
        fromBase64: (u) => bytesFromBase64(shape, u) ?? refused,
      }
    : undefined;

export const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === 'object' && u !== null && !Array.isArray(u);
