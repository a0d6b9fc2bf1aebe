import type { Json, JsonShape } from '#commands/codec/codec';

/** Names through which a careless reader of an object would reach its prototype. */
export const isPrototypeName = (name: string): boolean =>
  name === '__proto__' || name === 'constructor' || name === 'prototype';

/**
 * The canonical form of a JSON document: keys in code unit order, no negative zero. Undefined if it is not JSON,
 * too deep or too large. A document that is canonical already is given back as it is, not copied.
 */
export const canonicalDocument = (shape: JsonShape, input: unknown): Json | undefined => {
  const size = { atMost: 0 };
  const document = canonical(input, shape.maxDepth, size);
  if (document === undefined || size.atMost <= shape.maxBytes) return document;
  return Buffer.byteLength(JSON.stringify(document)) <= shape.maxBytes ? document : undefined;
};

const canonical = (input: unknown, depthLeft: number, size: { atMost: number }): Json | undefined => {
  switch (typeof input) {
    case 'string':
      // A UTF-16 unit is written in at most six bytes, as in \u0000.
      size.atMost += 6 * input.length + 3;
      return input.isWellFormed() ? input : undefined;
    case 'number':
      size.atMost += 26;
      return Number.isFinite(input) ? input + 0 : undefined;
    case 'boolean':
      size.atMost += 6;
      return input;
    case 'object':
      if (input === null) {
        size.atMost += 5;
        return null;
      }
      size.atMost += 3;
      if (depthLeft === 0) return undefined;
      if (Array.isArray(input)) return canonicalList(input, depthLeft - 1, size);
      return isPlain(input) ? canonicalObject(input, depthLeft - 1, size) : undefined;
    default:
      return undefined;
  }
};

const canonicalList = (
  input: readonly unknown[],
  depthLeft: number,
  size: { atMost: number },
): readonly Json[] | undefined => {
  let copy: Json[] | undefined;
  for (let at = 0; at < input.length; at++) {
    const item = canonical(input[at], depthLeft, size);
    if (item === undefined) return undefined;
    if (copy === undefined && !Object.is(item, input[at])) copy = input.slice(0, at) as Json[]; // Checked so far.
    copy?.push(item);
  }
  return copy ?? (input as readonly Json[]); // Every item was checked.
};

const canonicalObject = (
  input: Readonly<Record<string, unknown>>,
  depthLeft: number,
  size: { atMost: number },
): Json | undefined => {
  const keys = Object.keys(input);
  let same = true;
  let last = '';
  for (const key of keys) {
    if (isPrototypeName(key) || !key.isWellFormed()) return undefined;
    size.atMost += 6 * key.length + 4;
    if (key < last) same = false;
    last = key;
  }
  const values: Json[] = [];
  if (!same) keys.sort();
  for (const key of keys) {
    const value = canonical(input[key], depthLeft, size);
    if (value === undefined) return undefined;
    if (!Object.is(value, input[key])) same = false;
    values.push(value);
  }
  if (same) return input as Json; // Every value was checked.
  const copy: Record<string, Json> = {};
  for (const [at, key] of keys.entries()) copy[key] = values[at] as Json; // One value was pushed per key.
  return copy;
};

/** Made by a literal or a parser, in whichever realm: not a class instance, which may have behaviour. */
export const isPlain = (input: object): input is Readonly<Record<string, unknown>> => {
  const prototype: unknown = Object.getPrototypeOf(input);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};
