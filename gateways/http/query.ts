import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { AnyCodec, Props } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { sight } from '#commands/codec/expectation';
import { idFromPath } from '#commands/codec/id-path';
import type { Problem } from '#commands/codec/problem';
import { didYouMean } from '#commands/codec/suggest';
import { parseFlag } from '#commands/codec/usage';

/** Query parameters by name, decoded; what was not given is absent. */
export type Query = Readonly<Record<string, unknown>>;

export type QueryReader = (raw: string) => Either<readonly Problem[], Query>;

const none: Either<never, Query> = right({});

/**
 * Reads the part of a URL behind its question mark. Values stay bytes until their codec is known, since a prefix of
 * keys need not be text. A parameter that is a list is given once for each item. An unknown parameter is a problem: one
 * that is ignored would change what an answer means.
 */
export const queryReader = (parameters: Props): QueryReader => {
  const names = Object.keys(parameters);
  return (raw) => {
    if (raw === '') return none;
    const query: Record<string, unknown> = {};
    const problems: Problem[] = [];
    for (const pair of raw.split('&')) {
      if (pair === '') continue;
      const end = pair.indexOf('=');
      const name = plain(end === -1 ? pair : pair.slice(0, end)) ?? '';
      const codec = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
      if (codec === undefined) {
        problems.push(unknown(name, names));
      } else if (codec.shape.kind === 'list') {
        const item = read(codec.shape.item, end === -1 ? '' : asSegment(pair.slice(end + 1)));
        const items = (query[name] as readonly unknown[] | undefined) ?? [];
        if (isLeft(item)) problems.push(...item.left.map((problem) => ({ ...problem, path: name })));
        else if (items.length < codec.shape.maxItems) query[name] = [...items, item.right];
        else problems.push({ path: name, expected: `at most ${codec.shape.maxItems} of it`, got: 'more' });
      } else if (Object.hasOwn(query, name)) {
        problems.push({ path: name, expected: 'one value', got: 'several' });
      } else {
        const value = read(codec, end === -1 ? '' : asSegment(pair.slice(end + 1)));
        if (isLeft(value)) problems.push(...value.left.map((problem) => ({ ...problem, path: name })));
        else query[name] = value.right;
      }
      if (problems.length >= 20) break;
    }
    return problems.length === 0 ? right(query) : left(problems);
  };
};

/** Slashes and question marks may stand in a query as they are, and forms write a space as a plus sign. */
const asSegment = (value: string): string =>
  /[+/?]/.test(value) ? value.replaceAll('+', '%20').replaceAll('/', '%2F').replaceAll('?', '%3F') : value;

const unknown = (name: string, names: readonly string[]): Problem => {
  const expected = names.length === 0 ? 'no query parameters here' : `a query parameter of ${names.join(', ')}`;
  const hint = didYouMean(name, names);
  const problem = { path: name.slice(0, 64), expected, got: 'an unknown one' };
  return hint === undefined ? problem : { ...problem, hint };
};

const read = (codec: AnyCodec, raw: string): Either<readonly Problem[], unknown> => {
  const { kind } = codec.shape;
  if (kind === 'bytes' || kind === 'text') return idFromPath(codec, raw);
  const given = plain(raw);
  if (given === undefined) return left([{ path: '', expected: 'percent-encoded text', got: sight(raw) }]);
  const parsed = parseFlag(codec, given);
  return isLeft(parsed) ? parsed : decode(codec, parsed.right);
};

/** Undefined if it is not percent-encoded UTF-8. */
const plain = (raw: string): string | undefined => {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
};
