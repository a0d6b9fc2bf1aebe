import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { AnyCommand } from '#commands/command';
import type { Id } from '#commands/codec/scalar';
import type { Rejection } from '#commands/rejection';
import type { Happened, Moment } from '#aggregates/decision';
import type { Certificate } from '#aggregates/certificate';
import { certificate } from '#aggregates/iam/certificate';
import { renewal } from '#aggregates/iam/renewal';
import type { Work } from '#aggregates/procedure';
import { factsHolding, held } from '#harness/facts';

const day = 86_400;
const of = 'b'.repeat(32) as Id<'certificate'>;
const more = { publicKeyDigest: '1'.repeat(64), lifetimeSeconds: 3_600 };
const command = { kind: 'certificate.renew' as const, id: 'a'.repeat(32) as Id<'certificate'>, body: { of, ...more } };

const asked = {
  purpose: 'host' as const,
  subject: 'host/node1',
  names: ['node1.example.net'],
  addresses: ['192.0.2.7'],
  publicKeyDigest: '0'.repeat(64),
  lifetimeSeconds: day,
  requestedMs: 0,
};
const signed = {
  issuer: 'c'.repeat(64),
  fingerprint: 'd'.repeat(64),
  notBefore: 10,
  notAfter: 20,
  certificate: '-----BEGIN CERTIFICATE-----',
};
const issued: Certificate = { ...asked, ...signed, phase: 'issued' };

/** What a renewal came to, with what was decided for it, by whom. */
const renewed = (
  principal: string,
  state: Certificate | undefined,
  now = 15,
  answer: Either<Rejection, readonly Happened[]> = right([]),
): { readonly code: string; readonly ran: readonly (readonly [as: string, command: AnyCommand])[] } => {
  const ran: (readonly [string, AnyCommand])[] = [];
  const as = (who: string) => (decided: AnyCommand) => {
    ran.push([who, decided]);
    return answer;
  };
  const impossible = () => {
    throw new Error('not asked for');
  };
  const facts = factsHolding(state === undefined ? [] : [held(certificate, of, state)]);
  const work: Work = {
    get: (kind, id) => facts.get(kind, id),
    range: impossible,
    index: impossible,
    count: impossible,
    sum: impossible,
    run: as('caller'),
    follow: as('system'),
    forbidden: impossible,
    fireDue: impossible,
    rearm: impossible,
  };
  const moment: Moment = { position: 1, now, level: 1, principal, credential: 'test', address: '' };
  const performed = renewal.perform(command, work, moment);
  return { code: isLeft(performed) ? performed.left.code : 'accepted', ran };
};

const { purpose, subject, names, addresses } = asked;
const request = {
  kind: 'certificate.request',
  id: command.id,
  body: { purpose, subject, names, addresses, ...more, renews: of },
};

test('a host gets another like its own, with a new key, and needs no permission', () => {
  expect(renewed('host/node1', issued)).toEqual({ code: 'accepted', ran: [['system', request]] });
});

test.each(['host/node2', 'host/node', 'host/node11', 'admin', 'user/host/node1', ''])(
  '%j needs the permission to ask for one',
  (principal) => expect(renewed(principal, issued)).toEqual({ code: 'accepted', ran: [['caller', request]] }),
);

test('a refusal is handed on', () => {
  const forbidden = left({ code: 'request.forbidden' });
  expect(renewed('host/node2', issued, 15, forbidden).code).toBe('request.forbidden');
});

test.each([
  ['is not there', undefined, 15, 'certificate.absent'],
  ['has ended', issued, 20, 'certificate.invalid'],
  ['does not hold yet', issued, 9, 'certificate.invalid'],
  ['was not signed', { ...asked, phase: 'requested' }, 15, 'certificate.invalid'],
  [
    'was revoked',
    { ...asked, ...signed, phase: 'revoked', revoked: { atMs: 12, reason: 'unspecified' } },
    15,
    'certificate.invalid',
  ],
] as const)('what %s is renewed by nobody', (_, state, now, code) => {
  expect(renewed('host/node1', state, now)).toEqual({ code, ran: [] });
  expect(renewed('admin', state, now)).toEqual({ code, ran: [] });
});
