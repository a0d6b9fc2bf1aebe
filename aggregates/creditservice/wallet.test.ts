import type { Id } from '#commands/codec/scalar';
import { mostMicroCredits } from '#commands/creditservice/amount';
import { hold } from '#aggregates/creditservice/hold';
import { availableTo, wallet, walletKind, type WalletEvent } from '#aggregates/creditservice/wallet';
import { walletEntry } from '#aggregates/creditservice/wallet-entry';
import { usageKind } from '#aggregates/metering';
import { projectKind } from '#aggregates/owners';
import { decisions } from '#harness/decisions';
import { factsHolding, held } from '#harness/facts';

const id = 'shop' as Id<'project'>;
const moved = (amountMicroCredits: number, reference = 'a') => ({ amountMicroCredits, reference });
const topUp = (amount: number) => ({ kind: 'wallet.topUp' as const, id, body: moved(amount) });
const withdraw = (amount: number) => ({ kind: 'wallet.withdraw' as const, id, body: moved(amount) });
const post = (amount: number) => ({ kind: 'wallet.post' as const, id, body: { amountMicroCredits: amount } });
const close = { kind: 'wallet.close' as const, id, body: {} };

const toppedUp = (amount: number): WalletEvent => ({ kind: 'wallet.toppedUp', body: moved(amount) });
const withdrawn = (amount: number): WalletEvent => ({ kind: 'wallet.withdrawn', body: moved(amount) });
const posted = (amount: number): WalletEvent => ({ kind: 'wallet.posted', body: { amountMicroCredits: amount } });
const closed: WalletEvent = { kind: 'wallet.closed', body: {} };

const project = held({ kind: projectKind }, id, { organisation: 'acme' });
const there = { facts: [project] };
const reserved = (amountMicroCredits: number) => held(hold, 'shop/vm/web1', { amountMicroCredits });
const booked = (direction: 'in' | 'out', amountMicroCredits: number) => ({
  facts: [project, held(walletEntry, 'shop/a', { direction, amountMicroCredits, bookedMs: 0 })],
});
const charged = held({ kind: usageKind }, 'shop/vm/web1', {
  ...{ project: 'shop', phase: 'funded' as const, fromMs: 0, quantities: {}, prices: {} },
  ...{ paidUntilMs: 0, heldUntilMs: 0 },
});

decisions(wallet, [
  ['begins with its first credits', [], topUp(10), [toppedUp(10)], there],
  ['takes more', [toppedUp(10)], topUp(5), [toppedUp(5)], there],
  ['takes a reference once', [toppedUp(10)], topUp(10), [], booked('in', 10)],
  ['refuses a reference for another amount', [toppedUp(10)], topUp(11), 'wallet.referenceUsed', booked('in', 10)],
  ['refuses a reference for the other way', [toppedUp(10)], withdraw(10), 'wallet.referenceUsed', booked('in', 10)],
  ['refuses credits for a project that is not there', [], topUp(10), 'project.absent'],
  ['refuses more than a wallet holds', [toppedUp(1)], topUp(mostMicroCredits), 'wallet.full', there],
  ['gives back what is available', [toppedUp(10)], withdraw(10), [withdrawn(10)], there],
  ['gives back once', [toppedUp(10), withdrawn(10)], withdraw(10), [], booked('out', 10)],
  ['keeps what is held', [toppedUp(10)], withdraw(8), 'wallet.short', { facts: [project, reserved(3)] }],
  ['gives nothing back that it has not', [], withdraw(1), 'wallet.short', there],
  ['pays what was used', [toppedUp(10)], post(7), [posted(7)]],
  ['pays nothing that it has not', [toppedUp(10), posted(7)], post(4), 'wallet.short'],
  ['pays nothing that is held for others', [toppedUp(10)], post(8), 'wallet.short', { facts: [reserved(3)] }],
  ['is closed when it is empty', [toppedUp(10), withdrawn(4), posted(6)], close, [closed]],
  ['has nothing to close twice', [], close, []],
  ['stays open with credits in it', [toppedUp(10)], close, 'project.inUse'],
  ['stays open while something is charged', [], close, 'project.inUse', { facts: [charged] }],
]);

test('what is available is what is not held; without a wallet nothing is', () => {
  const state = { toppedUp: 10, withdrawn: 1, posted: 2 };
  const facts = factsHolding([held({ kind: walletKind }, 'shop', state), reserved(3)]);
  expect([availableTo(facts, 'shop'), availableTo(facts, 'bank')]).toEqual([4, 0]);
});

test('an event that would take more than there is, is impossible', () => {
  const moment = { position: 1, now: 0, level: 1, principal: '', credential: '', address: '' };
  for (const event of [withdrawn(1), posted(1)]) {
    expect(() => wallet.evolve(undefined, event, moment)).toThrow(`impossible event ${event.kind}`);
  }
});
