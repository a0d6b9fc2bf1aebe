import type { Model, Operation } from '#harness/linearizability/history';

export type Verdict<A> =
  | { readonly kind: 'linearizable' }
  | {
      readonly kind: 'violated';
      readonly key: string;
      /** The longest order that explains what clients of this key were told, and what then has no place. */
      readonly explained: readonly Operation<A>[];
      readonly blocked: Operation<A>;
    }
  /** Gave up after so many partial orders. */
  | { readonly kind: 'undecided'; readonly key: string; readonly tried: number };

/**
 * Some operations of a key in an order that explains their answers. `low` answered operations are in it, and those
 * with the numbers `ahead` of it; `taken` are the numbers of unanswered ones in it.
 */
interface Order<S> {
  readonly low: number;
  readonly ahead: readonly number[];
  readonly taken: readonly number[];
  readonly state: S;
  readonly before: Order<S> | undefined;
  readonly last: number;
}

/** Some ten seconds of work. */
const MOST_TRIED = 500_000;

/**
 * Whether all clients were told what one key after the other, each doing one thing at a time, could have told them:
 * every answered operation took effect at one moment between its question and its answer, every other one at one
 * moment after its question, or never. The search is that of Wing and Gong (1993) with Lowe's memory of the orders
 * that have failed (2017), on each key for itself.
 */
export const checkHistory = <S, A>(
  model: Model<S, A>,
  history: readonly Operation<A>[],
  mostTried = MOST_TRIED,
): Verdict<A> => {
  const keys = new Map<string, Operation<A>[]>();
  for (const operation of history) {
    const known = keys.get(operation.key);
    if (known === undefined) keys.set(operation.key, [operation]);
    else known.push(operation);
  }
  for (const [key, operations] of keys) {
    const verdict = checkKey(model, key, operations, mostTried);
    if (verdict.kind !== 'linearizable') return verdict;
  }
  return { kind: 'linearizable' };
};

const checkKey = <S, A>(
  model: Model<S, A>,
  key: string,
  operations: readonly Operation<A>[],
  mostTried: number,
): Verdict<A> => {
  const ordered = operations.toSorted((one, two) => one.from - two.from);
  const answered = ordered.filter(({ answer }) => answer !== undefined);
  const unanswered = ordered.filter(({ answer }) => answer === undefined);
  const start: Order<S> = { low: 0, ahead: [], taken: [], state: model.initial, before: undefined, last: -1 };
  const seen = new Set<string>();
  const open: Order<S>[] = [start];
  let furthest = start;
  for (let order = open.pop(); order !== undefined; order = open.pop()) {
    if (order.low === answered.length) return { kind: 'linearizable' };
    if (order.low + order.ahead.length > furthest.low + furthest.ahead.length) furthest = order;
    for (const next of successors(model, answered, unanswered, order)) {
      const name = `${next.low};${next.ahead.join()};${next.taken.join()};${model.nameOf(next.state)}`;
      if (seen.has(name)) continue;
      if (seen.size >= mostTried) return { kind: 'undecided', key, tried: seen.size };
      seen.add(name);
      open.push(next);
    }
  }
  const explained: Operation<A>[] = [];
  for (let at = furthest; at.before !== undefined; at = at.before)
    explained.unshift(nth(answered, unanswered, at.last));
  const missing = answered.filter((_, at) => at >= furthest.low && !furthest.ahead.includes(at));
  const blocked = missing.reduce((one, two) => (two.until < one.until ? two : one));
  return { kind: 'violated', key, explained, blocked };
};

/** Numbers from 0 on are answered operations, those from -2 down unanswered ones; -1 is none. */
const nth = <A>(answered: readonly Operation<A>[], unanswered: readonly Operation<A>[], number: number): Operation<A> =>
  (number >= 0 ? answered[number] : unanswered[-2 - number]) as Operation<A>; // Only numbers given above come back.

/**
 * What can come next: whatever was asked before the first answer among those that are not in the order yet. What is
 * best tried first comes last: answered operations, the earliest of them, since an unanswered one may never be needed.
 */
const successors = <S, A>(
  model: Model<S, A>,
  answered: readonly Operation<A>[],
  unanswered: readonly Operation<A>[],
  order: Order<S>,
): readonly Order<S>[] => {
  const { low, ahead, taken, state } = order;
  const found: Order<S>[] = [];
  let firstAnswer = Infinity;
  for (let at = low; at < answered.length; at++) {
    if (ahead.includes(at)) continue;
    const { from, until, action, answer } = answered[at] as Operation<A>;
    if (from > firstAnswer) break;
    firstAnswer = Math.min(firstAnswer, until);
    const applied = model.apply(state, action);
    if (applied.answer !== answer) continue;
    found.unshift({ ...advanced(low, ahead, at), taken, state: applied.state, before: order, last: at });
  }
  for (const [at, { from, action }] of unanswered.entries()) {
    if (from > firstAnswer) break;
    if (taken.includes(at)) continue;
    const applied = model.apply(state, action);
    // What changes nothing explains nothing.
    if (model.nameOf(applied.state) === model.nameOf(state)) continue;
    const more = [...taken, at].sort((one, two) => one - two);
    found.unshift({ low, ahead, taken: more, state: applied.state, before: order, last: -2 - at });
  }
  return found;
};

const advanced = (
  low: number,
  ahead: readonly number[],
  at: number,
): { readonly low: number; readonly ahead: readonly number[] } => {
  if (at !== low) return { low, ahead: [...ahead, at].sort((one, two) => one - two) };
  let next = low + 1;
  while (ahead.includes(next)) next++;
  return { low: next, ahead: ahead.filter((one) => one > next) };
};

/** Some lines for people: what fits, the end of it, and what does not. */
export const textOf = <A>(verdict: Verdict<A>): string => {
  if (verdict.kind === 'linearizable') return 'linearizable';
  if (verdict.kind === 'undecided') return `key ${verdict.key}: undecided after ${verdict.tried} orders`;
  const line = ({ client, action, answer, from, until }: Operation<A>): string =>
    `${from} to ${until}: client ${client} ${JSON.stringify(action)} ${answer ?? 'unanswered'}`;
  const shown = verdict.explained.slice(-10).map(line);
  return [`key ${verdict.key}: after these`, ...shown, 'this has no place:', line(verdict.blocked)].join('\n');
};
