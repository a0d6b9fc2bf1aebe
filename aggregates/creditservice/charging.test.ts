import * as fc from 'fast-check';
import { isLeft } from 'fp-ts/lib/Either';
import type { AnyCommand } from '#commands/command';
import type { Prices, Quantities } from '#commands/meters';
import { alarmKind } from '#aggregates/alarm';
import { billOf } from '#aggregates/bill';
import { holdKind } from '#aggregates/creditservice/hold';
import { availableTo, balanceOf, heldCredits, walletKind } from '#aggregates/creditservice/wallet';
import { hourMs, usageKind } from '#aggregates/metering';
import { catalog } from '#gateways/catalog';
import { inMemory, type InMemory } from '#harness/in-memory';
import { brokenInvariant } from '#harness/simulator/invariants';

const components = catalog.filter(({ name }) => ['cluster', 'iam', 'creditservice'].includes(name));

const begun = (): InMemory => {
  const memory = inMemory(components);
  memory.run({ kind: 'organisation.create', id: 'acme', body: {} });
  memory.run({ kind: 'project.create', id: 'shop', body: { organisation: 'acme' } });
  return memory;
};

interface Step {
  readonly command: AnyCommand;
  /** Time that passes before it. */
  readonly passMs: number;
}

const quantities: fc.Arbitrary<Quantities> = fc.record({ vcpus: fc.nat(3), memoryBytes: fc.nat(3 * 2 ** 30) });
const prices: fc.Arbitrary<Prices> = fc.record({ vcpuHour: fc.nat(900), memoryGibHour: fc.nat(100) });
const thing = fc.constantFrom('shop/vm/a', 'shop/vm/b', 'shop/disk/a');
const other = fc.constantFrom('shop/x', 'shop/y');
const list = fc.constantFrom('one', 'two');
const amount = fc.integer({ min: 1, max: 20_000 });

const of = <B>(kind: string, id: fc.Arbitrary<string>, body: fc.Arbitrary<B>): fc.Arbitrary<AnyCommand> =>
  fc.record({ kind: fc.constant(kind), id, body });
const nothing = fc.constant({});
const moved = fc.record({ amountMicroCredits: amount, reference: fc.nat(200).map(String) });

const command = fc.oneof(
  { weight: 4, arbitrary: of('wallet.topUp', fc.constant('shop'), moved) },
  of('wallet.withdraw', fc.constant('shop'), moved),
  { weight: 3, arbitrary: of('usage.begin', thing, fc.record({ quantities })) },
  { weight: 3, arbitrary: of('usage.change', thing, fc.record({ quantities })) },
  of('usage.end', thing, nothing),
  of('price-list.create', list, prices),
  of('price-list.update', list, prices),
  of('price-list.use', list, nothing),
  of('hold.reserve', other, fc.record({ amountMicroCredits: amount })),
  of('hold.reserve', other, fc.record({ amountMicroCredits: amount, expiresAt: fc.nat(100 * hourMs) })),
  of('hold.post', other, fc.record({ amountMicroCredits: amount })),
  of('hold.void', other, nothing),
  { weight: 8, arbitrary: of('clock.advance', fc.constant(''), nothing) },
);

const pass = fc.oneof(
  fc.nat(2 * hourMs),
  fc.nat(2 * hourMs),
  fc.constant(hourMs),
  fc.nat(20 * hourMs),
  fc.nat(40 * 24 * hourMs),
);
const histories = fc.array(fc.record({ command, passMs: pass }), { minLength: 30, maxLength: 80, size: 'max' });

/** The kinds of events that histories came to. */
const seen = new Set<string>();

/** What a history booked, told by its events. */
interface Booked {
  in: number;
  out: number;
  posted: number;
  /** What of it was posted for something that is charged by the hour. */
  charged: number;
}

