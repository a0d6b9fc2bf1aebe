import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { Problem } from '#commands/codec/problem';
import { didYouMean } from '#commands/codec/suggest';
import { prefixEnd } from '#aggregates/facts';
import { nounAndId } from '#aggregates/named';
import type { WatchedRange } from '#log/watch';
import { malformed } from '#gateways/http/answer';
import { queryReader, type Query } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import { watched, whenReached } from '#gateways/http/view-route';
import type { WatchStream } from '#gateways/http/watch-stream';
import type { Node } from '#gateways/node';
import { watchParameters } from '#gateways/query-parameters';

const readQuery = queryReader(watchParameters);

/** One stream of the changes of several nouns, or of several beginnings of ids, in the order of the log. */
export const watchRoute = (node: Node, watch: WatchStream): Route => ({
  method: 'GET',
  path: '/v1/watch',
  handle: (ask) => {
    const query = readQuery(ask.query);
    if (isLeft(query)) return malformed(query.left);
    const ranges = rangesIn(node, query.right);
    if (isLeft(ranges)) return malformed(ranges.left);
    return whenReached(node, query.right, () => watched(node, watch, ask, query.right, ranges.right));
  },
});

const rangesIn = (node: Node, query: Query): Either<readonly Problem[], readonly WatchedRange[]> => {
  const problems: Problem[] = [];
  const of = (query['of'] as readonly string[] | undefined) ?? [];
  if (of.length === 0) problems.push({ path: 'of', expected: 'what to watch, as in of=key/config/', got: 'nothing' });
  if (query['watch'] === undefined) {
    problems.push({ path: 'watch', expected: 'the position after which changes are wanted', got: 'nothing' });
  }
  const nouns = [...node.engine.vocabulary.aggregates.keys()];
  const ranges = of.map((written): WatchedRange => {
    const [noun, from] = nounAndId(written);
    if (!nouns.includes(noun)) problems.push(unknownNoun(noun, nouns));
    const to = prefixEnd(from);
    return to === undefined ? { noun, from } : { noun, from, to };
  });
  return problems.length > 0 ? left(problems) : right(ranges);
};

const unknownNoun = (noun: string, nouns: readonly string[]): Problem => {
  const hint = didYouMean(noun, nouns);
  const problem = { path: 'of', expected: nouns.join(', '), got: JSON.stringify(noun.slice(0, 64)) };
  return hint === undefined ? problem : { ...problem, hint };
};
