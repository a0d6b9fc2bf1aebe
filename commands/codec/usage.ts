import { type Either, isLeft, left, right } from 'fp-ts/lib/Either';
import type { AnyCodec, ObjectCodec, Shape } from '#commands/codec/codec';
import { expectation, sight } from '#commands/codec/expectation';
import type { Problem } from '#commands/codec/problem';
import { quantityFromText, suffixesOf } from '#commands/codec/quantity';

/** How one property of a body is given on a command line. */
export interface Flag {
  /** The JSON property that it fills; `valueBase64` has a flag beside the one of `value`. */
  readonly field: string;
  /** Without the dashes, as in `cpu-count`. */
  readonly name: string;
  /** What stands for the value in help, as in `<count>`; empty for a switch. */
  readonly metavar: string;
  readonly summary: string;
  /** For help. It is `decode` that misses a field, since bytes may come by the Base64 flag instead. */
  readonly required: boolean;
  readonly repeatable: boolean;
  /** What one occurrence holds: the item of a list, and for a map `key=value`. */
  readonly codec: AnyCodec;
  /** The words to complete with, if they are known. */
  readonly values: readonly string[];
  /** The noun whose live names complete it. */
  readonly noun: string | undefined;
}

/** The flags of a body, in the order of the contract. */
export const flagsOf = (body: ObjectCodec<unknown>): readonly Flag[] =>
  Object.entries(body.shape.props).flatMap(([field, codec]) => {
    const flag = flagOf(field, codec, !body.shape.optional.includes(field));
    if (codec.shape.kind !== 'bytes') return [flag];
    const base64 = { field: `${field}Base64`, name: `${flag.name}-base64`, metavar: '<base64>', required: false };
    return [flag, { ...flag, ...base64, summary: `${flag.summary} In base64.` }];
  });

const flagOf = (field: string, codec: AnyCodec, required: boolean): Flag => {
  const { shape } = codec;
  const one = shape.kind === 'list' ? shape.item : codec;
  return {
    field,
    name: kebab(field),
    metavar: shape.kind === 'map' ? '<key>=<value>' : metavar(one.shape),
    summary: shape.summary === '' ? expectation(shape) : shape.summary,
    required,
    repeatable: shape.kind === 'list' || shape.kind === 'map',
    codec: one,
    values: one.shape.kind === 'choice' ? one.shape.values : one.shape.kind === 'boolean' ? ['true', 'false'] : [],
    noun: one.shape.kind === 'text' || one.shape.kind === 'bytes' ? one.shape.noun : undefined,
  };
};

export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const metavar = (shape: Shape): string => {
  switch (shape.kind) {
    case 'boolean':
      return '';
    case 'integer':
      return `<${shape.unit}>`;
    case 'choice':
      return `<${shape.values.join('|')}>`;
    case 'text':
    case 'bytes':
      return `<${shape.noun ?? 'text'}>`;
    case 'time':
      return '<time>';
    case 'list':
    case 'map':
    case 'object':
    case 'oneOf':
    case 'json':
      return '<json>';
  }
};

/**
 * Reads one occurrence of a flag into its JSON form, which `decode` then checks. A switch without a value is
 * given as `true`.
 */
export const parseFlag = (codec: AnyCodec, given: string): Either<readonly Problem[], unknown> => {
  const { shape } = codec;
  switch (shape.kind) {
    case 'text':
    case 'choice':
    case 'bytes':
      return right(given);
    case 'integer': {
      const value = quantityFromText(shape.unit, given);
      if (value !== undefined) return right(value);
      const suffixes = suffixesOf(shape.unit);
      const hint = suffixes.length === 0 ? {} : { hint: `a number may end in ${suffixes.join(', ')}` };
      return left([{ path: '', expected: expectation(shape), got: sight(given), ...hint }]);
    }
    case 'boolean':
      if (given === 'true' || given === 'false') return right(given === 'true');
      return left([{ path: '', expected: expectation(shape), got: sight(given) }]);
    case 'time':
      return right(/^[0-9]{1,15}$/.test(given) ? Number(given) : given);
    case 'list':
    case 'map':
    case 'object':
    case 'oneOf':
    case 'json':
      return parseJson(shape, given);
  }
};

const parseJson = (shape: Shape, given: string): Either<readonly Problem[], unknown> => {
  try {
    return right(JSON.parse(given));
  } catch {
    return left([{ path: '', expected: `JSON of ${expectation(shape)}`, got: sight(given) }]);
  }
};

/**
 * Puts the occurrences of all flags together, by `field`, into the JSON form of a body. Fields that were not
 * given are absent; `decode` then says which of them are missing.
 */
export const bodyFromFlags = (
  body: ObjectCodec<unknown>,
  given: ReadonlyMap<string, readonly string[]>,
): Either<readonly Problem[], Readonly<Record<string, unknown>>> => {
  const form: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const flag of flagsOf(body)) {
    const occurrences = given.get(flag.field) ?? [];
    if (occurrences.length === 0) continue;
    const parsed = parseOccurrences(flag, body.shape.props[flag.field]?.shape, occurrences);
    if (isLeft(parsed)) problems.push(...parsed.left.map((problem) => ({ ...problem, path: `--${flag.name}` })));
    else form[flag.field] = parsed.right;
  }
  return problems.length > 0 ? left(problems) : right(form);
};

const parseOccurrences = (
  flag: Flag,
  shape: Shape | undefined,
  occurrences: readonly string[],
): Either<readonly Problem[], unknown> => {
  if (shape?.kind === 'map') return parseEntries(shape.value, occurrences);
  const items: unknown[] = [];
  for (const occurrence of occurrences) {
    const item = parseFlag(flag.codec, occurrence);
    if (isLeft(item)) return item;
    if (flag.repeatable && isWhole(flag.codec.shape, item.right)) items.push(...item.right);
    else items.push(flag.repeatable ? bareForm(flag.codec, item.right) : item.right);
  }
  if (flag.repeatable) return right(items);
  if (items.length > 1) return left([{ path: '', expected: 'one value', got: `${items.length} values` }]);
  return right(items[0]);
};

/** A JSON list where one item is no list: all items at once. */
const isWhole = ({ kind }: Shape, given: unknown): given is readonly unknown[] =>
  (kind === 'object' || kind === 'oneOf' || kind === 'map') && Array.isArray(given);

const parseEntries = (value: AnyCodec, occurrences: readonly string[]): Either<readonly Problem[], unknown> => {
  const entries: (readonly [string, unknown])[] = [];
  for (const occurrence of occurrences) {
    const cut = occurrence.indexOf('=');
    if (cut < 1) return left([{ path: '', expected: 'key=value', got: sight(occurrence) }]);
    const parsed = parseFlag(value, occurrence.slice(cut + 1));
    if (isLeft(parsed)) return parsed;
    entries.push([occurrence.slice(0, cut), bareForm(value, parsed.right)]);
  }
  const names = new Set(entries.map(([name]) => name));
  if (names.size < entries.length) return left([{ path: '', expected: 'each key once', got: 'a key twice' }]);
  return right(Object.fromEntries(entries));
};

/** Bytes that are not a property are written as an object. */
const bareForm = (codec: AnyCodec, form: unknown): unknown => (codec.shape.kind === 'bytes' ? { text: form } : form);
