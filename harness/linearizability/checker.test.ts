import { checkHistory, textOf, type Verdict } from '#harness/linearizability/checker';
import type { Operation } from '#harness/linearizability/history';
import { absent, done, failed, keyModel, type KeyAction, type KeyState } from '#harness/linearizability/key-model';
import { randomOf, type Random } from '#harness/simulator/random';

type Asked = Operation<KeyAction>;

const get: KeyAction = { kind: 'get' };
const remove: KeyAction = { kind: 'delete' };
const put = (value: string): KeyAction => ({ kind: 'put', value });
const swap = (expected: string | undefined, value: string): KeyAction => ({ kind: 'swap', expected, value });

const asked = (from: number, until: number, action: KeyAction, answer: string | undefined, key = 'k'): Asked => ({
  client: from,
  key,
  action,
  answer,
  from,
  until,
});

const check = (history: readonly Asked[]): Verdict<KeyAction> => checkHistory(keyModel, history);

const good: readonly (readonly [title: string, history: readonly Asked[]])[] = [
  ['nothing', []],
  ['a read of nothing', [asked(1, 2, get, absent)]],
  ['one after the other', [asked(1, 2, put('a'), done), asked(3, 4, get, 'a in version 1')]],
  ['a read beside a write that sees it', [asked(1, 9, put('a'), done), asked(2, 3, get, 'a in version 1')]],
  ['a read beside a write that does not', [asked(1, 9, put('a'), done), asked(2, 3, get, absent)]],
  [
    'two writes beside one another, in the other order',
    [asked(1, 8, put('a'), done), asked(2, 9, put('b'), done), asked(10, 11, get, 'a in version 2')],
  ],
  [
    'an unanswered write that happens late',
    [asked(1, Infinity, put('a'), undefined), asked(2, 3, get, absent), asked(8, 9, get, 'a in version 1')],
  ],
  [
    'an unanswered write that never happens',
    [asked(1, Infinity, put('a'), undefined), asked(2, 3, put('b'), done), asked(8, 9, get, 'b in version 1')],
  ],
  [
    'one of two swaps of the same value',
    [
      asked(1, 2, put('a'), done),
      asked(3, 9, swap('a', 'b'), done),
      asked(4, 8, swap('a', 'c'), failed),
      asked(10, 11, get, 'b in version 2'),
    ],
  ],
  [
    'a delete that begins the versions again',
    [
      asked(1, 2, put('a'), done),
      asked(3, 4, remove, done),
      asked(5, 6, remove, absent),
      asked(7, 8, swap(undefined, 'b'), done),
      asked(9, 10, get, 'b in version 1'),
    ],
  ],
  ['keys that know nothing of one another', [asked(1, 2, put('a'), done, 'k'), asked(3, 4, get, absent, 'l')]],
];

const bad: readonly (readonly [title: string, history: readonly Asked[]])[] = [
  ['a stale read', [asked(1, 2, put('a'), done), asked(3, 4, put('b'), done), asked(5, 6, get, 'a in version 1')]],
  [
    'a read that goes back behind another',
    [asked(1, 9, put('a'), done), asked(2, 3, get, 'a in version 1'), asked(4, 5, get, absent)],
  ],
  ['a lost update', [asked(1, 2, put('a'), done), asked(3, 4, get, absent)]],
  [
    'an update that is lost later',
    [
      asked(1, 2, put('a'), done),
      asked(3, 4, put('b'), done),
      asked(5, 6, get, 'b in version 2'),
      asked(7, 8, get, 'a in version 1'),
    ],
  ],
  ['a double apply', [asked(1, 2, put('a'), done), asked(3, 4, get, 'a in version 2')]],
  [
    'a double apply after another write',
    [
      asked(1, Infinity, put('a'), undefined),
      asked(2, 3, get, 'a in version 1'),
      asked(4, 5, put('b'), done),
      asked(6, 7, get, 'a in version 3'),
    ],
  ],
  ['a read from the future', [asked(1, 2, get, 'a in version 1'), asked(3, 4, put('a'), done)]],
  [
    'a read of an unanswered write before it was asked for',
    [asked(1, 2, get, 'a in version 1'), asked(3, Infinity, put('a'), undefined)],
  ],
  ['a read of what nobody wrote', [asked(1, 2, put('a'), done), asked(3, 4, get, 'x in version 1')]],
  [
    'two swaps that both win',
    [asked(1, 2, put('a'), done), asked(3, 9, swap('a', 'b'), done), asked(4, 8, swap('a', 'c'), done)],
  ],
  ['a swap that fails though it had to win', [asked(1, 2, put('a'), done), asked(3, 4, swap('a', 'b'), failed)]],
  ['a delete of nothing that found something', [asked(1, 2, remove, done)]],
  [
    'a fault of the second key',
    [asked(1, 2, put('a'), done, 'k'), asked(3, 4, put('a'), done, 'l'), asked(5, 6, get, absent, 'l')],
  ],
];

