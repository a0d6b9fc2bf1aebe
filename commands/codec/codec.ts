/**
 * What a value of the contract looks like, as data. Validation, encoding, JSON Schema, CLI flags,
 * reference pages and test generators are all folds over `shape`; nothing else knows a type.
 */
export interface Codec<A> {
  readonly shape: Shape;
  /** Never present. It carries the type for the compiler. */
  readonly phantom?: A;
}

export type AnyCodec = Codec<unknown>;

export type ObjectCodec<A> = Codec<A> & { readonly shape: ObjectShape };

/** A property that a writer may leave out. */
export type Optional<A> = Codec<A> & { readonly optional: true };

export type TypeOf<C> = C extends Codec<infer A> ? A : never;

export type Props = Readonly<Record<string, AnyCodec>>;

type OptionalKeys<P> = { [K in keyof P]: P[K] extends { readonly optional: true } ? K : never }[keyof P];

export type ObjectOf<P extends Props> = {
  readonly [K in Exclude<keyof P, OptionalKeys<P>>]: TypeOf<P[K]>;
} & { readonly [K in OptionalKeys<P>]?: TypeOf<P[K]> };

/** A union of objects with one property each: narrow it with `'put' in operation`. */
export type OneOf<P extends Props> = { [K in keyof P]: { readonly [Q in K]: TypeOf<P[Q]> } }[keyof P];

/** Any JSON document. Its objects have no property that could reach a prototype. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Units are spelled out in names too: a field of unit `bytes` ends in `Bytes`. `number` is a bare number. */
export type Unit =
  | 'count'
  | 'bytes'
  | 'bits'
  | 'ms'
  | 'seconds'
  | 'microCredits'
  | 'position'
  | 'version'
  | 'port'
  | 'percent'
  | 'number';

export type Shape =
  | TextShape
  | IntegerShape
  | BooleanShape
  | ChoiceShape
  | ListShape
  | MapShape
  | ObjectShape
  | OneOfShape
  | BytesShape
  | TimeShape
  | JsonShape;

export interface TextShape {
  readonly kind: 'text';
  readonly name: string;
  readonly summary: string;
  /** A regular expression that the whole text matches. */
  readonly pattern: string | undefined;
  /** In code points, as JSON Schema counts. */
  readonly minLength: number;
  readonly maxLength: number;
  readonly example: string | undefined;
  /** The noun whose id this is, so that shells can complete it with live names. */
  readonly noun: string | undefined;
}

export interface IntegerShape {
  readonly kind: 'integer';
  readonly name: string;
  readonly summary: string;
  readonly unit: Unit;
  readonly min: number;
  readonly max: number;
}

export interface BooleanShape {
  readonly kind: 'boolean';
  readonly name: string;
  readonly summary: string;
}

export interface ChoiceShape {
  readonly kind: 'choice';
  readonly name: string;
  readonly summary: string;
  readonly values: readonly string[];
}

export interface ListShape {
  readonly kind: 'list';
  readonly summary: string;
  readonly item: AnyCodec;
  readonly minItems: number;
  readonly maxItems: number;
}

/** Text keys to values of one codec. Decoded maps have their keys in code unit order. */
export interface MapShape {
  readonly kind: 'map';
  readonly summary: string;
  readonly key: Codec<string> & { readonly shape: TextShape };
  readonly value: AnyCodec;
  readonly maxEntries: number;
}

export interface ObjectShape {
  readonly kind: 'object';
  readonly summary: string;
  readonly props: Props;
  /** Keys of `props` that a writer may leave out. */
  readonly optional: readonly string[];
}

/** An object with exactly one of `props`; the one that is there says which case it is. */
export interface OneOfShape {
  readonly kind: 'oneOf';
  readonly summary: string;
  readonly props: Props;
}

/**
 * Arbitrary bytes. A property `p` is written as `p` (UTF-8 text) or as `pBase64`; anywhere else they are
 * `{ "text": … }` or `{ "base64": … }`.
 */
export interface BytesShape {
  readonly kind: 'bytes';
  readonly name: string;
  readonly summary: string;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Decoded as a string of one char (0 to 255) per byte instead of a `Uint8Array`, so that it can be a key. */
  readonly binaryString: boolean;
  readonly noun: string | undefined;
}

/** Milliseconds since 1970-01-01T00:00:00Z; in JSON RFC 3339 text, or the milliseconds as an integer. */
export interface TimeShape {
  readonly kind: 'time';
  readonly name: string;
  readonly summary: string;
}

export interface JsonShape {
  readonly kind: 'json';
  readonly name: string;
  readonly summary: string;
  /** Of the document as compact JSON in UTF-8. */
  readonly maxBytes: number;
  readonly maxDepth: number;
}
