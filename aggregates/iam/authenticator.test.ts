import type { Id } from '#commands/codec/scalar';
import { authenticatorOf, type AuthenticatorEvent } from '#aggregates/iam/authenticator';
import { bindingOf } from '#aggregates/iam/binding';
import { userOf } from '#aggregates/iam/user';
import { decisions, type Setting } from '#harness/decisions';
import { held, type Held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const authenticator = authenticatorOf(fewWords);
const id = 'alice' as Id<'authenticator'>;
const password = 'sealed:v1:aaaaaaaaaaaaaaaa:aaaaaaaaaaaaaaaa:aaaaaaaaaaaaaaaaaaaaaaaaa';
const secret = 'sealed:v1:bbbbbbbbbbbbbbbb:bbbbbbbbbbbbbbbb:bbbbbbbbbbbbbbbbbbbbbbbbb';
const set = { kind: 'authenticator.setPassword' as const, id, body: { password } };
const change = { kind: 'authenticator.changePassword' as const, id, body: { password } };
const passwordSet: AuthenticatorEvent = { kind: 'authenticator.passwordSet', body: { password } };
const enrol = { kind: 'authenticator.enrolTotp' as const, id, body: { secret } };
const enrolled: AuthenticatorEvent = { kind: 'authenticator.totpEnrolled', body: { secret } };
const confirm = (step: number) => ({ kind: 'authenticator.confirmTotp' as const, id, body: { step } });
const confirmed = (step: number): AuthenticatorEvent => ({ kind: 'authenticator.totpConfirmed', body: { step } });
const removeTotp = (step: number) => ({ kind: 'authenticator.removeTotp' as const, id, body: { step } });
const totpRemoved: AuthenticatorEvent = { kind: 'authenticator.totpRemoved', body: {} };
const reset = { kind: 'authenticator.reset' as const, id, body: {} };
const removed: AuthenticatorEvent = { kind: 'authenticator.removed', body: {} };
const fail = { kind: 'authenticator.fail' as const, id, body: {} };
const failed = (failures: number, lockedUntil?: number): AuthenticatorEvent => ({
  kind: 'authenticator.failed',
  body: lockedUntil === undefined ? { failures } : { failures, lockedUntil },
});
const pass = (step?: number) => ({
  kind: 'authenticator.pass' as const,
  id,
  body: step === undefined ? {} : { step },
});
const passed = (step?: number): AuthenticatorEvent => ({
  kind: 'authenticator.passed',
  body: step === undefined ? {} : { step },
});

const people = ['alice', 'bob'].map((name) => held(userOf(fewWords), name, { organisation: 'acme', disabled: false }));
const by = (principal: string, ...facts: readonly Held[]): Setting => ({
  facts: [...people, ...facts],
  moment: { principal },
});
const owner = (name: string): Held =>
  held(bindingOf(fewWords), `${name}-owner`, { subject: `user/${name}`, role: 'owner' });
const at = (now: number): Setting => ({ moment: { now } });

decisions(authenticator, [
  ['sets a password', [], set, [passwordSet], by('admin')],
  ['sets another', [passwordSet], set, [passwordSet], by('admin')],
  ['sets none for nobody', [], set, 'user.absent'],
  ['refuses to let less than an owner be one', [], set, 'iam.escalation', by('user/bob', owner('alice'))],
  ['lets an owner set that of an owner', [], set, [passwordSet], by('user/bob', owner('alice'), owner('bob'))],
  ['changes the own password', [passwordSet], change, [passwordSet], by('user/alice', owner('alice'))],
  ['lifts the lock with a new password', [passwordSet, failed(5, 9e9), passwordSet], pass(), []],
  ['begins one-time codes', [passwordSet], enrol, [enrolled], by('user/alice')],
  ['begins again with another secret', [passwordSet, enrolled], enrol, [enrolled], by('user/alice')],
  ['asks for them after the first', [passwordSet, enrolled], confirm(7), [confirmed(7)], by('user/alice')],
  ['asks for them only once', [passwordSet, enrolled, confirmed(7)], confirm(8), [], by('user/alice')],
  ['takes no first code of nothing', [passwordSet], confirm(7), 'authenticator.unenrolled', by('user/alice')],
  [
    'does not begin again while they are asked for',
    [passwordSet, enrolled, confirmed(7)],
    enrol,
    'authenticator.enrolled',
    by('user/alice'),
  ],
  [
    'takes no code for the first that was shown for another secret',
    [passwordSet, enrolled, confirmed(7), totpRemoved, enrolled],
    confirm(7),
    'authenticator.codeUsed',
    by('user/alice'),
  ],
  [
    'asks no longer when one was shown',
    [passwordSet, enrolled, confirmed(7)],
    removeTotp(8),
    [totpRemoved],
    by('user/alice'),
  ],
  [
    'asks on when one was shown twice',
    [passwordSet, enrolled, confirmed(7)],
    removeTotp(7),
    'authenticator.codeUsed',
    by('user/alice'),
  ],
  ['has none to remove', [passwordSet], removeTotp(8), 'authenticator.unenrolled', by('user/alice')],
  ['takes a password', [passwordSet], pass(), []],
  ['forgets the wrong ones with it', [passwordSet, failed(3)], pass(), [passed()]],
  ['takes a password with a code', [passwordSet, enrolled, confirmed(7)], pass(8), [passed(8)]],
  ['does not ask for codes that were only begun', [passwordSet, enrolled], pass(), []],
  ['refuses a password without a code', [passwordSet, enrolled, confirmed(7)], pass(), 'authenticator.codeMissing'],
  ['refuses a code twice', [passwordSet, enrolled, confirmed(7), passed(8)], pass(8), 'authenticator.codeUsed'],
  ['refuses a code that is older', [passwordSet, enrolled, confirmed(7), passed(8)], pass(7), 'authenticator.codeUsed'],
  ['takes nothing without a password', [], pass(), 'authenticator.absent'],
  ['takes nothing while locked', [passwordSet, failed(5, 30_000)], pass(), 'authenticator.locked', at(29_999)],
  ['takes a password after that', [passwordSet, failed(5, 30_000)], pass(), [passed()], at(30_000)],
  ['counts a wrong one', [passwordSet], fail, [failed(1)]],
  ['locks with the fifth', [passwordSet, failed(4)], fail, [failed(5, 40_000)], at(10_000)],
  ['locks for twice as long with the next', [passwordSet, failed(5, 1)], fail, [failed(6, 70_000)], at(10_000)],
  ['locks for an hour at most', [passwordSet, failed(500, 1)], fail, [failed(501, 3_610_000)], at(10_000)],
  ['counts none while locked', [passwordSet, failed(5, 30_000)], fail, [], at(29_999)],
  ['counts none for nobody', [], fail, 'authenticator.absent'],
  ['removes all of it', [passwordSet, enrolled, confirmed(7)], reset, [removed]],
  ['removes nothing twice', [], reset, []],
]);
