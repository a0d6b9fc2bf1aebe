import { object, optional } from '#commands/codec/object';
import { choice, text } from '#commands/codec/scalar';
import { Addresses, CertificateId, LifetimeSeconds, Names, Subject } from '#commands/iam/certificate';
import { route, type FixedRoute } from '#gateways/fixed-route';

export const Csr = text('signing request', {
  summary: 'A certificate request (PKCS #10) in PEM. Its names and addresses are heard, and nothing else of it.',
  maxLength: 16_384,
});

const SshKey = text('public key', {
  summary: 'The public key of an SSH server, as in `ssh_host_ed25519_key.pub`.',
  maxLength: 1_024,
});

export const CertificateSigning = object({
  csr: Csr,
  purpose: choice('purpose', { summary: 'What the certificate is for.', values: ['server', 'host'] }),
  subject: Subject,
  lifetimeSeconds: optional(LifetimeSeconds),
});

export const CertificateRenewal = object({
  csr: optional(Csr),
  publicKey: optional(SshKey),
  of: optional(CertificateId),
  lifetimeSeconds: optional(LifetimeSeconds),
});

export const SshHostSigning = object({
  host: text('host', { summary: 'The name of the host.', pattern: '[a-z0-9-]+', maxLength: 63, example: 'node1' }),
  publicKey: SshKey,
  names: Names,
  addresses: optional(Addresses),
  lifetimeSeconds: optional(LifetimeSeconds),
});

const SIGNED =
  '`certificate`, in PEM or as a line of OpenSSH; `chain`, which signed it; `serial`, `subject`, `purpose`, ' +
  '`fingerprint`, `notBefore`, `notAfter`, and the `position` from which on it holds.';

/** What the certificate authority signs, and what anyone may have of it. */
export const signingRoutes: readonly FixedRoute[] = [
  route('POST', '/v1/certificate-requests', 'certificate.sign', {
    tag: 'operation',
    summary: 'Have a certificate signed for a server or a host. Needs the permission `certificate.request`.',
    body: CertificateSigning,
    answer: SIGNED,
  }),
  route('POST', '/v1/certificate-renewals', 'certificate.signAgain', {
    tag: 'operation',
    summary:
      'Have another certificate like a valid one signed: that of the client, unless `of` names one. A host may renew ' +
      'its own; for others the permission `certificate.request` is needed.',
    body: CertificateRenewal,
    answer: SIGNED,
  }),
  route('POST', '/v1/ssh-host-certificates', 'certificate.signSsh', {
    tag: 'operation',
    summary: 'Have a key of an SSH server signed. Needs the permission `certificate.request`.',
    body: SshHostSigning,
    answer: SIGNED,
  }),
  ...(
    [
      ['ca.pem', 'The certificates of the authority that are trusted, for clients and servers.'],
      ['crl.pem', 'What the authority has revoked: a list of each certificate of it that is trusted.'],
      ['ssh-ca.pub', 'The keys that sign SSH host certificates, as lines of `known_hosts`.'],
    ] as const
  ).map(([name, summary]) =>
    route('GET', `/v1/authority/${name}`, `authority.${name}`, {
      tag: 'operation',
      summary,
      answer: name.endsWith('.pem') ? 'PEM.' : 'Lines of OpenSSH.',
      type: 'text/plain',
      open: true,
    }),
  ),
];
