import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import { instantFromText, instantToText } from '#commands/codec/instant';
import type { Problem } from '#commands/codec/problem';
import type { Facts } from '#aggregates/facts';
import type { Engine } from '#log/engine';
import { factsAt } from '#log/past';
import { malformed, refusal, type Answer } from '#gateways/http/answer';
import type { Query } from '#gateways/http/query';
import type { Node } from '#gateways/node';

/** Longer than a healthy node lags behind, shorter than clients wait for an answer. */
const patienceMs = 10_000;

/** What a read is answered from. */
export interface Reading {
  readonly facts: Facts;
  readonly position: number;
}

/** The position that `at` names, as it was given; undefined: the newest. */
export const positionOf = (engine: Engine, at: string | undefined): Either<Answer, number | undefined> => {
  if (at === undefined) return right(undefined);
  const { position: newest } = engine.head;
  if (/^[0-9]{1,16}$/.test(at)) {
    const position = Number(at);
    return position <= newest ? right(position) : future(`a position up to ${newest}`, at);
  }
  // A plus sign that was not percent-encoded arrives as a space.
  const instant = instantFromText(at.replace(/ (?=\d\d:\d\d$)/, '+'));
  if (instant === undefined)
    return malformedAt('a position, or a time such as 2026-01-31T12:00:00Z', JSON.stringify(at));
  if (instant > engine.now) return future(`a time up to ${instantToText(engine.now)}`, at);
  return right(instant >= engine.head.nowMs ? newest : lastUpTo(engine, instant));
};

const future = (expected: string, got: string): Either<Answer, never> => malformedAt(expected, `${got}, in the future`);

const malformedAt = (expected: string, got: string): Either<Answer, never> =>
  left(malformed([{ path: 'at', expected, got } satisfies Problem]));

/** The last position whose time is not after an instant; times never run backwards along positions. */
const lastUpTo = (engine: Engine, instant: number): number => {
  let low = 0;
  let high = engine.head.position;
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2);
    const [outcome] = engine.outcomes(middle, 1);
    if (outcome !== undefined && outcome.nowMs <= instant) low = outcome.position;
    else high = middle - 1;
  }
  return low;
};

export const gone = (oldestPosition: number): Answer => refusal('history.gone', { oldestPosition });

/** Facts of the present or of a past position, of which the states of `noun` must not have been compacted. */
export const readingOf = (node: Node, noun: string, query: Query): Either<Answer, Reading> => {
  const { engine } = node;
  const at = positionOf(engine, query['at'] as string | undefined);
  if (isLeft(at)) return at;
  const { position } = engine.head;
  if (at.right === undefined || at.right === position) return right({ facts: engine.facts, position });
  const oldest = node.oldestPosition(noun);
  if (at.right < oldest) return left(gone(oldest));
  return right({ facts: factsAt(engine.rows, at.right, engine.vocabulary.indexes), position: at.right });
};

/** Waits for the position that `at-least` names; gives what to answer when it does not come. */
export const awaited = (engine: Engine, query: Query): undefined | Promise<Answer | undefined> => {
  const atLeast = query['at-least'] as number | undefined;
  if (atLeast === undefined || engine.head.position >= atLeast) return undefined;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(refusal('position.late', { wanted: atLeast })), patienceMs);
    const reached = (): void => {
      clearTimeout(timer);
      resolve(undefined);
    };
    engine.reached(atLeast).then(reached, reached);
  });
};
