import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import { mostMicroCredits } from '#commands/creditservice/amount';
import {
  closeWallet,
  postToWallet,
  topUpWallet,
  WalletMoved,
  withdrawFromWallet,
  type WalletCommand,
} from '#commands/creditservice/wallet';
import type { Aggregate } from '#aggregates/aggregate';
import { walletEntryKind } from '#aggregates/creditservice/wallet-entry';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { usageKind } from '#aggregates/metering';
import { projectAbsent, projectInUse, projectKind, projectOwners } from '#aggregates/owners';

/** Everything that ever went in and out, in micro-credits; what is reserved is the sum of the holds. */
export interface Wallet {
  readonly toppedUp: number;
  readonly withdrawn: number;
  readonly posted: number;
}

export const walletKind = kind<Wallet>('wallet');

/** The sum of what is reserved, by project. */
export const heldCredits = 'hold.micro-credits';

export const balanceOf = ({ toppedUp, withdrawn, posted }: Wallet): number => toppedUp - withdrawn - posted;

/** What a project can reserve; never below zero. */
export const availableTo = (facts: Facts, project: string): number => {
  const wallet = facts.get(walletKind, project)?.state;
  return wallet === undefined ? 0 : balanceOf(wallet) - facts.sum(heldCredits, project);
};

type Moved = TypeOf<typeof WalletMoved>;

export type WalletEvent =
  | { readonly kind: 'wallet.toppedUp'; readonly body: Moved }
  | { readonly kind: 'wallet.withdrawn'; readonly body: Moved }
  | { readonly kind: 'wallet.posted'; readonly body: { readonly amountMicroCredits: number } }
  | { readonly kind: 'wallet.closed'; readonly body: Readonly<Record<string, never>> };

export const walletShort = {
  'wallet.short': {
    category: 'exhausted',
    summary: 'The wallet of the project has not enough credits available.',
    fix: 'Ask an operator of the cluster to top it up, or delete what is not needed; the detail is in micro-credits.',
  },
} as const;

const rejections = {
  ...projectAbsent,
  ...projectInUse,
  ...walletShort,
  'wallet.full': {
    category: 'exhausted',
    summary: 'The wallet would hold more than a wallet can.',
    fix: 'Top it up by less; a wallet holds up to a thousand million credits.',
  },
  'wallet.referenceUsed': {
    category: 'conflict',
    summary: 'Something else was booked under this reference.',
    fix: 'Look at the entry of this reference (`wallet-entry list`), or choose another reference.',
  },
} as const;

export const wallet: Aggregate<Wallet, WalletCommand, WalletEvent, keyof typeof rejections> = {
  kind: walletKind,
  summary: 'The credits of a project.',
  commands: [topUpWallet, withdrawFromWallet, postToWallet, closeWallet],
  events: {
    'wallet.toppedUp': WalletMoved,
    'wallet.withdrawn': WalletMoved,
    'wallet.posted': postToWallet.body,
    'wallet.closed': object({}),
  },
  rejections,
  owners: projectOwners,

  decide(state, command, facts) {
    const { id } = command;
    if (command.kind === 'wallet.close') {
      const credits = state === undefined ? 0 : balanceOf(state);
      const charged = facts.range(usageKind, { from: `${id}/`, to: `${id}0`, limit: 1 }).length;
      if (credits > 0 || charged > 0) return reject('project.inUse', { microCredits: credits, charged });
      return state === undefined ? accept() : accept({ kind: 'wallet.closed', body: {} });
    }
    const { amountMicroCredits: asked } = command.body;
    const available = availableTo(facts, id);
    if (command.kind === 'wallet.post') {
      return asked > available
        ? reject('wallet.short', { available, asked })
        : accept({ kind: 'wallet.posted', body: command.body });
    }
    if (facts.get(projectKind, id) === undefined) return reject('project.absent', { project: id });
    const direction = command.kind === 'wallet.topUp' ? 'in' : 'out';
    const entry = facts.get(walletEntryKind, `${id}/${command.body.reference}`)?.state;
    if (entry !== undefined) {
      const isSame = entry.direction === direction && entry.amountMicroCredits === asked;
      return isSame ? accept() : reject('wallet.referenceUsed', { reference: command.body.reference });
    }
    if (command.kind === 'wallet.withdraw') {
      return asked > available
        ? reject('wallet.short', { available, asked })
        : accept({ kind: 'wallet.withdrawn', body: command.body });
    }
    const { toppedUp = 0 } = state ?? {};
    const balance = state === undefined ? 0 : balanceOf(state);
    if (balance + asked > mostMicroCredits || toppedUp + asked > Number.MAX_SAFE_INTEGER) {
      return reject('wallet.full', { balance, asked });
    }
    return accept({ kind: 'wallet.toppedUp', body: command.body });
  },

  evolve(state = { toppedUp: 0, withdrawn: 0, posted: 0 }, event) {
    if (event.kind === 'wallet.closed') return undefined;
    const { amountMicroCredits: amount } = event.body;
    switch (event.kind) {
      case 'wallet.toppedUp':
        return { ...state, toppedUp: state.toppedUp + amount };
      case 'wallet.withdrawn':
        return amount > balanceOf(state) ? impossible(event) : { ...state, withdrawn: state.withdrawn + amount };
      case 'wallet.posted':
        return amount > balanceOf(state) ? impossible(event) : { ...state, posted: state.posted + amount };
    }
  },
};
