import { left, right, type Either } from 'fp-ts/lib/Either';
import { meterNames, meters, type Meter, type Prices } from '#commands/meters';
import type { Rejection, RejectionSpec } from '#commands/rejection';
import type { Facts } from '#aggregates/facts';
import {
  hourMs,
  longestSegmentMs,
  meteredBetween,
  priceListKind,
  recordsByEnd,
  timeKey,
  usageKind,
  usageRecordKind,
  type Segment,
  type Usage,
} from '#aggregates/metering';
import { projectAbsent, projectKind } from '#aggregates/owners';

export interface BillQuery {
  readonly project: string;
  /** Milliseconds since 1970; what was used from here on … */
  readonly fromMs: number;
  /** … and before here. */
  readonly toMs: number;
  /** What is running is counted up to here. */
  readonly nowMs: number;
  /** A price list to compute it by, instead of what was charged. */
  readonly prices?: string;
}

/** What one thing used of one meter at one price. */
export interface BillLine {
  /** As in `vm/web1`. */
  readonly object: string;
  readonly meter: Meter;
  /** Thousandths of a unit for an hour, rounded down. */
  readonly milliUnitHours: number;
  /** Absent: there was none in use, and it was free. */
  readonly priceList?: string;
  readonly priceMicroCredits: number;
  readonly amountMicroCredits: number;
}

export interface Bill {
  readonly project: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** By object, meter, and time. */
  readonly lines: readonly BillLine[];
  readonly totalMicroCredits: number;
  /** What of it is reserved and not taken yet, since its hour is still running. */
  readonly runningMicroCredits: number;
  /** The prices that it was computed by, by price list. */
  readonly priceLists: readonly string[];
}

/** Segments that one bill is computed from. */
const mostSegments = 20_000;

export const billRejections = {
  ...projectAbsent,
  'bill.pricesAbsent': {
    category: 'absent',
    summary: 'There is no such price list.',
    fix: 'List the price lists to see what there is.',
  },
  'bill.tooLong': {
    category: 'exhausted',
    summary: 'So much was used in this time that one bill cannot hold it.',
    fix: 'Ask for bills of shorter times.',
  },
} as const satisfies Readonly<Record<string, RejectionSpec>>;

/** Something used from a time on, up to another. */
interface Used {
  readonly id: string;
  readonly segment: Segment;
  readonly toMs: number;
  /** Behind it nothing was taken yet. */
  readonly paidUntilMs: number;
}

/** What a project used in a time, and what it came to. Bills of adjacent times add up to the bill of both. */
export const billOf = (facts: Facts, query: BillQuery): Either<Rejection<keyof typeof billRejections>, Bill> => {
  const { project, fromMs, toMs } = query;
  const found = facts.get(projectKind, project);
  if (found === undefined) return left({ code: 'project.absent', detail: { project } });
  const other = query.prices === undefined ? undefined : facts.get(priceListKind, query.prices)?.state.prices;
  if (query.prices !== undefined && other === undefined) {
    return left({ code: 'bill.pricesAbsent', detail: { priceList: query.prices } });
  }
  const used = [...recorded(facts, query, found.createPosition), ...running(facts, query)];
  if (used.length > mostSegments) return left({ code: 'bill.tooLong', detail: { allowed: mostSegments } });
  const sums = new Map<string, Sum>();
  let runningSum = 0n;
  for (const one of used) {
    const segment = other === undefined ? one.segment : rated(one.segment, query.prices, other);
    const start = Math.max(fromMs, segment.fromMs);
    const end = Math.min(toMs, one.toMs);
    if (end <= start) continue;
    for (const meter of meterNames) {
      const { of } = meters[meter];
      const quantity = segment.quantities[of] ?? 0;
      if (quantity === 0) continue;
      const price = segment.prices[meter] ?? 0;
      const object = one.id.slice(project.length + 1);
      const key = [object, meter, segment.priceList ?? '', price].join(' ');
      const sum = sums.get(key) ?? { object, meter, price, priceList: segment.priceList, unitMs: 0n, amount: 0n };
      sums.set(key, {
        ...sum,
        unitMs: sum.unitMs + BigInt(quantity) * BigInt(end - start),
        amount: sum.amount + meteredBetween(segment, meter, start, end),
      });
      runningSum += meteredBetween(segment, meter, Math.max(start, Math.min(end, one.paidUntilMs)), end);
    }
  }
  return written(query, [...sums.values()], runningSum);
};

