import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { walletEntries } from '#commands/creditservice/wallet-entry';
import { walletEntryKind, type WalletEntry } from '#aggregates/creditservice/wallet-entry';
import type { View } from '#projections/view';

export const walletEntryView: View<WalletEntry, TypeOf<(typeof walletEntries)['row']>> = {
  spec: walletEntries,
  kind: walletEntryKind,
  row: ({ id, state: { bookedMs, ...booked }, createPosition }) => ({
    // Its parts were let through by the codecs of the wallet.
    id: id as Id<'wallet-entry'>,
    ...booked,
    bookedAt: bookedMs,
    createPosition,
  }),
};
