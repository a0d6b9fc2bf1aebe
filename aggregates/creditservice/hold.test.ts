import type { Id } from '#commands/codec/scalar';
import { hold, type HoldEvent } from '#aggregates/creditservice/hold';
import { walletKind } from '#aggregates/creditservice/wallet';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const id = 'shop/vm/web1' as Id<'hold'>;
const reserve = (amountMicroCredits: number, more: { readonly expiresAt?: number } = {}) => ({
  kind: 'hold.reserve' as const,
  id,
  body: { amountMicroCredits, ...more },
});
const post = (amountMicroCredits: number) => ({ kind: 'hold.post' as const, id, body: { amountMicroCredits } });
const end = { kind: 'hold.void' as const, id, body: {} };
const expire = { kind: 'hold.expire' as const, id, body: {} };

const reserved = (amountMicroCredits: number, more: { readonly expiresAt?: number } = {}): HoldEvent => ({
  kind: 'hold.reserved',
  body: { amountMicroCredits, ...more },
});
const posted = (amountMicroCredits: number, voidedMicroCredits: number): HoldEvent => ({
  kind: 'hold.posted',
  body: { amountMicroCredits, voidedMicroCredits },
});
const voided = (voidedMicroCredits: number): HoldEvent => ({ kind: 'hold.voided', body: { voidedMicroCredits } });
const expired = (voidedMicroCredits: number): HoldEvent => ({ kind: 'hold.expired', body: { voidedMicroCredits } });

const wallet = held({ kind: walletKind }, 'shop', { toppedUp: 10, withdrawn: 0, posted: 0 });
const other = held(hold, 'shop/vm/web2', { amountMicroCredits: 6 });
const funds = { facts: [wallet] };
const at = (now: number) => ({ moment: { now } });

decisions(hold, [
  ['reserves what is available', [], reserve(10), [reserved(10)], funds],
  ['refuses more than is available', [], reserve(11), 'wallet.short', funds],
  ['counts what others hold', [], reserve(5), 'wallet.short', { facts: [wallet, other] }],
  ['refuses a project without a wallet', [], reserve(1), 'wallet.short'],
  ['takes the same again as done', [reserved(4)], reserve(4), [], funds],
  ['refuses another amount', [reserved(4)], reserve(5), 'hold.exists', funds],
  ['refuses another expiry', [reserved(4)], reserve(4, { expiresAt: 9 }), 'hold.exists', funds],
  ['is posted whole', [reserved(4)], post(4), [posted(4, 0)]],
  ['is posted in part, and the rest is void', [reserved(4)], post(1), [posted(1, 3)]],
  ['refuses to post more than it holds', [reserved(4)], post(5), 'hold.exceeded'],
  ['refuses to post what is not there', [], post(1), 'hold.ended'],
  ['refuses to post twice', [reserved(4), posted(1, 3)], post(1), 'hold.ended'],
  ['refuses to post what was voided', [reserved(4), voided(4)], post(1), 'hold.ended'],
  ['is voided', [reserved(4)], end, [voided(4)]],
  ['is voided after its expiry, timer or not', [reserved(4, { expiresAt: 50 })], end, [voided(4)], at(50)],
  ['refuses to void what was posted', [reserved(4), posted(4, 0)], end, 'hold.ended'],
  ['refuses to post at its expiry, timer or not', [reserved(4, { expiresAt: 50 })], post(1), 'hold.ended', at(50)],
  ['is posted just before', [reserved(4, { expiresAt: 50 })], post(4), [posted(4, 0)], at(49)],
  ['expires', [reserved(4, { expiresAt: 50 })], expire, [expired(4)], at(50)],
  ['does not expire early', [reserved(4, { expiresAt: 50 })], expire, [], at(49)],
  ['has nothing left to expire', [], expire, []],
]);

test('it is due when it expires, and never without an expiry', () => {
  expect([hold.due?.({ amountMicroCredits: 1, expiresAt: 50 }), hold.due?.({ amountMicroCredits: 1 })]).toEqual([
    50,
    undefined,
  ]);
});
