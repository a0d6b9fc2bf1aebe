import { list, object } from '#commands/codec/object';
import { boolean, id, text, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { view } from '#commands/view';

const AuthorityId = id('authority', {
  summary: 'What certificates are signed for: `cluster`.',
  pattern: 'cluster',
  maxLength: 7,
  example: 'cluster',
});

/** Former authorities that may be trusted at one time, so that a bundle stays small. */
export const maxFormerAuthorities = 3;

export const Fingerprint = text('fingerprint', {
  summary: 'The SHA-256 of a certificate, in hexadecimal.',
  pattern: '[0-9a-f]{64}',
  minLength: 64,
  maxLength: 64,
  example: '37ed5c612655d012eb97109007fb0acaa6cc2622266dc54162c9e334859a913d',
});

const SshPublicKey = text('SSH public key', {
  summary: 'The key that signs SSH host certificates, as a line of OpenSSH.',
  pattern: 'ssh-ed25519 [A-Za-z0-9+/=]+',
  maxLength: 160,
});

const sealed = (name: string, summary: string) => text(name, { summary, pattern: 'sealed:[!-~]+', maxLength: 2_048 });

/** What anyone may know of one authority. */
const open = {
  certificate: text('certificate', { summary: 'The certificate of the authority, in PEM.', maxLength: 4_096 }),
  fingerprint: Fingerprint,
  notBefore: time('not before', { summary: 'From when on it is valid.' }),
  notAfter: time('not after', { summary: 'Until when it is valid.' }),
  sshPublicKey: SshPublicKey,
};

const material = {
  ...open,
  sealedKey: sealed('sealed key', 'The private key of the certificate, sealed.'),
  sealedSshKey: sealed('sealed SSH key', 'The private key for SSH host certificates, sealed.'),
};

const exampleMaterial = {
  certificate: '-----BEGIN CERTIFICATE-----…',
  fingerprint: '37ed5c612655d012eb97109007fb0acaa6cc2622266dc54162c9e334859a913d',
  notBefore: '2023-11-14T00:00:00.000Z',
  notAfter: '2033-11-14T00:00:00.000Z',
  sshPublicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl',
  sealedKey: 'sealed:v1:k1:bm9uY2U:Y2lwaGVydGV4dA',
  sealedSshKey: 'sealed:v1:k1:bm9uY2U:Y2lwaGVydGV4dB',
};

export const createAuthority = command('authority', 'create', {
  summary: 'Begin to sign certificates, with keys that the process has made.',
  id: AuthorityId,
  plural: 'authorities',
  internal: true,
  body: material,
  examples: [{ title: 'What the process has made.', id: 'cluster', body: exampleMaterial }],
});

export const rotateAuthority = command('authority', 'rotate', {
  summary: 'Have new keys made for the authority. The former certificate stays trusted until its end.',
  id: AuthorityId,
  plural: 'authorities',
  body: {},
  examples: [{ title: 'Sign with new keys from now on.', id: 'cluster', body: {} }],
});

export const replaceAuthority = command('authority', 'replace', {
  summary: 'Sign with new keys that the process has made.',
  id: AuthorityId,
  plural: 'authorities',
  internal: true,
  body: material,
  examples: [
    {
      title: 'After a rotation was asked for.',
      id: 'cluster',
      body: { ...exampleMaterial, sealedKey: 'sealed:v1:k2:bm9uY2U:Y2lwaGVydGV4dA' },
    },
  ],
});

export const distrustAuthority = command('authority', 'distrust', {
  summary: 'Trust a former certificate of the authority no longer, nor anything that was signed with it.',
  id: AuthorityId,
  plural: 'authorities',
  body: { fingerprint: Fingerprint },
  cli: { positional: ['fingerprint'] },
  examples: [
    {
      title: 'The keys that signed before a rotation.',
      id: 'cluster',
      body: { fingerprint: exampleMaterial.fingerprint },
    },
  ],
});

export const pruneAuthority = command('authority', 'prune', {
  summary: 'Forget former certificates of the authority that have ended.',
  id: AuthorityId,
  plural: 'authorities',
  internal: true,
  body: {},
});

export const AuthorityPruned = object({
  fingerprints: list(Fingerprint, { summary: 'Of the certificates that ended.', maxItems: maxFormerAuthorities }),
});

export type AuthorityCommand = CommandOf<
  | typeof createAuthority
  | typeof rotateAuthority
  | typeof replaceAuthority
  | typeof distrustAuthority
  | typeof pruneAuthority
>;

export const authorities = view('authority', {
  summary: 'The authority that signs the certificates of the cluster, without its private keys.',
  id: AuthorityId,
  plural: 'authorities',
  row: object({
    id: AuthorityId,
    ...open,
    rotationRequested: boolean('rotation requested', { summary: 'New keys are being made.' }),
    former: list(object(open), {
      summary: 'Former certificates that are still trusted, the newest first.',
      maxItems: maxFormerAuthorities,
    }),
  }),
  columns: [
    { title: 'AUTHORITY', path: 'id' },
    { title: 'NOT AFTER', path: 'notAfter' },
    { title: 'FINGERPRINT', path: 'fingerprint' },
    { title: 'SSH', path: 'sshPublicKey', wide: true },
  ],
});
