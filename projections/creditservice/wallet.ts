import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { wallets } from '#commands/creditservice/wallet';
import { availableTo, balanceOf, heldCredits, walletKind, type Wallet } from '#aggregates/creditservice/wallet';
import type { View } from '#projections/view';

export const walletView: View<Wallet, TypeOf<(typeof wallets)['row']>> = {
  spec: wallets,
  kind: walletKind,
  row: ({ id, state, modPosition }, facts) => ({
    // A wallet is of a project, whose id a codec let through.
    id: id as Id<'project'>,
    balanceMicroCredits: balanceOf(state),
    heldMicroCredits: facts.sum(heldCredits, id),
    availableMicroCredits: availableTo(facts, id),
    toppedUpMicroCredits: state.toppedUp,
    withdrawnMicroCredits: state.withdrawn,
    postedMicroCredits: state.posted,
    modPosition,
  }),
};
