import { list, object, optional } from '#commands/codec/object';
import { choice, id, integer, text, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Fingerprint } from '#commands/iam/authority';
import { view } from '#commands/view';

export const CertificateId = id('certificate', {
  summary: 'The serial number of a certificate, 32 hexadecimal digits that the gateway draws.',
  pattern: '[0-9a-f]{32}',
  maxLength: 32,
  example: '4f1c02a96d7be35840aa17c3f2d6b98e',
});

const Purpose = choice('purpose', {
  summary:
    '`server` shows who a server is. `host` does the same and shows who a client is. `ssh-host` is for the SSH ' +
    'server of a host.',
  values: ['server', 'host', 'ssh-host'],
});

export type CertificatePurpose = 'server' | 'host' | 'ssh-host';

/** How long a certificate may live, in seconds: those that a machine renews by itself live shortly. */
export const maxLifetimeSeconds: Readonly<Record<CertificatePurpose, number>> = {
  server: 90 * 86_400,
  host: 86_400,
  'ssh-host': 30 * 86_400,
};

/** Certificates of one subject that may be valid or asked for at one time. */
export const maxLivePerSubject = 32;

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

export const Subject = text('subject', {
  summary: 'Whom it is about: the principal `host/NAME`, or `server/NAME`, which is no principal.',
  pattern: `(?:host|server)/${label}`,
  maxLength: 70,
  example: 'host/node1',
});

export const Names = list(
  text('name', { summary: 'A DNS name, as clients ask for it.', maxLength: 300, example: 'node1.example.net' }),
  { summary: 'DNS names that it is valid for.', maxItems: 16 },
);

export const Addresses = list(
  text('address', {
    summary: 'An IP address without a prefix length.',
    pattern: '[0-9a-f:.]{2,45}',
    maxLength: 45,
    example: '192.0.2.7',
  }),
  { summary: 'IP addresses that it is valid for.', maxItems: 16 },
);

export const LifetimeSeconds = integer('lifetime', {
  summary: 'How long it is valid; as long as its purpose allows unless given.',
  unit: 'seconds',
  min: 60,
  max: maxLifetimeSeconds.server,
});

const PublicKeyDigest = text('public key digest', {
  summary: 'The SHA-256 of the public key, in hexadecimal.',
  pattern: '[0-9a-f]{64}',
  minLength: 64,
  maxLength: 64,
  example: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
});

const asked = {
  purpose: Purpose,
  subject: Subject,
  names: Names,
  addresses: Addresses,
  publicKeyDigest: PublicKeyDigest,
  lifetimeSeconds: LifetimeSeconds,
};

const Renewed = text('renewed certificate', {
  summary: 'The serial number of the certificate that it is to follow.',
  pattern: '[0-9a-f]{32}',
  maxLength: 32,
});

const exampleAsked = {
  purpose: 'host',
  subject: 'host/node1',
  names: ['node1.example.net'],
  addresses: ['192.0.2.7'],
  publicKeyDigest: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
  lifetimeSeconds: 86_400,
};

export const requestCertificate = command('certificate', 'request', {
  summary:
    'Ask whether a certificate may be signed. `POST /v1/certificate-requests` does so for a signing request, and ' +
    'has it signed.',
  id: CertificateId,
  body: { ...asked, renews: optional(Renewed) },
  examples: [
    { title: 'For a host, for a day.', id: '4f1c02a96d7be35840aa17c3f2d6b98e', body: exampleAsked },
    {
      title: 'For a server.',
      id: '6a90b1d3c25f4e7788c0d2413b5f6a1c',
      body: { ...exampleAsked, purpose: 'server', subject: 'server/web' },
    },
  ],
});

export const renewCertificate = command('certificate', 'renew', {
  summary: 'Ask for another certificate like one that is valid. Its subject may do so, and who may ask for any.',
  id: CertificateId,
  composed: true,
  body: { of: CertificateId, publicKeyDigest: PublicKeyDigest, lifetimeSeconds: LifetimeSeconds },
  examples: [
    {
      title: 'With a new key.',
      id: '53e8d0b7421f4c6c9a0b6a52d7c1e904',
      body: {
        of: '4f1c02a96d7be35840aa17c3f2d6b98e',
        publicKeyDigest: exampleAsked.publicKeyDigest,
        lifetimeSeconds: 86_400,
      },
    },
  ],
});

const signed = {
  issuer: Fingerprint,
  fingerprint: Fingerprint,
  notBefore: time('not before', { summary: 'From when on it is valid.' }),
  notAfter: time('not after', { summary: 'Until when it is valid.' }),
  certificate: text('certificate', { summary: 'The certificate, in PEM or as a line of OpenSSH.', maxLength: 16_384 }),
};

export const issueCertificate = command('certificate', 'issue', {
  summary: 'Record the certificate that was signed after it was asked for.',
  id: CertificateId,
  internal: true,
  body: signed,
  examples: [
    {
      title: 'What was signed for a host.',
      id: '4f1c02a96d7be35840aa17c3f2d6b98e',
      body: {
        issuer: '37ed5c612655d012eb97109007fb0acaa6cc2622266dc54162c9e334859a913d',
        fingerprint: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        notBefore: '2023-11-14T22:13:00.000Z',
        notAfter: '2023-11-15T10:13:00.000Z',
        certificate: '-----BEGIN CERTIFICATE-----…',
      },
    },
  ],
});

/** Of RFC 5280 5.3.1, those that an operator may have. */
const RevocationReason = choice('reason', {
  summary: 'Why, as revocation lists say it.',
  values: ['unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation'],
});

export const revokeCertificate = command('certificate', 'revoke', {
  summary: 'Make a certificate invalid before its end. What shows it is refused from the next position on.',
  id: CertificateId,
  body: { reason: optional(RevocationReason) },
  examples: [
    {
      title: 'Its key was copied.',
      id: '4f1c02a96d7be35840aa17c3f2d6b98e',
      body: { reason: 'keyCompromise' },
    },
  ],
});

export const lapseCertificate = command('certificate', 'lapse', {
  summary: 'Forget a certificate that has ended, or that was asked for and never signed.',
  id: CertificateId,
  internal: true,
  body: {},
});

export const CertificateRevoked = object({ reason: RevocationReason });

export type CertificateCommand = CommandOf<
  typeof requestCertificate | typeof issueCertificate | typeof revokeCertificate | typeof lapseCertificate
>;

export type RenewalCommand = CommandOf<typeof renewCertificate>;

export const certificates = view('certificate', {
  summary: 'Certificates that have not ended, with those that were revoked.',
  id: CertificateId,
  filters: { subject: optional(Subject) },
  row: object({
    id: CertificateId,
    ...asked,
    phase: choice('phase', {
      summary: 'Asked for, signed, or revoked.',
      values: ['requested', 'issued', 'revoked'],
    }),
    renews: optional(Renewed),
    issuer: optional(Fingerprint),
    fingerprint: optional(Fingerprint),
    notBefore: optional(signed.notBefore),
    notAfter: optional(signed.notAfter),
    certificate: optional(signed.certificate),
    revokedAt: optional(time('revoked at', { summary: 'When it was revoked.' })),
    reason: optional(RevocationReason),
  }),
  columns: [
    { title: 'SERIAL', path: 'id' },
    { title: 'SUBJECT', path: 'subject' },
    { title: 'PURPOSE', path: 'purpose' },
    { title: 'PHASE', path: 'phase' },
    { title: 'NOT AFTER', path: 'notAfter' },
    { title: 'NAMES', path: 'names', wide: true },
    { title: 'ADDRESSES', path: 'addresses', wide: true },
  ],
});