interface Sum {
  readonly object: string;
  readonly meter: Meter;
  readonly price: number;
  readonly priceList: string | undefined;
  readonly unitMs: bigint;
  readonly amount: bigint;
}

const written = (
  { project, fromMs, toMs, prices }: BillQuery,
  sums: readonly Sum[],
  runningSum: bigint,
): Either<Rejection<keyof typeof billRejections>, Bill> => {
  const total = sums.reduce((all, { amount }) => all + amount, 0n);
  const milliOf = ({ meter, unitMs }: Sum): bigint => (unitMs * 1_000n) / (BigInt(hourMs) * BigInt(meters[meter].per));
  if (![total, ...sums.map(milliOf)].every((value) => value <= BigInt(Number.MAX_SAFE_INTEGER))) {
    return left({ code: 'bill.tooLong', detail: { allowed: Number.MAX_SAFE_INTEGER } });
  }
  const lines = [...sums].sort(inOrder).map((sum): BillLine => {
    const { object, meter, price, priceList, amount } = sum;
    const list = priceList === undefined ? {} : { priceList };
    const amounts = { priceMicroCredits: price, amountMicroCredits: Number(amount) };
    return { object, meter, milliUnitHours: Number(milliOf(sum)), ...list, ...amounts };
  });
  const lists = prices === undefined ? lines.flatMap(({ priceList = [] }) => priceList) : [prices];
  return right({
    ...{ project, fromMs, toMs, lines },
    totalMicroCredits: Number(total),
    runningMicroCredits: Number(runningSum),
    priceLists: [...new Set(lists)].sort(),
  });
};

/** By object, then meter; of one meter the earlier price comes first, since the order is kept otherwise. */
const inOrder = (a: Sum, b: Sum): number => {
  if (a.object !== b.object) return a.object < b.object ? -1 : 1;
  return meterNames.indexOf(a.meter) - meterNames.indexOf(b.meter);
};

const rated = (segment: Segment, priceList: string | undefined, prices: Prices): Segment => ({
  ...segment,
  ...(priceList === undefined ? {} : { priceList }),
  prices,
});

/** Segments that are over; those of an earlier project of the same id are not of this one. */
const recorded = (facts: Facts, { project, fromMs, toMs }: BillQuery, createPosition: number): readonly Used[] =>
  facts
    .index(recordsByEnd, {
      from: timeKey(project, fromMs + 1),
      to: timeKey(project, toMs + longestSegmentMs + 1),
      limit: mostSegments + 1,
    })
    .flatMap(({ id }) => {
      const record = facts.get(usageRecordKind, id);
      if (record === undefined || record.createPosition < createPosition) return [];
      const { state } = record;
      const ofWhat = id.slice(0, id.lastIndexOf('/'));
      return [{ id: ofWhat, segment: state, toMs: state.toMs, paidUntilMs: state.toMs }];
    });

const running = (facts: Facts, { project, nowMs }: BillQuery): readonly Used[] =>
  facts.range(usageKind, { from: `${project}/`, to: `${project}0`, limit: mostSegments + 1 }).map(({ id, state }) => ({
    id,
    segment: state,
    toMs: runningUntil(state, nowMs),
    paidUntilMs: state.paidUntilMs,
  }));

/** What nobody has paid or reserved is on no bill. */
const runningUntil = ({ phase, paidUntilMs, heldUntilMs }: Usage, nowMs: number): number =>
  phase === 'funded' ? Math.max(paidUntilMs, Math.min(nowMs, heldUntilMs)) : paidUntilMs;
