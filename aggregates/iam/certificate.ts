import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import type { Instant } from '#commands/codec/scalar';
import {
  CertificateRevoked,
  issueCertificate,
  lapseCertificate,
  maxLifetimeSeconds,
  maxLivePerSubject,
  requestCertificate,
  revokeCertificate,
  type CertificateCommand,
} from '#commands/iam/certificate';
import type { Aggregate } from '#aggregates/aggregate';
import { authorityKind, clusterAuthority } from '#aggregates/authority';
import {
  certificateKind,
  certificatesOfSubject,
  revokedOfIssuer,
  signedOf,
  type AskedCertificate,
  type Certificate,
  type Signed,
} from '#aggregates/certificate';
import { accept, impossible, reject, type Decision, type Moment } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { authorityAbsent } from '#aggregates/iam/authority';
import { isSignable, isSignableAddress } from '#aggregates/iam/signable';
import { named } from '#aggregates/named';

/** Index: what was asked for or signed and not revoked, by its subject. */
const liveOfSubject = 'certificate.live';

export type CertificateEvent =
  | { readonly kind: 'certificate.requested'; readonly body: AskedCertificate }
  | { readonly kind: 'certificate.issued'; readonly body: Signed }
  | { readonly kind: 'certificate.revoked'; readonly body: TypeOf<typeof CertificateRevoked> }
  | { readonly kind: 'certificate.lapsed'; readonly body: Readonly<Record<string, never>> };

/** Signing takes a moment; who asked and did not get an answer asks again under another serial number. */
const pendingMs = 3_600_000;

const rejections = {
  'authority.absent': authorityAbsent,
  'certificate.exists': {
    category: 'conflict',
    summary: 'A certificate with this serial number exists.',
    fix: 'Ask again: each request takes a number of its own.',
  },
  'certificate.absent': {
    category: 'absent',
    summary: 'There is no certificate with this serial number, or it has ended.',
    fix: 'List the certificates to see which are valid.',
  },
  'certificate.mismatched': {
    category: 'invalid',
    summary: 'The purpose is not for such a subject.',
    fix: 'Ask for `server` for `server/NAME`, and for `host` or `ssh-host` for `host/NAME`.',
  },
  'certificate.hostAbsent': {
    category: 'absent',
    summary: 'There is no such host.',
    fix: 'Create it first with `host create`, or correct the name.',
  },
  'certificate.nameless': {
    category: 'invalid',
    summary: 'A certificate is valid for at least one name or address.',
    fix: 'Give the names or addresses by which clients reach it.',
  },
  'certificate.unsignable': {
    category: 'invalid',
    summary: 'The authority signs no such name.',
    fix: 'Give whole DNS names in lower case, without wildcards, and addresses of one machine.',
  },
  'certificate.tooLong': {
    category: 'invalid',
    summary: 'The certificate would live for longer than its purpose allows.',
    fix: 'Ask for at most the seconds that the detail names, and renew it in time.',
  },
  'certificate.crowded': {
    category: 'exhausted',
    summary: 'As many certificates of this subject are valid as may be.',
    fix: 'Revoke those that are not used any more, or wait until one ends.',
  },
  'certificate.unrequested': {
    category: 'conflict',
    summary: 'This certificate was not asked for, or is not waited for any more.',
    fix: 'Ask for it again.',
  },
  'certificate.superseded': {
    category: 'conflict',
    summary: 'The certificate was signed with keys that do not sign any more.',
    fix: 'Ask for it again.',
  },
  'certificate.invalid': {
    category: 'conflict',
    summary: 'The certificate is not valid now: it was revoked, has ended, or was never signed.',
    fix: 'Ask an operator for a new one with `certificate request`.',
  },
} as const;

type Code = keyof typeof rejections;

