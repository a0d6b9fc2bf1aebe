import { kind, type Kind } from '#aggregates/facts';
import { credentialOf } from '#aggregates/iam/credential';
import { serviceAccount } from '#aggregates/iam/service-account';
import { userOf } from '#aggregates/iam/user';
import { factsHolding, held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';
import { knownHost } from '#harness/known-host';

const of = (noun: string): { readonly kind: Kind<object> } => ({ kind: kind<object>(noun) });
const alice = { principal: 'user/alice', expiresMs: 100 };
const facts = factsHolding([
  held(userOf(fewWords), 'alice', { organisation: 'acme', disabled: false }),
  held(userOf(fewWords), 'off', { organisation: 'acme', disabled: true }),
  held(serviceAccount, 'shop/ci', { project: 'shop', disabled: false }),
  knownHost('n1'),
  knownHost('n2'),
  held(of('session'), 'live', alice),
  held(of('session'), 'revoked', { ...alice, revokedMs: 5 }),
  held(of('access-key'), 'key', { serviceAccount: 'shop/ci' }),
  held(of('access-key'), 'brief', { serviceAccount: 'shop/ci', expiresMs: 100 }),
  held(of('certificate'), 'good', { subject: 'host/n1', notAfter: 100 }),
  held(of('certificate'), 'asked', { subject: 'host/n1' }),
  held(of('certificate'), 'bad', { subject: 'host/n1', notAfter: 100, revoked: { reason: 'keyCompromise' } }),
]);

test.each([
  ['user/alice', 'session/live', 99, undefined],
  ['user/alice', 'session/live', 100, 'session.expired'],
  ['user/alice', 'session/revoked', 1, 'session.revoked'],
  ['user/alice', 'session/none', 1, 'session.absent'],
  ['user/off', 'session/live', 1, 'user.disabled'],
  ['user/none', 'session/live', 1, 'user.absent'],
  ['service-account/shop/ci', 'session/live', 1, 'session.absent'],
  ['service-account/shop/ci', 'access-key/key', 1e15, undefined],
  ['service-account/shop/ci', 'access-key/brief', 99, undefined],
  ['service-account/shop/ci', 'access-key/brief', 100, 'access-key.expired'],
  ['user/alice', 'access-key/key', 1, 'access-key.absent'],
  ['host/n1', 'certificate/good', 99, undefined],
  ['host/n1', 'certificate/good', 100, 'certificate.expired'],
  ['host/n1', 'certificate/bad', 1, 'certificate.revoked'],
  ['host/n1', 'certificate/asked', 1, 'certificate.unsigned'],
  ['host/n2', 'certificate/good', 1, 'certificate.absent'],
  ['host/n3', 'certificate/good', 1, 'host.absent'],
  ['user/alice', 'admin.token', 1, 'credential.unknown'],
  ['admin', 'admin.token', 1, 'principal.unknown'],
  ['user/alice', undefined, 1, undefined],
])('%s with %s at %i: %s', (principal, credential, now, expected) => {
  expect(credentialOf(facts, principal, credential)(now)).toBe(expected);
});
