import { object, optional } from '#commands/codec/object';
import type { Optional, Props } from '#commands/codec/codec';
import { integer } from '#commands/codec/scalar';

const gibibyte = 2 ** 30;

/**
 * What is charged: each meter counts one quantity, by the hour. A price is for so much of it as `per` says, in the unit
 * of the quantity, so that a price per gibibyte charges half as much for half of one.
 */
export const meters = {
  vcpuHour: { of: 'vcpus', per: 1, what: 'A virtual processor for an hour' },
  memoryGibHour: { of: 'memoryBytes', per: gibibyte, what: 'A gibibyte of memory for an hour' },
  diskGibHour: { of: 'diskBytes', per: gibibyte, what: 'A gibibyte of disk for an hour' },
  imageGibHour: { of: 'imageBytes', per: gibibyte, what: 'A gibibyte of images for an hour' },
  snapshotGibHour: { of: 'snapshotBytes', per: gibibyte, what: 'A gibibyte of snapshots for an hour' },
  floatingIpHour: { of: 'floatingIps', per: 1, what: 'A floating IP address for an hour' },
  natGatewayHour: { of: 'natGateways', per: 1, what: 'A NAT gateway for an hour' },
} as const;

export type Meter = keyof typeof meters;

export type Quantities = Readonly<Partial<Record<(typeof meters)[Meter]['of'], number>>>;

/** Micro-credits for one unit and hour; what has no price is free. */
export type Prices = Readonly<Partial<Record<Meter, number>>>;

// The entries of a record have its keys.
export const meterNames = Object.keys(meters) as readonly Meter[];

/** So that an hour of everything at the highest prices is a safe integer. */
const mostUnits = 2 ** 20;

/** A thousand credits. */
const highestPrice = 1_000_000_000;

const each = <P extends Props>(entry: (meter: Meter) => readonly [string, Optional<number>]): P =>
  // Each meter has one entry.
  Object.fromEntries(meterNames.map(entry)) as unknown as P;

type QuantityProps = Readonly<Record<(typeof meters)[Meter]['of'], Optional<number>>>;

const quantityProps: QuantityProps = each((meter) => {
  const { of, per } = meters[meter];
  const summary = `How much of \`${meter}\`.`;
  return [of, optional(integer(of, { summary, unit: per === 1 ? 'count' : 'bytes', max: mostUnits * per }))];
});

export const priceProps: Readonly<Record<Meter, Optional<number>>> = each((meter) => {
  const summary = `${meters[meter].what}.`;
  return [meter, optional(integer(meter, { summary, unit: 'microCredits', max: highestPrice }))];
});

export const QuantitiesOf = object(quantityProps, { summary: 'What is used, by the hour.' });

export const PricesOf = object(priceProps, { summary: 'Micro-credits for one unit and hour.' });
