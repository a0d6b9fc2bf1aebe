import { type Either, left, right } from 'fp-ts/lib/Either';
import type { Codec } from '#commands/codec/codec';
import { compile } from '#commands/codec/compile';
import { refused } from '#commands/codec/decoder';
import { explain } from '#commands/codec/explain';
import type { Problem } from '#commands/codec/problem';

/**
 * Reads a JSON value. What comes out is canonical: properties in the order of the contract, keys of maps and
 * documents in code unit order, no negative zero. At most 20 problems are told.
 */
export const decode = <A>(codec: Codec<A>, input: unknown): Either<readonly Problem[], A> => {
  const value = compile(codec.shape)(input);
  if (value !== refused) return right(value as A); // The compiled decoder of a codec gives its type.
  const problems = explain(codec.shape, input);
  if (problems.length === 0) throw new Error('a decoder refused what its explanation finds no fault with');
  return left(problems);
};
