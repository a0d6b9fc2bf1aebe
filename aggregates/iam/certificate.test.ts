import type { CommandOf } from '#commands/command';
import type { Id } from '#commands/codec/scalar';
import type { requestCertificate } from '#commands/iam/certificate';
import { maxLivePerSubject } from '#commands/iam/certificate';
import type { AuthorityMaterial } from '#aggregates/authority';
import { authority } from '#aggregates/iam/authority';
import { isValid, type Certificate } from '#aggregates/certificate';
import { certificate, type CertificateEvent } from '#aggregates/iam/certificate';
import { decisions, type Setting } from '#harness/decisions';
import { held } from '#harness/facts';
import { knownHost } from '#harness/known-host';

type Asked = CommandOf<typeof requestCertificate>['body'];

/** When decisions are taken; what was decided before was so at the time 0. */
const nowMs = 3_600_000;
const day = 86_400;
const id = 'a'.repeat(32) as Id<'certificate'>;
const current = 'c'.repeat(64);

const material: AuthorityMaterial = {
  certificate: 'certificate',
  fingerprint: current,
  notBefore: 0,
  notAfter: 1_000 * day * 10,
  sshPublicKey: `ssh-ed25519 ${'A'.repeat(68)}`,
  sealedKey: 'sealed:v1:a:b:c',
  sealedSshKey: 'sealed:v1:a:d:e',
};
const ours = held(authority, 'cluster', { current: material, former: [], rotationRequested: false });

const host: Asked = {
  purpose: 'host',
  subject: 'host/node1',
  names: ['node1.example.net'],
  addresses: ['192.0.2.7'],
  publicKeyDigest: '0'.repeat(64),
  lifetimeSeconds: day,
};
const server: Asked = { ...host, purpose: 'server', subject: 'server/web', lifetimeSeconds: 90 * day };
const ssh: Asked = { ...host, purpose: 'ssh-host', lifetimeSeconds: 30 * day };
const signed = {
  issuer: current,
  fingerprint: 'd'.repeat(64),
  notBefore: 0,
  notAfter: 1_000 * day,
  certificate: '-----BEGIN CERTIFICATE-----',
};

const request = (more: Partial<Asked> = {}, asked = host) => ({
  kind: 'certificate.request' as const,
  id,
  body: { ...asked, ...more },
});
const issue = (more: Partial<typeof signed> = {}) => ({
  kind: 'certificate.issue' as const,
  id,
  body: { ...signed, ...more },
});
const revoke = { kind: 'certificate.revoke' as const, id, body: { reason: 'keyCompromise' as const } };
const lapse = { kind: 'certificate.lapse' as const, id, body: {} };

const requested = (asked: Asked = host): CertificateEvent => ({ kind: 'certificate.requested', body: asked });
const issued = (more: Partial<typeof signed> = {}): CertificateEvent => ({
  kind: 'certificate.issued',
  body: { ...signed, ...more },
});
const revoked: CertificateEvent = { kind: 'certificate.revoked', body: { reason: 'keyCompromise' } };
const lapsed: CertificateEvent = { kind: 'certificate.lapsed', body: {} };

const here: Setting = { facts: [ours, knownHost('node1')] };
const many = Array.from({ length: maxLivePerSubject }, (_, at) =>
  held(certificate, String(at), { ...host, requestedMs: 0, phase: 'requested' }),
);
const spent = many.map((_, at) =>
  held(certificate, String(at), {
    ...host,
    requestedMs: 0,
    phase: 'revoked',
    revoked: { atMs: 0, reason: 'superseded' },
  }),
);