test.each(good)('accepts %s', (_, history) => expect(check(history)).toEqual({ kind: 'linearizable' }));

test.each(bad)('rejects %s', (_, history) => expect(check(history)).toMatchObject({ kind: 'violated' }));

test('names what has no place', () => {
  const [write, read] = [asked(1, 2, put('a'), done), asked(3, 4, get, absent)];
  expect(check([write, read])).toEqual({ kind: 'violated', key: 'k', explained: [write], blocked: read });
});

test('gives up at its bound, and says so', () => {
  const many = Array.from({ length: 12 }, (_, at) => asked(at + 1, 100 + at, put(`v${at}`), done));
  const history = [...many, asked(200, 201, get, 'nothing in version 12')];
  expect(checkHistory(keyModel, history, 1_000)).toEqual({ kind: 'undecided', key: 'k', tried: 1_000 });
});

test('takes a long history with many unanswered operations in its stride', () => {
  const random = randomOf(3);
  const history = drawnHistory(random, 600, 5, 0.05);
  expect(check(history)).toEqual({ kind: 'linearizable' });
  const wrong = history.find(({ action, answer, from }) => action.kind === 'get' && answer !== undefined && from > 200);
  expect(check(history.map((one) => (one === wrong ? { ...one, answer: 'v9 in version 1' } : one)))).toMatchObject({
    kind: 'violated',
    blocked: { from: wrong?.from },
  });
});

/** Every order of every choice of unanswered operations, tried one by one. */
const explains = (left: readonly Asked[], state: KeyState | undefined): boolean =>
  left.every(({ answer }) => answer === undefined) ||
  left.some((next) => {
    if (left.some((other) => other !== next && other.until < next.from)) return false;
    const applied = keyModel.apply(state, next.action);
    const rest = left.filter((other) => other !== next);
    return (next.answer === undefined || next.answer === applied.answer) && explains(rest, applied.state);
  });

/** What clients see of a key that works, each asking for one thing at a time. */
const drawnHistory = (random: Random, length: number, clients: number, lost: number): readonly Asked[] => {
  const history: Asked[] = [];
  const busy = new Map<number, { from: number; action: KeyAction; answer: string | undefined }>();
  let state: KeyState | undefined;
  let now = 0;
  while (history.length + busy.size < length || busy.size > 0) {
    now++;
    const client = random.under(clients);
    const doing = busy.get(client);
    if (doing === undefined) {
      if (history.length + busy.size >= length) continue;
      const value = `v${random.under(4)}`;
      const expected = random.chance(0.3) ? undefined : random.pick(['v0', 'v1']);
      const action = random.pick([get, get, put(value), swap(expected, value), remove]);
      busy.set(client, { from: now, action, answer: undefined });
    } else if (doing.answer === undefined) {
      const applied = keyModel.apply(state, doing.action);
      if (random.chance(lost)) {
        if (random.chance(0.5)) ({ state } = applied);
        history.push(asked(doing.from, Infinity, doing.action, undefined));
        busy.delete(client);
      } else {
        ({ state } = applied);
        doing.answer = applied.answer;
      }
    } else {
      history.push(asked(doing.from, now, doing.action, doing.answer));
      busy.delete(client);
    }
  }
  return history;
};

test('agrees with trying every order on small histories, changed or not', () => {
  const random = randomOf(1);
  const seen = { linearizable: 0, violated: 0 };
  for (let run = 0; run < 3_000; run++) {
    const drawn = drawnHistory(random, 1 + random.under(6), 3, 0.15);
    const answers = [absent, done, failed, 'v0 in version 1', 'v1 in version 1', 'v1 in version 2'];
    const history = drawn.map((one) =>
      one.answer !== undefined && random.chance(0.15) ? { ...one, answer: random.pick(answers) } : one,
    );
    const verdict = check(history);
    const expected = explains(history, undefined) ? 'linearizable' : 'violated';
    if (verdict.kind !== expected) throw new Error(`${textOf(verdict)}, but ${expected}: ${JSON.stringify(history)}`);
    seen[expected]++;
  }
  expect(Math.min(seen.linearizable, seen.violated)).toBeGreaterThan(500);
});
