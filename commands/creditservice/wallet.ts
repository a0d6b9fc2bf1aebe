import { object } from '#commands/codec/object';
import { integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { microCredits } from '#commands/creditservice/amount';
import { ProjectId } from '#commands/tenant';
import { view } from '#commands/view';

export const referencePattern = '[A-Za-z0-9](?:[A-Za-z0-9._-]{0,99})?';

const moved = {
  amountMicroCredits: microCredits('amount', 'Micro-credits; 1,000,000 are one credit.', 1),
  reference: text('reference', {
    summary: 'What it is booked under, such as the number of an invoice; the same one again changes nothing.',
    pattern: referencePattern,
    maxLength: 100,
    example: 'invoice-2026-17',
  }),
};

const example = (amountMicroCredits: number, reference: string) => ({ amountMicroCredits, reference });

export const topUpWallet = command('wallet', 'topUp', {
  summary: 'Add credits to the wallet of a project.',
  id: ProjectId,
  ofCluster: true,
  body: moved,
  cli: { words: ['wallet', 'top-up'], positional: ['amountMicroCredits'] },
  examples: [{ title: 'A hundred credits.', id: 'shop', body: example(100_000_000, 'invoice-2026-17') }],
});

export const withdrawFromWallet = command('wallet', 'withdraw', {
  summary: 'Take credits that are available out of the wallet of a project.',
  id: ProjectId,
  ofCluster: true,
  body: moved,
  cli: { words: ['wallet', 'withdraw'], positional: ['amountMicroCredits'] },
  examples: [{ title: 'Ten credits back.', id: 'shop', body: example(10_000_000, 'refund-2026-3') }],
});

export const postToWallet = command('wallet', 'post', {
  summary: 'Take what was used out of a wallet.',
  id: ProjectId,
  internal: true,
  body: { amountMicroCredits: moved.amountMicroCredits },
  examples: [{ title: 'A hundredth of a credit.', id: 'shop', body: { amountMicroCredits: 10_000 } }],
});

export const closeWallet = command('wallet', 'close', {
  summary: 'Close the wallet of a project that is deleted.',
  id: ProjectId,
  internal: true,
  body: {},
});

export const WalletMoved = object(moved);

export type WalletCommand = CommandOf<
  typeof topUpWallet | typeof withdrawFromWallet | typeof postToWallet | typeof closeWallet
>;

export const wallets = view('wallet', {
  summary: 'Wallets of projects, in micro-credits; a project has one from its first credits on.',
  id: ProjectId,
  row: object({
    id: ProjectId,
    balanceMicroCredits: microCredits('balance', 'What is in it.'),
    heldMicroCredits: microCredits('held', 'What of it is reserved, for the hours that are running.'),
    availableMicroCredits: microCredits('available', 'What can be reserved or withdrawn.'),
    toppedUpMicroCredits: integer('topped up', { summary: 'What was ever added.', unit: 'microCredits' }),
    withdrawnMicroCredits: integer('withdrawn', { summary: 'What was ever taken back.', unit: 'microCredits' }),
    postedMicroCredits: integer('used', { summary: 'What was ever used.', unit: 'microCredits' }),
    modPosition: integer('position', { summary: 'Where the balance was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'PROJECT', path: 'id' },
    { title: 'BALANCE µ', path: 'balanceMicroCredits' },
    { title: 'HELD µ', path: 'heldMicroCredits' },
    { title: 'AVAILABLE µ', path: 'availableMicroCredits' },
    { title: 'USED µ', path: 'postedMicroCredits' },
    { title: 'TOPPED UP µ', path: 'toppedUpMicroCredits', wide: true },
    { title: 'WITHDRAWN µ', path: 'withdrawnMicroCredits', wide: true },
  ],
});