export const certificate: Aggregate<Certificate, CertificateCommand, CertificateEvent, Code> = {
  kind: certificateKind,
  summary: 'A certificate of a server, a host, or the SSH server of a host.',
  commands: [requestCertificate, issueCertificate, revokeCertificate, lapseCertificate],
  events: {
    'certificate.requested': requestCertificate.body,
    'certificate.issued': issueCertificate.body,
    'certificate.revoked': CertificateRevoked,
    'certificate.lapsed': object({}),
  },
  rejections,
  indexes: {
    [certificatesOfSubject]: ({ subject }) => [subject],
    [liveOfSubject]: ({ phase, subject }) => (phase === 'revoked' ? [] : [subject]),
    [revokedOfIssuer]: (state) =>
      state.phase === 'revoked' && state.purpose !== 'ssh-host' && state.issuer !== undefined ? [state.issuer] : [],
  },
  due: (state) => endOf(state),
  onDue: 'certificate.lapse',

  decide(state, command, facts, moment) {
    switch (command.kind) {
      case 'certificate.request':
        return requested(state, command.body, facts);
      case 'certificate.issue':
        return issued(state, command.body, facts, moment);
      case 'certificate.revoke': {
        if (state === undefined) return reject('certificate.absent');
        const { reason = 'unspecified' } = command.body;
        return state.phase === 'revoked' ? accept() : accept({ kind: 'certificate.revoked', body: { reason } });
      }
      case 'certificate.lapse':
        return state === undefined || endOf(state) > moment.now
          ? accept()
          : accept({ kind: 'certificate.lapsed', body: {} });
    }
  },

  evolve(state, event, moment) {
    if (event.kind === 'certificate.requested') {
      return { ...event.body, requestedMs: moment.now, phase: 'requested' };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'certificate.issued':
        return { ...askedOf(state), ...event.body, phase: 'issued' };
      case 'certificate.revoked': {
        const revoked = { atMs: moment.now, reason: event.body.reason };
        return { ...askedOf(state), ...signedOf(state), phase: 'revoked', revoked };
      }
      case 'certificate.lapsed':
        return undefined;
    }
  },
};

const askedOf = (state: Certificate): AskedCertificate & { readonly requestedMs: Instant } => {
  const { purpose, subject, names, addresses, publicKeyDigest, lifetimeSeconds, renews, requestedMs } = state;
  const asked = { purpose, subject, names, addresses, publicKeyDigest, lifetimeSeconds, requestedMs };
  return renews === undefined ? asked : { ...asked, renews };
};

/** When nothing of it is needed any more: a revoked one stays in the revocation list until it would have ended. */
const endOf = (state: Certificate): Instant => signedOf(state)?.notAfter ?? state.requestedMs + pendingMs;

const requested = (
  state: Certificate | undefined,
  asked: AskedCertificate,
  facts: Facts,
): Decision<CertificateEvent, Code> => {
  if (state !== undefined) {
    return state.phase === 'requested' && isSame(state, asked) ? accept() : reject('certificate.exists');
  }
  if (facts.get(authorityKind, clusterAuthority) === undefined) return reject('authority.absent');
  const { purpose, subject, names, addresses, lifetimeSeconds } = asked;
  if (subject.startsWith('server/') !== (purpose === 'server')) {
    return reject('certificate.mismatched', { purpose, subject });
  }
  if (purpose !== 'server' && named(facts, subject) === undefined) return reject('certificate.hostAbsent', { subject });
  if (names.length + addresses.length === 0) return reject('certificate.nameless');
  const refused = names.find((name) => !isSignable(name)) ?? addresses.find((address) => !isSignableAddress(address));
  if (refused !== undefined) return reject('certificate.unsignable', { name: refused });
  const maxSeconds = maxLifetimeSeconds[purpose];
  if (lifetimeSeconds > maxSeconds) return reject('certificate.tooLong', { maxSeconds });
  if (facts.count(liveOfSubject, subject) >= maxLivePerSubject) {
    return reject('certificate.crowded', { subject, limit: maxLivePerSubject });
  }
  return accept({ kind: 'certificate.requested', body: asked });
};

const issued = (
  state: Certificate | undefined,
  signed: Signed,
  facts: Facts,
  moment: Moment,
): Decision<CertificateEvent, Code> => {
  if (state?.phase === 'issued' && state.fingerprint === signed.fingerprint) return accept();
  if (state?.phase !== 'requested') return reject('certificate.unrequested');
  const authority = facts.get(authorityKind, clusterAuthority)?.state;
  if (authority?.current.fingerprint !== signed.issuer) return reject('certificate.superseded');
  const latest = Math.min(state.requestedMs + state.lifetimeSeconds * 1_000, authority.current.notAfter);
  if (signed.notAfter > latest) return reject('certificate.tooLong', { maxSeconds: state.lifetimeSeconds });
  if (signed.notAfter <= moment.now) return reject('certificate.invalid');
  return accept({ kind: 'certificate.issued', body: signed });
};

const isSame = (one: AskedCertificate, other: AskedCertificate): boolean =>
  one.purpose === other.purpose &&
  one.subject === other.subject &&
  one.names.join() === other.names.join() &&
  one.addresses.join() === other.addresses.join() &&
  one.publicKeyDigest === other.publicKeyDigest &&
  one.lifetimeSeconds === other.lifetimeSeconds &&
  one.renews === other.renews;
