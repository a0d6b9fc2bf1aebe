import { bytesToBase64, bytesToText, type HeldBytes } from '#commands/codec/bytes';
import type { Codec, Props, Shape } from '#commands/codec/codec';
import { instantToText } from '#commands/codec/instant';

/**
 * The JSON form of a value, properties in the order of the contract. Bytes become text where they are UTF-8.
 * The value is trusted to be of the codec's type; properties that the contract does not have are left out.
 */
export const encode = <A>(codec: Codec<A>, value: A): unknown => compileEncoder(codec.shape)(value);

type Encoder = (value: unknown) => unknown;

/** Shapes are immutable, so an encoder depends on nothing but its shape and is made once. */
const made = new WeakMap<Shape, Encoder>();

const compileEncoder = (shape: Shape): Encoder => {
  const known = made.get(shape);
  if (known !== undefined) return known;
  const encoder = make(shape);
  made.set(shape, encoder);
  return encoder;
};

const asIs: Encoder = (value) => value;

// The casts below say what a value of the shape is; the type of `encode` has made the caller show it.
const make = (shape: Shape): Encoder => {
  switch (shape.kind) {
    case 'text':
    case 'integer':
    case 'boolean':
    case 'choice':
    case 'json':
      return asIs;
    case 'time':
      return (value) => instantToText(value as number);
    case 'bytes':
      return (value) => {
        const text = bytesToText(value as HeldBytes);
        return text === undefined ? { base64: bytesToBase64(value as HeldBytes) } : { text };
      };
    case 'list': {
      const encodeItem = compileEncoder(shape.item.shape);
      return encodeItem === asIs ? asIs : (value) => (value as readonly unknown[]).map((item) => encodeItem(item));
    }
    case 'map': {
      const encodeValue = compileEncoder(shape.value.shape);
      return (value) => {
        const entries = value as Readonly<Record<string, unknown>>;
        const encoded: Record<string, unknown> = {};
        for (const key of Object.keys(entries).sort()) encoded[key] = encodeValue(entries[key]);
        return encoded;
      };
    }
    case 'object':
    case 'oneOf':
      return fieldsEncoder(shape.props);
  }
};

const fieldsEncoder = (props: Props): Encoder => {
  const fields = Object.entries(props).map(([name, { shape }]) => ({
    name,
    base64Name: shape.kind === 'bytes' ? `${name}Base64` : undefined,
    encode: compileEncoder(shape),
  }));
  return (value) => {
    const held = value as Readonly<Record<string, unknown>>;
    const encoded: Record<string, unknown> = {};
    for (const field of fields) {
      const input = held[field.name];
      if (input === undefined) continue;
      if (field.base64Name === undefined) encoded[field.name] = field.encode(input);
      else {
        const text = bytesToText(input as HeldBytes);
        if (text === undefined) encoded[field.base64Name] = bytesToBase64(input as HeldBytes);
        else encoded[field.name] = text;
      }
    }
    return encoded;
  };
};
