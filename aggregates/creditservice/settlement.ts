import type { Quantities } from '#commands/meters';
import { holdKind } from '#aggregates/creditservice/hold';
import { availableTo } from '#aggregates/creditservice/wallet';
import type { Facts } from '#aggregates/facts';
import { chargeBetween, currentPrices, hourlyOf, hourMs, longestSegmentMs } from '#aggregates/metering';
import type { Segment, Usage } from '#aggregates/metering';
import { same } from '#aggregates/same';

const dayMs = 24 * hourMs;

/** A segment is closed at the end of the hour in which it gets so old, so that none is longer than bills expect. */
const closedAfterMs = 30 * dayMs;

/** Between two looks at the prices of a thing and what it has used: an hour, and a day while it is free. */
const periodOf = ({ quantities, prices }: Segment): number => (hourlyOf(quantities, prices) > 0 ? hourMs : dayMs);

export interface Settlement {
  /** Paid up to here. */
  readonly atMs: number;
  readonly amount: number;
}

export interface Reservation {
  readonly held: number;
  readonly heldUntilMs: number;
}

export const reservedFrom = (segment: Segment, atMs: number): Reservation => {
  const heldUntilMs = atMs + periodOf(segment);
  return { held: chargeBetween(segment, atMs, heldUntilMs), heldUntilMs };
};

/** What can be taken for a usage: what is available, and what is held for it already. */
export const roomFor = (facts: Facts, id: string, project: string): number =>
  availableTo(facts, project) + (facts.get(holdKind, id)?.state.amountMicroCredits ?? 0);

const settledAt = (usage: Usage, atMs: number): Settlement => ({
  atMs,
  amount: chargeBetween(usage, usage.paidUntilMs, atMs),
});

/**
 * Up to when a usage may be paid now, the best first. What is reserved can always be paid; what lies between that and
 * now, since a timer was late, only if the wallet has it, and is otherwise not charged.
 */
export const settlementsUntil = (usage: Usage, now: number): readonly Settlement[] => {
  if (usage.phase === 'lapsed') return [{ atMs: usage.paidUntilMs, amount: 0 }];
  const latest = Math.max(usage.paidUntilMs, Math.min(now, usage.fromMs + longestSegmentMs));
  const least = Math.min(latest, usage.heldUntilMs);
  return [latest, least].map((atMs) => settledAt(usage, atMs));
};

/** As above, at the ends of hours that are over. */
export const settlementsOfHours = (usage: Usage, now: number): readonly Settlement[] => {
  const period = usage.heldUntilMs - usage.paidUntilMs;
  const over = Math.floor((Math.min(now, usage.fromMs + closedAfterMs) - usage.paidUntilMs) / period);
  return [Math.max(1, over), 1].map((periods) => settledAt(usage, usage.paidUntilMs + periods * period));
};

/** The segment that a time falls into: the same one as long as the prices are as they were and it is not too long. */
export const segmentFrom = (usage: Usage, atMs: number, facts: Facts): Segment => {
  const { fromMs, quantities, priceList, prices } = usage;
  const priced = currentPrices(facts);
  const isSame = same(priced, priceList === undefined ? { prices } : { priceList, prices });
  return isSame && atMs - fromMs < closedAfterMs
    ? { fromMs, quantities, ...priced }
    : { fromMs: atMs, quantities, ...priced };
};

/** Whether something is asked for that there was less of. */
export const grows = (before: Quantities, after: Quantities): boolean =>
  Object.entries(after).some(([what, amount]) => amount > (before[what as keyof Quantities] ?? 0));
