import { object } from '#commands/codec/object';
import { choice, id, integer, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { microCredits } from '#commands/creditservice/amount';
import { referencePattern } from '#commands/creditservice/wallet';
import { label } from '#commands/tenant';
import { view } from '#commands/view';

const WalletEntryId = id('wallet-entry', {
  summary: 'The project and the reference that something was booked under, as in `shop/invoice-2026-17`.',
  pattern: `${label}/${referencePattern}`,
  maxLength: 164,
  example: 'shop/invoice-2026-17',
});

const booked = {
  direction: choice('direction', { summary: 'Whether it was added or taken back.', values: ['in', 'out'] }),
  amountMicroCredits: microCredits('amount', 'Micro-credits.', 1),
};

export const recordWalletEntry = command('wallet-entry', 'record', {
  summary: 'Keep what was booked under a reference.',
  id: WalletEntryId,
  plural: 'wallet-entries',
  internal: true,
  body: booked,
});

export const dropWalletEntry = command('wallet-entry', 'drop', {
  summary: 'Forget what was booked, with the project.',
  id: WalletEntryId,
  plural: 'wallet-entries',
  internal: true,
  body: {},
});

export type WalletEntryCommand = CommandOf<typeof recordWalletEntry | typeof dropWalletEntry>;

export const walletEntries = view('wallet-entry', {
  summary: 'What was added to wallets and taken back, by reference.',
  id: WalletEntryId,
  plural: 'wallet-entries',
  row: object({
    id: WalletEntryId,
    ...booked,
    bookedAt: time('booked at', { summary: 'When.' }),
    createPosition: integer('position', { summary: 'Where it was booked.', unit: 'position' }),
  }),
  columns: [
    { title: 'ENTRY', path: 'id' },
    { title: 'DIRECTION', path: 'direction' },
    { title: 'AMOUNT µ', path: 'amountMicroCredits' },
    { title: 'BOOKED', path: 'bookedAt' },
  ],
});
