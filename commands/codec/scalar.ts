import type {
  BooleanShape,
  BytesShape,
  ChoiceShape,
  Codec,
  IntegerShape,
  Json,
  JsonShape,
  TextShape,
  TimeShape,
  Unit,
} from '#commands/codec/codec';

declare const noun: unique symbol;

/** The id of one kind of thing. A `SubnetId` is not accepted where a `VmId` is expected. */
export type Id<N extends string> = string & { readonly [noun]: N };

/** Milliseconds since 1970-01-01T00:00:00Z, taken from a log entry or an input and never from a clock. */
export type Instant = number;

interface TextAbout {
  readonly summary: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly example?: string;
}

/** Text of at most 1,024 code points unless told otherwise: nothing in the contract is unbounded. */
export const text = (name: string, about: TextAbout): Codec<string> & { readonly shape: TextShape } => ({
  shape: textShape(name, about, undefined),
});

/** A safe integer, from 0 unless `min` says otherwise. */
export const integer = (
  name: string,
  about: { readonly summary: string; readonly unit: Unit; readonly min?: number; readonly max?: number },
): Codec<number> & { readonly shape: IntegerShape } => {
  const { summary, unit, min = 0, max = Number.MAX_SAFE_INTEGER } = about;
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min > max) {
    throw new Error(`integer ${name}: the bounds ${min} to ${max} are not safe integers in order`);
  }
  return { shape: { kind: 'integer', name, summary, unit, min, max } };
};

export const boolean = (
  name: string,
  about: { readonly summary: string },
): Codec<boolean> & { readonly shape: BooleanShape } => ({
  shape: { kind: 'boolean', name, summary: about.summary },
});

export const choice = <const V extends readonly string[]>(
  name: string,
  about: { readonly summary: string; readonly values: V },
): Codec<V[number]> & { readonly shape: ChoiceShape } => ({
  shape: { kind: 'choice', name, summary: about.summary, values: about.values },
});

interface BytesAbout {
  readonly summary: string;
  readonly minBytes?: number;
  readonly maxBytes: number;
}

export const bytes = (name: string, about: BytesAbout): Codec<Uint8Array> & { readonly shape: BytesShape } => ({
  shape: { ...bytesShape(name, about), binaryString: false, noun: undefined },
});

export const time = (
  name: string,
  about: { readonly summary: string },
): Codec<Instant> & { readonly shape: TimeShape } => ({
  shape: { kind: 'time', name, summary: about.summary },
});

/** Any JSON document of bounded size and depth. Object keys are decoded in code unit order. */
export const json = (
  name: string,
  about: { readonly summary: string; readonly maxBytes: number; readonly maxDepth?: number },
): Codec<Json> & { readonly shape: JsonShape } => ({
  shape: { kind: 'json', name, summary: about.summary, maxBytes: about.maxBytes, maxDepth: about.maxDepth ?? 64 },
});

/** A DNS label (RFC 1123), chosen by the caller so that a retry names the same thing. */
export const id = <const N extends string>(
  name: N,
  about: Partial<TextAbout> = {},
): Codec<Id<N>> & { readonly shape: TextShape } => ({
  shape: textShape(
    `${name} id`,
    {
      summary: `The id of a ${name}, chosen by the caller.`,
      ...(about.pattern === undefined ? { pattern: '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?', maxLength: 63 } : {}),
      minLength: 1,
      ...about,
    },
    name,
  ),
});

/** An id of arbitrary bytes, decoded as a string of one char (0 to 255) per byte, in which order is byte order. */
export const bytesId = (
  name: string,
  about: Partial<BytesAbout> & { readonly maxBytes: number },
): Codec<string> & { readonly shape: BytesShape } => ({
  shape: {
    ...bytesShape(name, { summary: `The ${name}, as bytes.`, minBytes: 1, ...about }),
    binaryString: true,
    noun: name,
  },
});

const textShape = (name: string, about: TextAbout, ofNoun: string | undefined): TextShape => ({
  kind: 'text',
  name,
  summary: about.summary,
  pattern: about.pattern,
  minLength: about.minLength ?? 0,
  maxLength: about.maxLength ?? 1024,
  example: about.example,
  noun: ofNoun,
});

const bytesShape = (name: string, about: BytesAbout) => ({
  kind: 'bytes' as const,
  name,
  summary: about.summary,
  minBytes: about.minBytes ?? 0,
  maxBytes: about.maxBytes,
});
