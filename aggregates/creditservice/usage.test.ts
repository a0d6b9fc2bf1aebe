import type { Id } from '#commands/codec/scalar';
import type { Prices, Quantities } from '#commands/meters';
import { hold } from '#aggregates/creditservice/hold';
import { priceList } from '#aggregates/creditservice/price-list';
import { usage, type UsageEvent } from '#aggregates/creditservice/usage';
import { walletKind } from '#aggregates/creditservice/wallet';
import { hourMs } from '#aggregates/metering';
import { projectKind } from '#aggregates/owners';
import { decisions, type Setting } from '#harness/decisions';
import { held } from '#harness/facts';

const id = 'shop/vm/web1' as Id<'usage'>;
const dayMs = 24 * hourMs;
const two: Quantities = { vcpus: 2 };
const one: Quantities = { vcpus: 1 };
const begin = (quantities = two) => ({ kind: 'usage.begin' as const, id, body: { quantities } });
const change = (quantities: Quantities) => ({ kind: 'usage.change' as const, id, body: { quantities } });
const end = { kind: 'usage.end' as const, id, body: {} };
const charge = { kind: 'usage.charge' as const, id, body: {} };

const project = 'shop' as Id<'project'>;
const standard = { priceList: 'standard' as Id<'price-list'>, prices: { vcpuHour: 10 } };
const segment = (from: number, quantities = two, priced: typeof standard | { readonly prices: Prices } = standard) => ({
  ...{ project, from, quantities },
  ...priced,
});
const reserved = (heldMicroCredits: number, heldUntil: number) => ({ heldMicroCredits, heldUntil });

const began: UsageEvent = { kind: 'usage.began', body: { ...segment(0), ...reserved(20, hourMs) } };
const beganFree: UsageEvent = {
  kind: 'usage.began',
  body: { ...segment(0, two, { prices: {} }), ...reserved(0, dayMs) },
};
const charged = (amountMicroCredits: number, paidUntil: number): UsageEvent => ({
  kind: 'usage.charged',
  body: { amountMicroCredits, paidUntil, ...reserved(20, paidUntil + hourMs) },
});
const unfunded: UsageEvent = {
  kind: 'usage.unfunded',
  body: { amountMicroCredits: 20, paidUntil: hourMs, lapsesAt: hourMs + dayMs, missingMicroCredits: 15 },
};
const lapsed: UsageEvent = {
  kind: 'usage.lapsed',
  body: { unpaidMicroCredits: 480, closed: { ...segment(0), to: hourMs } },
};
const changed = (
  at: number,
  quantities: Quantities,
  amountMicroCredits: number,
  more: Partial<Extract<UsageEvent, { kind: 'usage.changed' }>['body']> = {},
): UsageEvent => ({
  kind: 'usage.changed',
  body: {
    ...{ ...segment(at, quantities), amountMicroCredits, closed: { ...segment(0), to: at } },
    ...{ phase: 'funded', ...reserved((quantities.vcpus ?? 0) * 10, at + hourMs), ...more },
  },
});
const ended = (amountMicroCredits: number, to: number): UsageEvent => ({
  kind: 'usage.ended',
  body: { amountMicroCredits, closed: { ...segment(0), to } },
});

/** A project with so much in its wallet, so much of it held for this, and prices. */
const at = (now: number, balance: number, holding = 20, prices: Prices | undefined = { vcpuHour: 10 }): Setting => ({
  moment: { now },
  facts: [
    held({ kind: projectKind }, 'shop', { organisation: 'acme' }),
    held({ kind: walletKind }, 'shop', { toppedUp: balance, withdrawn: 0, posted: 0 }),
    ...(holding > 0 ? [held(hold, id, { amountMicroCredits: holding })] : []),
    ...(prices === undefined ? [] : [held(priceList, 'standard', { prices, turn: 1 })]),
  ],
});
const withoutPrices = (now: number): Setting => ({
  moment: { now },
  facts: [held({ kind: projectKind }, 'shop', { organisation: 'acme' })],
});
const half = hourMs / 2;

