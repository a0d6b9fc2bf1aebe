import { meterNames, meters, type Meter, type Prices, type Quantities } from '#commands/meters';
import { kind, type Facts, type IndexRow } from '#aggregates/facts';
import { orderedKey } from '#aggregates/ordered-key';

/** What is charged, shared by those who charge it, those who ask for its price beforehand, and bills. */

/** A time in which neither quantities nor prices changed. */
export interface Segment {
  readonly fromMs: number;
  readonly quantities: Quantities;
  /** Absent: there was none in use. */
  readonly priceList?: string;
  readonly prices: Prices;
}

/** A segment that is over. */
export interface UsageRecord extends Segment {
  readonly project: string;
  readonly toMs: number;
}

export type Phase = 'funded' | 'unfunded' | 'lapsed';

/** Something that is charged while it is there. */
export interface Usage extends Segment {
  readonly project: string;
  readonly phase: Phase;
  /** Up to here it was taken from the wallet. */
  readonly paidUntilMs: number;
  /** Up to here it is reserved in the wallet; as `paidUntilMs` when it is not funded. */
  readonly heldUntilMs: number;
  /** When grace ends. */
  readonly lapsesMs?: number;
}

export interface PriceList {
  readonly prices: Prices;
  /** Which of all that came into use it was, the last time that it did; the list with the highest turn is in use. */
  readonly turn?: number;
}

export const usageKind = kind<Usage>('usage');
export const usageRecordKind = kind<UsageRecord>('usage-record');
export const priceListKind = kind<PriceList>('price-list');

/** Records by project and end, as `timeKey` has them. */
export const recordsByEnd = 'usage-record.by-end';
export const timeKey = (project: string, ms: number): string => `${project} ${orderedKey(ms)}`;

/** No segment is longer, so that what reaches into the time of a bill ends in it or soon after. */
export const longestSegmentMs = 62 * 86_400_000;

/** Price lists in the order in which they came into use. */
export const listsByUse = 'price-list.by-use';

export const hourMs = 3_600_000;

/** What a segment comes to until so long after its beginning, in whole micro-credits. */
const meteredTo = (
  { quantities, prices }: Pick<Segment, 'quantities' | 'prices'>,
  meter: Meter,
  ms: number,
): bigint => {
  const { of, per } = meters[meter];
  const amount = BigInt(quantities[of] ?? 0) * BigInt(prices[meter] ?? 0) * BigInt(Math.max(0, ms));
  return amount / (BigInt(hourMs) * BigInt(per));
};

/**
 * What one meter comes to between two times. It is the difference of what the segment came to since its beginning,
 * each rounded down, so that charges of parts add up to the charge of the whole, however many parts there are.
 */
export const meteredBetween = (segment: Segment, meter: Meter, fromMs: number, toMs: number): bigint =>
  meteredTo(segment, meter, toMs - segment.fromMs) - meteredTo(segment, meter, fromMs - segment.fromMs);

/** What all meters come to, as a number; beyond what numbers hold exactly, the highest that they do. */
export const chargeBetween = (segment: Segment, fromMs: number, toMs: number): number => {
  const sum = meterNames.reduce((total, meter) => total + meteredBetween(segment, meter, fromMs, toMs), 0n);
  return sum > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(sum);
};

/** What an hour costs, in micro-credits. */
export const hourlyOf = (quantities: Quantities, prices: Prices): number =>
  chargeBetween({ fromMs: 0, quantities, prices }, 0, hourMs);

const lastUse = (facts: Facts): IndexRow | undefined =>
  facts.index(listsByUse, { from: '', reverse: true, limit: 1 })[0];

/** The turn of the list that comes into use next. */
export const nextTurnOfUse = (facts: Facts): number => Number(lastUse(facts)?.key ?? 0) + 1;

/** The prices in use; none: everything is free. */
export const currentPrices = (facts: Facts): Pick<Segment, 'priceList' | 'prices'> => {
  const row = lastUse(facts);
  const list = row === undefined ? undefined : facts.get(priceListKind, row.id);
  return row === undefined || list === undefined ? { prices: {} } : { priceList: row.id, prices: list.state.prices };
};
