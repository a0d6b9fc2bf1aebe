import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import { instantFromText, instantToText } from '#commands/codec/instant';
import type { Problem } from '#commands/codec/problem';
import type { Facts } from '#aggregates/facts';
import type { Engine } from '#log/engine';
import { factsAt, lastUpTo, resumedAfter, type OnRead } from '#log/past';
import { malformed, refusal, type Answer } from '#gateways/http/answer';
import type { Query } from '#gateways/http/query';
import type { Node } from '#gateways/node';

/** Longer than a healthy node lags behind, shorter than clients wait for an answer. */
const patienceMs = 10_000;

/** What a read is answered from. */
export interface Reading {
  readonly facts: Facts;
  readonly position: number;
  /** What to answer instead of anything that was read, when a part of it is of a past that was compacted. */
  gone(): Answer | undefined;
}

/** The position that `at` names, as it was given; undefined: the newest. */
export const positionOf = ({ engine }: Node, at: string | undefined): Either<Answer, number | undefined> => {
  if (at === undefined) return right(undefined);
  const { position: newest } = engine.head;
  if (/^[0-9]{1,16}$/.test(at)) {
    const position = Number(at);
    if (position > newest) return future(`a position up to ${newest}`, at);
    const instead = leftOut(engine, position);
    return instead === undefined ? right(position) : left(instead);
  }
  // A plus sign that was not percent-encoded arrives as a space.
  const instant = instantFromText(at.replace(/ (?=\d\d:\d\d$)/, '+'));
  if (instant === undefined)
    return malformedAt('a position, or a time such as 2026-01-31T12:00:00Z', JSON.stringify(at));
  if (instant > engine.now) return future(`a time up to ${instantToText(engine.now)}`, at);
  return right(instant >= engine.head.nowMs ? newest : lastUpTo(engine.rows, newest, instant));
};

const future = (expected: string, got: string): Either<Answer, never> => malformedAt(expected, `${got}, in the future`);

const malformedAt = (expected: string, got: string): Either<Answer, never> =>
  left(malformed([{ path: 'at', expected, got } satisfies Problem]));

export const gone = (oldestPosition: number): Answer => refusal('history.gone', { oldestPosition });

/** What to answer to a position that a restore left out. */
export const leftOut = ({ rows, head }: Engine, position: number): Answer | undefined => {
  const resumed = resumedAfter(rows, head.position, position);
  return resumed === undefined ? undefined : gone(resumed);
};

/** Collects the nouns whose past is read at a position, and says what to answer if one of them was compacted. */
export const pastAt = (
  node: Node,
  position: number,
): { readonly onRead: OnRead; readonly gone: () => Answer | undefined } => {
  const nouns = new Set<string>();
  return {
    onRead: (noun) => void nouns.add(noun),
    gone: () => {
      const oldest = Math.max(0, ...[...nouns].map((noun) => node.oldestPosition(noun)));
      return position < oldest ? gone(oldest) : undefined;
    },
  };
};

/** Facts of the present or of a past position, of which the states of `noun` must not have been compacted. */
export const readingOf = (node: Node, noun: string, query: Query): Either<Answer, Reading> => {
  const { engine } = node;
  const at = positionOf(node, query['at'] as string | undefined);
  if (isLeft(at)) return at;
  const { position } = engine.head;
  if (at.right === undefined || at.right === position) {
    return right({ facts: engine.facts, position, gone: () => undefined });
  }
  const oldest = node.oldestPosition(noun);
  if (at.right < oldest) return left(gone(oldest));
  const past = pastAt(node, at.right);
  const facts = factsAt(engine.rows, at.right, engine.vocabulary, past.onRead);
  return right({ facts, position: at.right, gone: past.gone });
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
