import type { Either } from 'fp-ts/lib/Either';
import { object } from '#commands/codec/object';
import { id, integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import type { Rejection } from '#commands/rejection';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject, type Happened } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import type { Procedure, Reaction } from '#aggregates/procedure';
import { noRows } from '#harness/facts';
import { budget } from '#log/budget';
import { decideEntry, genesis, type Decided, type Head } from '#log/decide';
import { encodeEntry, packr } from '#log/entry';
import { factsOf } from '#log/facts';
import { Overlay } from '#log/overlay';
import { tables } from '#log/rows';
import { vocabularyOf } from '#log/vocabulary';
import { everything } from '#log/authority';

const count = integer('count', { summary: 'A count.', unit: 'count' });
const about = (name: string) => ({ summary: name, id: id('pot'), body: { count } });
const set = command('pot', 'set', about('Set it.'));
const fill = command('pot', 'fill', about('Fill it with so many bytes.'));
const splash = command('pot', 'splash', about('Change it so many times.'));
const drop = command('pot', 'drop', about('Go wrong.'));
const chain = command('pot', 'chain', about('Set off so many reactions, each by the one before.'));
const raise = command('level', 'raise', { summary: 'Raise it.', id: id('level'), body: { level: count } });
const copy = command('pot', 'copy', { summary: 'Read it so many times.', id: undefined, body: { count } });

type Body = { readonly count: number };
type Command = CommandOf<typeof set | typeof fill | typeof splash | typeof drop | typeof chain>;
type Event = { readonly kind: 'pot.set' | 'pot.chained'; readonly body: Body };
interface Pot {
  readonly count: number;
  readonly soup?: string;
}

/** What a program may throw, by number. */
const errors: readonly unknown[] = [
  new TypeError('a defect'),
  'a text',
  Object.assign(new RangeError('The value is out of range'), { code: 'ERR_OUT_OF_RANGE' }),
  new RangeError('Invalid array length'),
];
const faults: readonly unknown[] = [
  Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }),
  Object.assign(new Error('map full'), { code: -30792 }),
  new RangeError('Maximum call stack size exceeded'),
  new RangeError('Array buffer allocation failed'),
];

const pot: Aggregate<Pot, Command, Event, 'pot.small'> = {
  kind: kind<Pot>('pot'),
  summary: 'A pot.',
  commands: [set, fill, splash, drop, chain],
  events: { 'pot.set': object({ count }), 'pot.chained': object({ count }) },
  rejections: { 'pot.small': { category: 'exhausted', summary: 'It is small.', fix: 'Take another.' } },
  sums: { 'pot.counts': ({ count: amount }) => [['all', amount]] },
  decide(_state, { kind: told, body }, _facts, moment) {
    const one: Event = { kind: 'pot.set', body: { count: body.count } };
    switch (told) {
      case 'pot.set':
        // From feature level 2 on a pot holds no more than 10.
        return moment.level >= 2 && body.count > 10 ? reject('pot.small') : accept(one);
      case 'pot.fill':
        return accept({ ...one, body: { ...one.body, soup: 'x'.repeat(body.count) } as Body });
      case 'pot.splash':
        return accept(...Array<Event>(body.count).fill(one));
      case 'pot.chain':
        return accept({ kind: 'pot.chained', body });
      case 'pot.drop':
        throw [...errors, ...faults][body.count];
    }
  },
  evolve: (_state, event) => (event.kind === 'pot.set' ? event.body : undefined),
};

const level: Aggregate<{ level: number }, CommandOf<typeof raise>, Happened & { body: { level: number } }, never> = {
  kind: kind('level'),
  summary: 'The level.',
  commands: [raise],
  events: { 'level.raised': raise.body },
  rejections: {},
  decide: (_state, { id: of, body }) => accept({ kind: 'level.raised', id: of, body }),
  evolve: (_state, { body }) => body,
};

const further: Reaction = {
  on: 'pot.chained',
  react: ({ id: of, body }) => {
    const left = (body as Body).count;
    return left === 0 ? [] : [{ kind: 'pot.chain', id: of, body: { count: left - 1 } }];
  },
};

const reading: Procedure<CommandOf<typeof copy>> = {
  command: copy,
  rejections: {},
  perform: ({ body }, work): Either<Rejection, unknown> => {
    for (let at = 0; at < body.count; at++) work.range(pot.kind, { from: '', limit: 10 });
    return work.run({ kind: 'pot.set', id: 'copy', body: { count: 1 } });
  },
};

const vocabulary = vocabularyOf([
  { name: 'pots', summary: '', aggregates: [pot, level], procedures: [reading], reactions: [further], views: [] },
]);

/** A log of pots, decided entry by entry. */
const kitchen = () => {
  const rows = new Overlay(noRows);
  let head: Head = genesis;
  return {
    rows,
    facts: (): Facts => factsOf(rows),
    decide: (told: string, of: string, amount: number, more: object = {}): Decided['outcome']['result'] => {
      const entry = {
        kind: told,
        id: of,
        body: told === 'level.raise' ? { level: amount } : { count: amount },
        principal: 'cook',
        credential: 'spoon',
        source: 'test',
        address: '',
        stampedAtMs: 0,
        submission: 's',
        ...more,
      };
      const position = head.position + 1;
      const from = { position, appendedAtMs: position, bytes: encodeEntry(entry) };
      const decided = decideEntry(vocabulary, everything, rows, head, entry, from);
      head = decided.head;
      return decided.outcome.result;
    },
    /** Everything but what is recorded of each entry. */
    contents: (): string =>
      tables
        .filter((table) => table !== 'outcome' && table !== 'refusal')
        .flatMap((table) => [...rows.range(table, { from: '', to: '\xff' })])
        .map(([key, value]) => `${key} ${packr.pack(value).toString('hex')}`)
        .join('\n'),
  };
};

