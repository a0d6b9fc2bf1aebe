import type { Entry } from '#log/entry';

type Written = Pick<Entry, 'kind' | 'id' | 'body'> & Partial<Entry>;

const digit = (each: string): string => each.repeat(64);
const serial = (each: string): string => each.repeat(32);
const beganMs = 1_700_000_000_000;
const day = 86_400;

const keys = (each: string, notAfter: number) => ({
  certificate: `-----BEGIN CERTIFICATE----- ${each}`,
  fingerprint: digit(each),
  notBefore: beganMs - 300_000,
  notAfter,
  sshPublicKey: `ssh-ed25519 ${'A'.repeat(68)}`,
  sealedKey: 'sealed:v1:a:b:c',
  sealedSshKey: 'sealed:v1:a:b:d',
});

const asked = {
  purpose: 'host',
  subject: 'host/node1',
  names: ['node1.example.net'],
  addresses: ['192.0.2.7'],
  publicKeyDigest: digit('0'),
  lifetimeSeconds: day,
};
const request = (id: string, more = {}): Written => ({
  kind: 'certificate.request',
  id: serial(id),
  body: { ...asked, ...more },
});
const renew = (id: string, of: string, principal: string): Written => ({
  kind: 'certificate.renew',
  id: serial(id),
  body: { of: serial(of), publicKeyDigest: digit('9'), lifetimeSeconds: 3_600 },
  principal,
  credential: `certificate/${serial(of)}`,
});
const issue = (id: string, issuer: string, notAfter: number): Written => ({
  kind: 'certificate.issue',
  id: serial(id),
  body: {
    issuer: digit(issuer),
    fingerprint: digit(id),
    notBefore: beganMs - 300_000,
    notAfter,
    certificate: `-----BEGIN CERTIFICATE----- ${id}`,
  },
});
const authority = (verb: string, body: unknown): Written => ({ kind: `authority.${verb}`, id: 'cluster', body });

/** An authority and its certificates: asked for, signed, renewed, revoked, at their end, and under new keys. */
export const certificateStory: readonly Written[] = [
  { kind: 'host.create', id: 'node1', body: {} },
  { kind: 'host.create', id: 'node2', body: {} },
  request('a'),
  authority('create', keys('1', beganMs + 60_000)),
  authority('create', keys('1', beganMs + 60_000)),
  request('a'),
  request('a'),
  request('b', { names: ['*.example.net'] }),
  issue('a', '1', beganMs + 50_000),
  renew('b', 'a', 'host/node1'),
  renew('c', 'a', 'host/node2'),
  renew('c', 'a', 'admin'),
  issue('b', '1', beganMs + 55_000),
  request('d', { purpose: 'ssh-host', lifetimeSeconds: 30 * day }),
  request('e', { purpose: 'server', subject: 'server/web', lifetimeSeconds: 90 * day }),
  { kind: 'certificate.revoke', id: serial('b'), body: { reason: 'keyCompromise' } },
  renew('f', 'b', 'host/node1'),
  authority('rotate', {}),
  authority('replace', keys('2', beganMs + 86_400_000_000)),
  issue('e', '1', beganMs + 50_000),
  issue('e', '2', beganMs + 86_400_000),
  authority('rotate', {}),
  authority('replace', keys('3', beganMs + 86_400_000_000)),
  authority('distrust', { fingerprint: digit('2') }),
  { kind: 'clock.advance', id: '', body: {}, stampedAtMs: beganMs + 61_000 },
  { kind: 'clock.advance', id: '', body: {}, stampedAtMs: beganMs + 3_700_000 },
  { kind: 'authority.prune', id: 'cluster', body: {}, stampedAtMs: beganMs + 3_700_000 },
  { kind: 'certificate.lapse', id: serial('d'), body: {}, stampedAtMs: beganMs + 3_700_000 },
];
