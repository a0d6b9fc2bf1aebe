import { together, type Asked } from '#harness/why/asked';

const digit = (each: string): string => each.repeat(64);
const serial = (each: string): string => each.repeat(32);
const day = 86_400;

/** Keys of the authority, as the process makes them; only their names are looked at. */
const keys = (each: string) => ({
  certificate: '-----BEGIN CERTIFICATE-----',
  fingerprint: digit(each),
  notBefore: 0,
  notAfter: 4_000_000_000_000,
  sshPublicKey: `ssh-ed25519 ${'A'.repeat(68)}`,
  sealedKey: 'sealed:v1:a:b:c',
  sealedSshKey: 'sealed:v1:a:b:d',
});

const asked = {
  purpose: 'host',
  subject: 'host/node1',
  names: ['node1.example.net'],
  addresses: [],
  publicKeyDigest: digit('0'),
  lifetimeSeconds: day,
};
const request = (id: string, more = {}): Asked => ['certificate.request', serial(id), { ...asked, ...more }];
const issue = (id: string, more = {}): Asked => [
  'certificate.issue',
  serial(id),
  {
    issuer: digit('1'),
    fingerprint: digit(id),
    notBefore: 0,
    notAfter: 4_000_000_000_000,
    certificate: '-----BEGIN CERTIFICATE-----',
    ...more,
  },
];
const replaced = (each: string): readonly Asked[] => [
  ['authority.rotate', 'cluster', {}],
  ['authority.replace', 'cluster', keys(each)],
];

/** How the refusals of the certificate authority come about. */
export const certificateRefusals: Readonly<Record<string, readonly Asked[]>> = {
  'authority.absent': [['authority.rotate', 'cluster', {}]],
  'authority.exists': [
    ['authority.create', 'cluster', keys('1')],
    ['authority.create', 'cluster', keys('2')],
  ],
  'authority.current': [['authority.distrust', 'cluster', { fingerprint: digit('1') }]],
  'authority.untrusted': [['authority.distrust', 'cluster', { fingerprint: digit('9') }]],
  'authority.settled': [['authority.replace', 'cluster', keys('2')]],
  'certificate.absent': [['certificate.revoke', serial('0'), {}]],
  'certificate.hostAbsent': [request('a')],
  'certificate.exists': [['host.create', 'node1', {}], request('a'), request('a', { names: ['other'] })],
  'certificate.mismatched': [request('b', { purpose: 'server' })],
  'certificate.nameless': [request('b', { names: [] })],
  'certificate.unsignable': [request('b', { names: ['*.example.net'] })],
  'certificate.tooLong': [request('b', { lifetimeSeconds: 2 * day })],
  'certificate.unrequested': [issue('c')],
  'certificate.superseded': [request('d'), issue('d', { issuer: digit('9') })],
  'certificate.invalid': [
    request('e'),
    ['certificate.renew', serial('f'), { of: serial('e'), publicKeyDigest: digit('2'), lifetimeSeconds: day }],
  ],
  'certificate.crowded': [
    ['host.create', 'busy-one', {}],
    together('certificate.request', 32, (at) => ({
      id: String(at).padStart(32, '0'),
      body: { ...asked, subject: 'host/busy-one' },
    })),
    request('7', { subject: 'host/busy-one' }),
  ],
  'authority.crowded': [...replaced('2'), ...replaced('3'), ...replaced('4'), ['authority.rotate', 'cluster', {}]],
};