decisions(certificate, [
  ['lets a host be signed for', [], request(), [requested()], here],
  ['lets a server be signed for', [], request({}, server), [requested(server)], here],
  ['lets the SSH server of a host be signed for', [], request({}, ssh), [requested(ssh)], here],
  ['takes the same request again as done', [requested()], request(), [], here],
  ['refuses a serial number that is taken', [requested()], request({ names: ['b'] }), 'certificate.exists', here],
  ['refuses a serial number that was signed', [requested(), issued()], request(), 'certificate.exists', here],
  ['refuses a serial number that was revoked', [requested(), revoked], request(), 'certificate.exists', here],
  ['refuses to sign without an authority', [], request(), 'authority.absent'],
  ['refuses a host as a server', [], request({ purpose: 'server' }), 'certificate.mismatched', here],
  ['refuses a server as a host', [], request({ purpose: 'host' }, server), 'certificate.mismatched', here],
  ['refuses SSH for a server', [], request({ purpose: 'ssh-host' }, server), 'certificate.mismatched', here],
  ['refuses a host that is not there', [], request(), 'certificate.hostAbsent', { facts: [ours] }],
  ['refuses no name at all', [], request({ names: [], addresses: [] }), 'certificate.nameless', here],
  ['refuses a wildcard', [], request({ names: ['a', '*.example.net'] }), 'certificate.unsignable', here],
  ['refuses an empty name', [], request({ names: [''] }), 'certificate.unsignable', here],
  ['refuses a name that is too long', [], request({ names: ['a.'.repeat(127)] }), 'certificate.unsignable', here],
  ['refuses every address', [], request({ addresses: ['0.0.0.0'] }), 'certificate.unsignable', here],
  ['refuses more than a day for a host', [], request({ lifetimeSeconds: day + 1 }), 'certificate.tooLong', here],
  [
    'refuses more than 90 days for a server',
    [],
    request({ lifetimeSeconds: 90 * day + 1 }, server),
    'certificate.tooLong',
    here,
  ],
  [
    'refuses more than 30 days for SSH',
    [],
    request({ lifetimeSeconds: 30 * day + 1 }, ssh),
    'certificate.tooLong',
    here,
  ],
  [
    'refuses more than one subject may have',
    [],
    request(),
    'certificate.crowded',
    { facts: [ours, knownHost('node1'), ...many] },
  ],
  [
    'counts those of its subject only',
    [],
    request({}, server),
    [requested(server)],
    { facts: [ours, knownHost('node1'), ...many] },
  ],
  ['does not count what was revoked', [], request(), [requested()], { facts: [ours, knownHost('node1'), ...spent] }],

  ['records what was signed', [requested()], issue(), [issued()], here],
  ['takes the same certificate again as done', [requested(), issued()], issue(), [], here],
  ['refuses what nobody asked for', [], issue(), 'certificate.unrequested', here],
  ['refuses a second one', [requested(), issued()], issue({ fingerprint: current }), 'certificate.unrequested', here],
  ['refuses what was revoked meanwhile', [requested(), revoked], issue(), 'certificate.unrequested', here],
  ['refuses what lapsed meanwhile', [requested(), lapsed], issue(), 'certificate.unrequested', here],
  ['refuses what former keys signed', [requested()], issue({ issuer: 'e'.repeat(64) }), 'certificate.superseded', here],
  ['refuses more life than was asked for', [requested()], issue({ notAfter: 86_400_001 }), 'certificate.tooLong', here],
  [
    'refuses more life than the authority has',
    [requested(ssh)],
    issue(),
    'certificate.tooLong',
    {
      facts: [
        held(authority, 'cluster', { current: { ...material, notAfter: 1 }, former: [], rotationRequested: false }),
      ],
    },
  ],
  ['refuses what has ended', [requested()], issue({ notAfter: nowMs }), 'certificate.invalid', here],

  ['is revoked', [requested(), issued()], revoke, [revoked]],
  ['is revoked once', [requested(), issued(), revoked], revoke, []],
  ['is revoked before it was signed', [requested()], revoke, [revoked]],
  ['refuses to revoke what is not there', [], revoke, 'certificate.absent'],

  ['ends', [requested(), issued({ notAfter: nowMs })], lapse, [lapsed]],
  ['is kept until then', [requested(), issued({ notAfter: nowMs + 1 })], lapse, []],
  ['is kept until then when it was revoked', [requested(), issued(), revoked], lapse, []],
  ['is forgotten when it was not signed in time', [requested()], lapse, [lapsed]],
  ['is forgotten once', [requested(), lapsed], lapse, []],
]);

test('it is valid from its begin up to its end, unless it was revoked', () => {
  const state: Certificate = { ...host, requestedMs: 0, phase: 'issued', ...signed, notBefore: 10, notAfter: 20 };
  expect([9, 10, 19, 20].map((now) => isValid(state, now))).toEqual([false, true, true, false]);
  expect(isValid({ ...host, requestedMs: 0, phase: 'requested' }, 10)).toBe(false);
  expect(isValid({ ...state, phase: 'revoked', revoked: { atMs: 5, reason: 'unspecified' } }, 10)).toBe(false);
});
