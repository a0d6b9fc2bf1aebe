import type { TypeOf } from '#commands/codec/codec';
import type { AnyCommand } from '#commands/command';
import { postHold, reserveHold, voidHold, type HoldPosted } from '#commands/creditservice/hold';
import { chargeUsage, type UsageSegment } from '#commands/creditservice/usage';
import { keepUsageRecord } from '#commands/creditservice/usage-record';
import { postToWallet, type WalletMoved } from '#commands/creditservice/wallet';
import { recordWalletEntry } from '#commands/creditservice/wallet-entry';
import { projectIn } from '#commands/tenant';
import { holdKind } from '#aggregates/creditservice/hold';
import { unfundedUsages } from '#aggregates/creditservice/usage';
import { dropEntries } from '#aggregates/creditservice/wallet-entry';
import type { Happened } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import type { Reaction } from '#aggregates/procedure';

/** The parts of events of usages that credits follow from. */
interface Settled {
  readonly amountMicroCredits?: number;
  readonly heldMicroCredits?: number;
  readonly closed?: TypeOf<typeof UsageSegment>;
}

/** Usages that are tried again when credits come; those beyond it are tried when their grace ends. */
const mostTried = 500;

const holdOf = (kind: string, id: string, amountMicroCredits: number): AnyCommand => ({
  kind,
  id,
  body: { amountMicroCredits },
});

/** Takes what was used from what is held, and holds what comes next. */
const settle = ({ id, body }: Happened, facts: Facts): readonly AnyCommand[] => {
  // An event of a usage has the body of one.
  const { amountMicroCredits: used = 0, heldMicroCredits: next = 0, closed } = body as Settled;
  const hold = facts.get(holdKind, id)?.state;
  // One with an expiry was reserved by somebody else, and may be over.
  const held = hold?.amountMicroCredits ?? 0;
  const isCovered = used > 0 && used <= held && hold?.expiresAt === undefined;
  return [
    ...(held > 0 && !isCovered ? [{ kind: voidHold.kind, id, body: {} }] : []),
    ...(used > 0 && !isCovered ? [holdOf(reserveHold.kind, id, used)] : []),
    ...(used > 0 ? [holdOf(postHold.kind, id, used)] : []),
    ...(next > 0 ? [holdOf(reserveHold.kind, id, next)] : []),
    ...(closed === undefined
      ? []
      : [{ kind: keepUsageRecord.kind, id: `${id}/${closed.from}`, body: { segment: closed } }]),
  ];
};

const settled = ['usage.began', 'usage.charged', 'usage.changed', 'usage.unfunded', 'usage.lapsed', 'usage.ended'];

const book =
  (direction: 'in' | 'out') =>
  ({ id, body }: Happened): AnyCommand => {
    const { amountMicroCredits, reference } = body as TypeOf<typeof WalletMoved>;
    return { kind: recordWalletEntry.kind, id: `${id}/${reference}`, body: { direction, amountMicroCredits } };
  };

const tryAgain = (project: string, facts: Facts): readonly AnyCommand[] =>
  facts
    .index(unfundedUsages, { from: project, to: `${project}\0`, limit: mostTried })
    .map(({ id }) => ({ kind: chargeUsage.kind, id, body: {} }));

/** What follows at the same position, so that wallets, holds and usages agree at each. */
export const charging: readonly Reaction[] = [
  ...settled.map((on): Reaction => ({ on, react: settle })),
  {
    on: 'hold.posted',
    react: ({ id, body }) => {
      const { amountMicroCredits } = body as TypeOf<typeof HoldPosted>;
      return [holdOf(postToWallet.kind, projectIn(id), amountMicroCredits)];
    },
  },
  { on: 'wallet.toppedUp', react: (event, facts) => [book('in')(event), ...tryAgain(event.id, facts)] },
  { on: 'wallet.withdrawn', react: (event) => [book('out')(event)] },
  { on: 'wallet.closed', react: ({ id }, facts) => dropEntries(facts, id) },
];
