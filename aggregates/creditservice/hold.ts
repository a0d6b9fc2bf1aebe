import type { TypeOf } from '#commands/codec/codec';
import {
  expireHold,
  HoldEnded,
  HoldPosted,
  postHold,
  reserveHold,
  voidHold,
  type HoldCommand,
} from '#commands/creditservice/hold';
import { projectIn } from '#commands/tenant';
import type { Aggregate } from '#aggregates/aggregate';
import { availableTo, heldCredits, walletShort } from '#aggregates/creditservice/wallet';
import { accept, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { ownedByProject } from '#aggregates/owners';
import { same } from '#aggregates/same';

/** Credits that are reserved. One that is over is not there any more. */
export type Hold = TypeOf<typeof reserveHold.body>;

export const holdKind = kind<Hold>('hold');

type Ended = TypeOf<typeof HoldEnded>;

export type HoldEvent =
  | { readonly kind: 'hold.reserved'; readonly body: Hold }
  | { readonly kind: 'hold.posted'; readonly body: TypeOf<typeof HoldPosted> }
  | { readonly kind: 'hold.voided'; readonly body: Ended }
  | { readonly kind: 'hold.expired'; readonly body: Ended };

const rejections = {
  ...walletShort,
  'hold.ended': {
    category: 'absent',
    summary: 'There is no such hold, or it is over: posted, voided or expired.',
    fix: 'Reserve the credits again.',
  },
  'hold.exceeded': {
    category: 'conflict',
    summary: 'More was used than is held.',
    fix: 'Post what is held at most, and reserve the rest.',
  },
  'hold.exists': {
    category: 'conflict',
    summary: 'A hold of this id exists with another amount or expiry.',
    fix: 'End that one first, or choose another id.',
  },
} as const;

export const hold: Aggregate<Hold, HoldCommand, HoldEvent, keyof typeof rejections> = {
  kind: holdKind,
  summary: 'Credits that are reserved for one use.',
  commands: [reserveHold, postHold, voidHold, expireHold],
  events: {
    'hold.reserved': reserveHold.body,
    'hold.posted': HoldPosted,
    'hold.voided': HoldEnded,
    'hold.expired': HoldEnded,
  },
  rejections,
  sums: { [heldCredits]: (state, id) => [[projectIn(id), state.amountMicroCredits]] },
  owners: ownedByProject,
  due: ({ expiresAt }) => expiresAt,
  onDue: expireHold.kind,

  decide(state, command, facts, { now }) {
    if (command.kind === 'hold.reserve') {
      if (state !== undefined) return same(state, command.body) ? accept() : reject('hold.exists');
      const asked = command.body.amountMicroCredits;
      const available = availableTo(facts, projectIn(command.id));
      if (asked > available) return reject('wallet.short', { available, asked });
      return accept({ kind: 'hold.reserved', body: command.body });
    }
    const isOver = state === undefined || (state.expiresAt !== undefined && state.expiresAt <= now);
    if (command.kind === 'hold.expire') {
      if (state === undefined || !isOver) return accept();
      return accept({ kind: 'hold.expired', body: { voidedMicroCredits: state.amountMicroCredits } });
    }
    if (state === undefined) return reject('hold.ended');
    const held = state.amountMicroCredits;
    // What is over by its time and still there is void already, so that this need not wait for a timer.
    if (command.kind === 'hold.void') return accept({ kind: 'hold.voided', body: { voidedMicroCredits: held } });
    if (isOver) return reject('hold.ended');
    const { amountMicroCredits } = command.body;
    if (amountMicroCredits > held) return reject('hold.exceeded', { held, asked: amountMicroCredits });
    return accept({
      kind: 'hold.posted',
      body: { amountMicroCredits, voidedMicroCredits: held - amountMicroCredits },
    });
  },

  evolve: (_state, event) => (event.kind === 'hold.reserved' ? event.body : undefined),
};