describe('a command that goes over its budget', () => {
  const MiB = 2 ** 20;
  test.each([
    ['events', 'pot.splash', 'soup', budget.events + 1, 'events'],
    ['bytes that are recorded', 'pot.fill', 'soup', budget.recordedBytes, 'recordedBytes'],
    ['reactions to reactions', 'pot.chain', 'soup', budget.depth + 1, 'depth'],
    ['bytes that are read', 'pot.copy', '', budget.readBytes / MiB, 'readBytes'],
  ])('by %s is exhausted and changes nothing', (_what, told, of, amount, limit) => {
    const log = kitchen();
    log.decide('pot.fill', 'stock', MiB);
    const before = log.contents();
    expect(log.decide(told, of, amount)).toMatchObject({
      status: 'rejected',
      code: 'budget.exceeded',
      category: 'exhausted',
      detail: { limit, allowed: budget[limit as keyof typeof budget] },
    });
    expect(log.contents()).toBe(before);
    expect(log.decide('pot.set', 'soup', 1)).toMatchObject({ status: 'accepted' });
  });

  test('is not one that stays within it', () => {
    const log = kitchen();
    expect(log.decide('pot.splash', 'soup', budget.events).status).toBe('accepted');
    expect(log.decide('pot.chain', 'soup', budget.depth - 1).status).toBe('accepted');
    log.decide('pot.fill', 'stock', MiB);
    expect(log.decide('pot.copy', '', budget.readBytes / MiB - 1).status).toBe('accepted');
  });
});

describe('what a decider throws', () => {
  test.each(errors.map((_error, at) => at))('is a refusal when it is a defect (%i)', (at) => {
    const log = kitchen();
    log.decide('pot.set', 'soup', 1);
    const before = log.contents();
    const refused = log.decide('pot.drop', 'soup', at);
    expect(refused).toMatchObject({ status: 'rejected', code: 'command.poisoned', category: 'unavailable' });
    // Neither a message nor a stack, which differ between builds.
    expect(Object.keys((refused as { detail: object }).detail)).toEqual(['error']);
    expect(JSON.stringify(refused)).not.toMatch(/TypeError: a|a text|out of range|array length/);
    expect(log.contents()).toBe(before);
  });

  test.each(faults.map((_error, at) => errors.length + at))('stops the process when it is a fault of it (%i)', (at) => {
    expect(() => kitchen().decide('pot.drop', 'soup', at)).toThrow();
  });
});

test('a change of what is decided waits for the feature level, and holds from the position behind it on', () => {
  const log = kitchen();
  expect(log.decide('pot.set', 'soup', 11).status).toBe('accepted');
  log.decide('level.raise', 'cluster', 2);
  expect(log.decide('pot.set', 'soup', 11)).toMatchObject({ status: 'rejected', code: 'pot.small' });
  expect(log.decide('pot.set', 'soup', 10).status).toBe('accepted');
});

test('an expected position or version that has moved refuses, and one that has not does not', () => {
  const log = kitchen();
  log.decide('pot.set', 'soup', 1);
  log.decide('pot.set', 'tea', 1);
  expect(log.decide('pot.set', 'soup', 2, { expectPosition: 1 }).status).toBe('accepted');
  expect(log.decide('pot.set', 'soup', 3, { expectPosition: 2 })).toMatchObject({
    code: 'expect.moved',
    detail: { expected: 2, changedAt: 3 },
  });
  expect(log.decide('pot.set', 'soup', 3, { expectVersion: 1 })).toMatchObject({
    code: 'expect.version',
    detail: { expected: 1, found: 2 },
  });
  expect(log.decide('pot.set', 'soup', 3, { expectVersion: 2 }).status).toBe('accepted');
  expect(log.decide('pot.set', 'milk', 3, { expectVersion: 0 }).status).toBe('accepted');
});

test('a sum follows every change of a state', () => {
  const log = kitchen();
  const sum = (): number => log.facts().sum('pot.counts', 'all');
  log.decide('pot.set', 'soup', 3);
  log.decide('pot.set', 'tea', 4);
  expect(sum()).toBe(7);
  log.decide('pot.set', 'soup', 1);
  expect(sum()).toBe(5);
  log.decide('pot.splash', 'tea', budget.events + 1);
  expect(sum()).toBe(5);
  for (const name of ['soup', 'tea']) log.decide('pot.chain', name, 0);
  expect(sum()).toBe(0);
  expect([...log.rows.range('count', { from: '', to: '\xff' })]).toEqual([]);
});

test('a range ends with the object that takes it over its bytes', () => {
  const log = kitchen();
  for (const name of ['a', 'b', 'c']) expect(log.decide('pot.fill', name, 1_000).status).toBe('accepted');
  const found = (maxBytes: number): number => log.facts().range(pot.kind, { from: '', limit: 10, maxBytes }).length;
  expect([1, 1_000, 1_100, 10_000].map(found)).toEqual([1, 1, 2, 3]);
});
