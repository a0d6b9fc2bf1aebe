import { object, optional } from '#commands/codec/object';
import { id, integer, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { microCredits } from '#commands/creditservice/amount';
import { label } from '#commands/tenant';
import { view } from '#commands/view';

const HoldId = id('hold', {
  summary: 'The project and what the credits are reserved for, as in `shop/vm/web1`.',
  pattern: `${label}/${label}(?:/${label})?`,
  maxLength: 191,
  example: 'shop/vm/web1',
});

const Amount = microCredits('amount', 'Micro-credits.', 1);

const reserved = {
  amountMicroCredits: Amount,
  expiresAt: optional(time('expiry', { summary: 'When it is over by itself; never unless given.' })),
};

export const reserveHold = command('hold', 'reserve', {
  summary: 'Reserve credits of a project for one use.',
  id: HoldId,
  internal: true,
  body: reserved,
  examples: [{ title: 'A hundredth of a credit.', id: 'shop/vm/web1', body: { amountMicroCredits: 10_000 } }],
});

export const postHold = command('hold', 'post', {
  summary: 'Take what was used of a hold; the rest is available again, and the hold is over.',
  id: HoldId,
  internal: true,
  body: { amountMicroCredits: Amount },
  examples: [{ title: 'Half of it.', id: 'shop/vm/web1', body: { amountMicroCredits: 5_000 } }],
});

export const voidHold = command('hold', 'void', {
  summary: 'End a hold of which nothing was used.',
  id: HoldId,
  internal: true,
  body: {},
});

export const expireHold = command('hold', 'expire', {
  summary: 'End a hold whose time is over.',
  id: HoldId,
  internal: true,
  body: {},
});

export const HoldPosted = object({
  amountMicroCredits: Amount,
  voidedMicroCredits: microCredits('voided', 'What of it was not used.'),
});

export const HoldEnded = object({ voidedMicroCredits: microCredits('voided', 'What is available again.') });

export type HoldCommand = CommandOf<typeof reserveHold | typeof postHold | typeof voidHold | typeof expireHold>;

export const holds = view('hold', {
  summary: 'Credits that are reserved, in micro-credits.',
  id: HoldId,
  row: object({
    id: HoldId,
    ...reserved,
    createPosition: integer('position', { summary: 'Where it was reserved.', unit: 'position' }),
  }),
  columns: [
    { title: 'HOLD', path: 'id' },
    { title: 'AMOUNT µ', path: 'amountMicroCredits' },
    { title: 'EXPIRES', path: 'expiresAt' },
  ],
});
