import type { Id } from '#commands/codec/scalar';
import { dropEntries, walletEntry, type WalletEntryEvent } from '#aggregates/creditservice/wallet-entry';
import { decisions } from '#harness/decisions';
import { factsHolding, held } from '#harness/facts';

const id = 'shop/invoice-1' as Id<'wallet-entry'>;
const body = { direction: 'in' as const, amountMicroCredits: 10 };
const record = { kind: 'wallet-entry.record' as const, id, body };
const drop = { kind: 'wallet-entry.drop' as const, id, body: {} };
const recorded: WalletEntryEvent = { kind: 'wallet-entry.recorded', body };
const dropped: WalletEntryEvent = { kind: 'wallet-entry.dropped', body: {} };

decisions(walletEntry, [
  ['is kept', [], record, [recorded]],
  ['is kept once', [recorded], record, []],
  ['goes with its project', [recorded], drop, [dropped]],
  ['has nothing to forget twice', [recorded, dropped], drop, []],
]);

test('the entries of a project go with it, and no others', () => {
  const entry = (of: string) => held(walletEntry, of, { ...body, bookedMs: 0 });
  const facts = factsHolding([entry('shop/a'), entry('shop/b'), entry('shop-2/a')]);
  expect(dropEntries(facts, 'shop').map(({ id: dropping }) => dropping)).toEqual(['shop/a', 'shop/b']);
});
