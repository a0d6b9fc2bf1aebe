import { object, optional } from '#commands/codec/object';
import { choice, id, integer, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { microCredits } from '#commands/creditservice/amount';
import { PriceListId } from '#commands/creditservice/price-list';
import { PricesOf, QuantitiesOf } from '#commands/meters';
import { label, ProjectId } from '#commands/tenant';
import { view } from '#commands/view';

const UsageId = id('usage', {
  summary: 'The project, the noun and the name of what is charged, as in `shop/vm/web1`.',
  pattern: `${label}/${label}/${label}`,
  maxLength: 191,
  example: 'shop/vm/web1',
});

const quantities = { quantities: QuantitiesOf };

const example = (title: string, of: object) => ({ title, id: 'shop/vm/web1', body: { quantities: of } });

export const beginUsage = command('usage', 'begin', {
  summary: 'Charge something from now on; its first hour is reserved.',
  id: UsageId,
  internal: true,
  body: quantities,
  examples: [example('A small machine.', { vcpus: 2, memoryBytes: 4_294_967_296 })],
});

export const changeUsage = command('usage', 'change', {
  summary: 'Charge other quantities from now on, or the same ones again after they lapsed.',
  id: UsageId,
  internal: true,
  body: quantities,
  examples: [example('A larger one.', { vcpus: 4, memoryBytes: 8_589_934_592 })],
});

export const endUsage = command('usage', 'end', {
  summary: 'Charge what was used until now, and nothing from now on.',
  id: UsageId,
  internal: true,
  body: {},
});

export const chargeUsage = command('usage', 'charge', {
  summary: 'Take the hours that are over, and reserve the next one.',
  id: UsageId,
  internal: true,
  body: {},
});

const from = time('from', { summary: 'When the segment began.' });
const segment = {
  project: ProjectId,
  from,
  ...quantities,
  priceList: optional(PriceListId),
  prices: PricesOf,
};

/** A time in which neither quantities nor prices changed. */
export const UsageSegment = object({ ...segment, to: time('to', { summary: 'When the segment ended.' }) });

const amountMicroCredits = microCredits('amount', 'What was taken from the wallet.');
const paidUntil = time('paid until', { summary: 'Up to here it was taken from the wallet.' });
const heldMicroCredits = microCredits('held', 'What is reserved.');
const heldUntil = time('held until', { summary: 'Up to here it is reserved.' });
const lapsesAt = time('lapses at', { summary: 'When grace ends.' });
const closed = optional(UsageSegment);

const Phase = choice('phase', {
  summary: 'Unfunded: the wallet cannot pay the next hour, and grace runs. Lapsed: grace is over.',
  values: ['funded', 'unfunded', 'lapsed'],
});

export const UsageBegan = object({ ...segment, heldMicroCredits, heldUntil });
export const UsageCharged = object({ amountMicroCredits, paidUntil, heldMicroCredits, heldUntil });
export const UsageChanged = object({
  ...{ ...segment, amountMicroCredits, closed },
  ...{ phase: Phase, heldMicroCredits, heldUntil, lapsesAt: optional(lapsesAt) },
});
export const UsageUnfunded = object({
  ...{ amountMicroCredits, paidUntil, lapsesAt },
  missingMicroCredits: microCredits('missing', 'What the wallet lacks for the next hour.'),
});
export const UsageLapsed = object({
  unpaidMicroCredits: microCredits('unpaid', 'What the time of grace came to; it is not charged.'),
  closed,
});
export const UsageEnded = object({ amountMicroCredits, closed });

export type UsageCommand = CommandOf<typeof beginUsage | typeof changeUsage | typeof endUsage | typeof chargeUsage>;

export const usages = view('usage', {
  summary: 'What is charged at present, with what an hour of it costs in micro-credits.',
  id: UsageId,
  row: object({
    id: UsageId,
    phase: Phase,
    ...quantities,
    hourlyMicroCredits: integer('hourly', { summary: 'What an hour costs.', unit: 'microCredits' }),
    priceList: optional(PriceListId),
    paidUntil,
    heldUntil,
    lapsesAt: optional(lapsesAt),
    createPosition: integer('position', { summary: 'Where it began.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'USAGE', path: 'id' },
    { title: 'PHASE', path: 'phase' },
    { title: 'HOURLY µ', path: 'hourlyMicroCredits' },
    { title: 'PAID UNTIL', path: 'paidUntil' },
    { title: 'LAPSES', path: 'lapsesAt' },
    { title: 'PRICES', path: 'priceList', wide: true },
  ],
});