const follow = (memory: InMemory, steps: readonly Step[], check: (booked: Booked, nowMs: number) => void): void => {
  const booked: Booked = { in: 0, out: 0, posted: 0, charged: 0 };
  let nowMs = 0;
  memory.run({ kind: 'price-list.create', id: 'one', body: { vcpuHour: 700, memoryGibHour: 3 } });
  memory.run({ kind: 'price-list.use', id: 'one', body: {} });
  for (const { command: given, passMs } of steps) {
    // Behind it records of the first day are forgotten.
    nowMs = Math.min(nowMs + passMs, 390 * 24 * hourMs);
    const done = memory.run(given, nowMs);
    for (const { kind, body } of isLeft(done) ? [] : done.right.events) {
      const { amountMicroCredits = 0 } = body as { readonly amountMicroCredits?: number };
      seen.add(kind);
      if (kind === 'wallet.toppedUp') booked.in += amountMicroCredits;
      if (kind === 'wallet.withdrawn') booked.out += amountMicroCredits;
      if (kind === 'wallet.posted') booked.posted += amountMicroCredits;
      if (kind.startsWith('usage.')) booked.charged += amountMicroCredits;
    }
    check(booked, nowMs);
  }
};

const heldBy = ({ facts }: InMemory): number =>
  facts.range(holdKind, { from: '', limit: 1_000 }).reduce((sum, { state }) => sum + state.amountMicroCredits, 0);

const bill = ({ facts }: InMemory, fromMs: number, toMs: number, nowMs: number) => {
  const made = billOf(facts, { project: 'shop', fromMs, toMs, nowMs });
  if (isLeft(made)) throw new Error(made.left.code);
  return made.right;
};

test('after any history balances are what was booked, never below zero, and held is what holds say', () => {
  fc.assert(
    fc.property(histories, (steps) => {
      const memory = begun();
      const { facts } = memory;
      follow(memory, steps, (booked) => {
        const wallet = facts.get(walletKind, 'shop')?.state;
        const balance = wallet === undefined ? 0 : balanceOf(wallet);
        expect(balance).toBe(booked.in - booked.out - booked.posted);
        expect(facts.sum(heldCredits, 'shop')).toBe(heldBy(memory));
        expect(availableTo(facts, 'shop')).toBe(balance - heldBy(memory));
        expect(availableTo(facts, 'shop')).toBeGreaterThanOrEqual(0);
      });
      expect(facts.range(alarmKind, { from: '', limit: 10 })).toEqual([]);
      expect(brokenInvariant(memory.rows, memory.vocabulary)).toBeUndefined();
    }),
    { numRuns: 40 },
  );
});

test('after any history the bill is what was charged, and bills of parts are that of the whole', () => {
  fc.assert(
    fc.property(histories, fc.nat(100 * 24 * hourMs), (steps, cutMs) => {
      const memory = begun();
      follow(memory, steps, (booked, nowMs) => {
        const whole = bill(memory, 0, nowMs, nowMs);
        expect(whole.totalMicroCredits - whole.runningMicroCredits).toBe(booked.charged);
        const parts = [bill(memory, 0, cutMs, nowMs), bill(memory, cutMs, Math.max(cutMs, nowMs), nowMs)];
        expect(parts.reduce((sum, { totalMicroCredits }) => sum + totalMicroCredits, 0)).toBe(whole.totalMicroCredits);
        expect(whole.lines.reduce((sum, { amountMicroCredits }) => sum + amountMicroCredits, 0)).toBe(
          whole.totalMicroCredits,
        );
      });
    }),
    { numRuns: 40 },
  );
});

test('histories came to everything that there is', () => {
  const kinds = components
    .filter(({ name }) => name === 'creditservice')
    .flatMap(({ aggregates }) => aggregates.flatMap(({ events }) => Object.keys(events)));
  const ofProjects = [
    'quota.began',
    'quota.set',
    'quota.cleared',
    'quota.ended',
    'wallet.closed',
    'wallet-entry.dropped',
  ];
  const before = ['price-list.deleted', 'usage-record.dropped', ...ofProjects];
  expect(kinds.filter((kind) => !seen.has(kind) && !before.includes(kind))).toEqual([]);
});

const start: readonly AnyCommand[] = [
  { kind: 'price-list.create', id: 'one', body: { vcpuHour: 100 } },
  { kind: 'price-list.use', id: 'one', body: {} },
  { kind: 'wallet.topUp', id: 'shop', body: { amountMicroCredits: 1_000, reference: 'a' } },
  { kind: 'usage.begin', id: 'shop/vm/a', body: { quantities: { vcpus: 2 } } },
];
const tick = { kind: 'clock.advance', id: '', body: {} };