decisions(usage, [
  ['begins with its first hour reserved', [], begin(), [began], at(0, 20, 0)],
  ['refuses to begin what cannot be paid for an hour', [], begin(), 'wallet.short', at(0, 19, 0)],
  ['is free without prices, and looks at them daily', [], begin(), [beganFree], withoutPrices(0)],
  ['refuses a project that is not there', [], begin(), 'project.absent'],
  ['takes the same beginning again as done', [began], begin(), [], at(1, 20)],
  ['refuses another beginning', [began], begin(one), 'usage.exists', at(1, 20)],
  ['takes an hour that is over, and reserves the next', [began], charge, [charged(20, hourMs)], at(hourMs, 40)],
  ['takes nothing early', [began], charge, [], at(hourMs - 1, 40)],
  ['takes the hours of a timer that was late', [began], charge, [charged(60, 3 * hourMs)], at(3.5 * hourMs, 80)],
  ['takes what is reserved if there is no more', [began], charge, [unfunded], at(hourMs, 25)],
  ['waits for credits', [began, unfunded], charge, [], at(2 * hourMs, 5, 0)],
  [
    'pays the time of grace when credits come',
    [began, unfunded],
    charge,
    [charged(20, 2 * hourMs)],
    at(2 * hourMs, 40, 0),
  ],
  ['lapses at the end of grace', [began, unfunded], charge, [lapsed], at(hourMs + dayMs, 5, 0)],
  ['is not charged after it lapsed', [began, unfunded, lapsed], charge, [], at(9 * dayMs, 999, 0)],
  [
    'goes on with other prices from the next hour on',
    [began],
    charge,
    [
      changed(hourMs, two, 20, {
        ...{ prices: { vcpuHour: 30 }, heldMicroCredits: 60 },
      }),
    ],
    at(hourMs, 80, 20, { vcpuHour: 30 }),
  ],
  ['charges what it was until it changes', [began], change(one), [changed(half, one, 10)], at(half, 20)],
  ['takes the same quantities again as done', [began], change(two), [], at(half, 20)],
  ['refuses to grow beyond the wallet', [began], change({ vcpus: 3 }), 'wallet.short', at(half, 39)],
  ['grows within it', [began], change({ vcpus: 3 }), [changed(half, { vcpus: 3 }, 10)], at(half, 40)],
  ['refuses to change what is not charged', [], change(one), 'usage.absent'],
  [
    'may always shrink, and then waits for credits',
    [began, unfunded],
    change(one),
    [
      changed(2 * hourMs, one, 0, {
        ...{ phase: 'unfunded', closed: { ...segment(0), to: hourMs }, lapsesAt: hourMs + dayMs },
        ...reserved(0, 2 * hourMs),
      }),
    ],
    at(2 * hourMs, 5, 0),
  ],
  [
    'refuses to go on after it lapsed without credits',
    [began, unfunded, lapsed],
    change(two),
    'wallet.short',
    at(9 * dayMs, 19, 0),
  ],
  [
    'goes on after it lapsed with credits, from then on',
    [began, unfunded, lapsed],
    change(two),
    [
      {
        kind: 'usage.changed',
        body: { ...segment(9 * dayMs), amountMicroCredits: 0, phase: 'funded', ...reserved(20, 9 * dayMs + hourMs) },
      },
    ],
    at(9 * dayMs, 20, 0),
  ],
  [
    'shrinks after it lapsed, and stays so',
    [began, unfunded, lapsed],
    change(one),
    [
      {
        kind: 'usage.changed',
        body: { ...segment(9 * dayMs, one), amountMicroCredits: 0, phase: 'lapsed', ...reserved(0, 9 * dayMs) },
      },
    ],
    at(9 * dayMs, 0, 0),
  ],
  ['charges what it was until it ends', [began], end, [ended(10, half)], at(half, 20)],
  ['charges nothing beyond the hour without credits', [began], end, [ended(20, hourMs)], at(2 * hourMs, 20)],
  ['charges the time of a late timer with credits', [began], end, [ended(40, 2 * hourMs)], at(2 * hourMs, 40)],
  [
    'keeps nothing of what took no time',
    [began],
    end,
    [{ kind: 'usage.ended', body: { amountMicroCredits: 0 } }],
    at(0, 20),
  ],
  ['has nothing to end twice', [began, ended(10, half)], end, [], at(half, 20)],
  ['has nothing to charge when it is gone', [], charge, []],
]);

test('it is due when its hour is over, or its grace', () => {
  const state = { project: 'shop', phase: 'funded' as const, fromMs: 0, quantities: {}, prices: {}, paidUntilMs: 0 };
  expect(usage.due?.({ ...state, heldUntilMs: 5 })).toBe(5);
  expect(usage.due?.({ ...state, phase: 'unfunded', heldUntilMs: 5, lapsesMs: 9 })).toBe(9);
  expect(usage.due?.({ ...state, phase: 'lapsed', heldUntilMs: 5 })).toBeUndefined();
});
