import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import { dropWalletEntry, recordWalletEntry, type WalletEntryCommand } from '#commands/creditservice/wallet-entry';
import type { Aggregate } from '#aggregates/aggregate';
import { accept } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { ownedByProject } from '#aggregates/owners';
import type { AnyCommand } from '#commands/command';

type Booked = TypeOf<typeof recordWalletEntry.body>;

export interface WalletEntry extends Booked {
  readonly bookedMs: number;
}

export const walletEntryKind = kind<WalletEntry>('wallet-entry');

export type WalletEntryEvent =
  | { readonly kind: 'wallet-entry.recorded'; readonly body: Booked }
  | { readonly kind: 'wallet-entry.dropped'; readonly body: Readonly<Record<string, never>> };

/** What went in or out under a reference, so that nothing is booked twice. */
export const walletEntry: Aggregate<WalletEntry, WalletEntryCommand, WalletEntryEvent, never> = {
  kind: walletEntryKind,
  summary: 'What was added to a wallet or taken back.',
  commands: [recordWalletEntry, dropWalletEntry],
  events: { 'wallet-entry.recorded': recordWalletEntry.body, 'wallet-entry.dropped': object({}) },
  rejections: {},
  owners: ownedByProject,

  decide(state, command) {
    if (command.kind === 'wallet-entry.drop') {
      return state === undefined ? accept() : accept({ kind: 'wallet-entry.dropped', body: {} });
    }
    return state === undefined ? accept({ kind: 'wallet-entry.recorded', body: command.body }) : accept();
  },

  evolve: (_state, event, { now }) =>
    event.kind === 'wallet-entry.recorded' ? { ...event.body, bookedMs: now } : undefined,
};

/** Entries that go with their wallet. */
const mostDropped = 4_000;

export const dropEntries = (facts: Facts, project: string): readonly AnyCommand[] =>
  facts
    .range(walletEntryKind, { from: `${project}/`, to: `${project}0`, limit: mostDropped })
    .map(({ id }) => ({ kind: dropWalletEntry.kind, id, body: {} }));
