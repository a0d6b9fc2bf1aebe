import type {
  AnyCodec,
  Codec,
  ListShape,
  MapShape,
  ObjectCodec,
  ObjectOf,
  OneOf,
  OneOfShape,
  Optional,
  Props,
  TextShape,
} from '#commands/codec/codec';
import { text } from '#commands/codec/scalar';

export const optional = <A>(codec: Codec<A>): Optional<A> => ({ ...codec, optional: true });

/** An object with exactly these properties. An unknown property is a problem, so a typo is never ignored. */
export const object = <P extends Props>(
  props: P,
  about: { readonly summary?: string } = {},
): ObjectCodec<ObjectOf<P>> => {
  checkNames(props);
  const optionalKeys = Object.keys(props).filter((key) => 'optional' in (props[key] ?? {}));
  return { shape: { kind: 'object', summary: about.summary ?? '', props, optional: optionalKeys } };
};

/** An object with exactly one of these properties: `{ put: … } | { get: … }`. */
export const oneOf = <P extends Props>(
  props: P,
  about: { readonly summary?: string } = {},
): Codec<OneOf<P>> & { readonly shape: OneOfShape } => {
  checkNames(props);
  return { shape: { kind: 'oneOf', summary: about.summary ?? '', props } };
};

export const list = <A>(
  item: Codec<A>,
  about: { readonly summary: string; readonly minItems?: number; readonly maxItems: number },
): Codec<readonly A[]> & { readonly shape: ListShape } => ({
  shape: { kind: 'list', summary: about.summary, item, minItems: about.minItems ?? 0, maxItems: about.maxItems },
});

export const map = <A>(
  value: Codec<A>,
  about: {
    readonly summary: string;
    readonly maxEntries: number;
    readonly key?: Codec<string> & { readonly shape: TextShape };
  },
): Codec<Readonly<Record<string, A>>> & { readonly shape: MapShape } => ({
  shape: { kind: 'map', summary: about.summary, key: about.key ?? anyKey, value, maxEntries: about.maxEntries },
});

const anyKey = text('key', { summary: 'The key of an entry.', minLength: 1, maxLength: 256 });

/**
 * Names become flags, URL parameters and, for bytes, a second name ending in `Base64`; a name that an object
 * inherits would be read from the prototype.
 */
const checkNames = (props: Props): void => {
  for (const [name, codec] of Object.entries<AnyCodec>(props)) {
    if (!/^[a-z][A-Za-z0-9]*$/.test(name) || name in Object.prototype)
      throw new Error(`${name} cannot name a property`);
    if (codec.shape.kind === 'bytes' && Object.hasOwn(props, `${name}Base64`)) {
      throw new Error(`${name}Base64 is the other way to write ${name}`);
    }
  }
};