const kindsOf = (memory: InMemory, given: AnyCommand, nowMs: number): readonly string[] => {
  const done = memory.run(given, nowMs);
  if (isLeft(done)) throw new Error(done.left.code);
  return done.right.events.map(({ kind }) => kind);
};

test('each hour takes what was used and reserves the next, until the wallet is empty; credits wake what waits', () => {
  const memory = begun();
  for (const each of start) memory.run(each);
  expect(kindsOf(memory, tick, hourMs)).toEqual([
    ...['usage.charged', 'hold.posted', 'wallet.posted', 'hold.reserved'],
  ]);
  for (let hour = 2; hour < 5; hour++) memory.run(tick, hour * hourMs);
  expect(kindsOf(memory, tick, 5 * hourMs)).toEqual(['usage.unfunded', 'hold.posted', 'wallet.posted']);
  expect(memory.facts.get(walletKind, 'shop')?.state).toEqual({ toppedUp: 1_000, withdrawn: 0, posted: 1_000 });
  const topUp = { kind: 'wallet.topUp', id: 'shop', body: { amountMicroCredits: 500, reference: 'b' } };
  expect(kindsOf(memory, topUp, 6 * hourMs)).toEqual([
    ...['wallet.toppedUp', 'wallet-entry.recorded', 'usage.charged', 'hold.reserved', 'hold.posted', 'wallet.posted'],
    'hold.reserved',
  ]);
  expect(kindsOf(memory, { kind: 'usage.end', id: 'shop/vm/a', body: {} }, 6.5 * hourMs)).toEqual([
    ...['usage.ended', 'hold.posted', 'wallet.posted', 'usage-record.kept'],
  ]);
  expect(bill(memory, 0, 10 * hourMs, 10 * hourMs)).toMatchObject({ totalMicroCredits: 1_300, runningMicroCredits: 0 });
  expect(memory.facts.get(walletKind, 'shop')?.state.posted).toBe(1_300);
  expect(heldBy(memory)).toBe(0);
});

test('grace ends once, and what lapsed is not charged until it is changed with credits', () => {
  const memory = begun();
  for (const each of start) memory.run(each);
  for (let hour = 1; hour <= 5; hour++) memory.run(tick, hour * hourMs);
  expect(kindsOf(memory, tick, 28 * hourMs)).toEqual([]);
  expect(kindsOf(memory, tick, 29 * hourMs)).toEqual(['usage.lapsed', 'usage-record.kept']);
  const topUp = { kind: 'wallet.topUp', id: 'shop', body: { amountMicroCredits: 500, reference: 'b' } };
  expect(kindsOf(memory, topUp, 30 * hourMs)).toEqual(['wallet.toppedUp', 'wallet-entry.recorded']);
  const again = { kind: 'usage.change', id: 'shop/vm/a', body: { quantities: { vcpus: 2 } } };
  expect(kindsOf(memory, again, 40 * hourMs)).toEqual(['usage.changed', 'hold.reserved']);
  expect(memory.facts.get(usageKind, 'shop/vm/a')?.state).toMatchObject({ phase: 'funded', fromMs: 40 * hourMs });
  expect(bill(memory, 0, 41 * hourMs, 41 * hourMs)).toMatchObject({
    totalMicroCredits: 1_200,
    runningMicroCredits: 200,
  });
});

test('whoever has no credits can have what is free', () => {
  const memory = begun();
  expect(kindsOf(memory, start[3] as AnyCommand, 0)).toEqual(['usage.began']);
  memory.run(start[0] as AnyCommand);
  memory.run(start[1] as AnyCommand);
  expect(memory.run({ kind: 'usage.begin', id: 'shop/vm/b', body: { quantities: { vcpus: 1 } } })).toMatchObject({
    left: { code: 'wallet.short', detail: { available: 0, asked: 100 } },
  });
  // What was free until now asks for credits at the end of its day.
  expect(kindsOf(memory, tick, 23 * hourMs)).toEqual([]);
  expect(kindsOf(memory, tick, 24 * hourMs)).toEqual(['usage.unfunded']);
});
