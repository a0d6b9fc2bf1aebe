import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  AuthorityPruned,
  createAuthority,
  distrustAuthority,
  maxFormerAuthorities,
  pruneAuthority,
  replaceAuthority,
  rotateAuthority,
  type AuthorityCommand,
} from '#commands/iam/authority';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { authorityKind, type AuthorityMaterial, type CertificateAuthority } from '#aggregates/authority';

type Nothing = Readonly<Record<string, never>>;

export type AuthorityEvent =
  | { readonly kind: 'authority.created'; readonly body: AuthorityMaterial }
  | { readonly kind: 'authority.rotationRequested'; readonly body: Nothing }
  | { readonly kind: 'authority.rotated'; readonly body: AuthorityMaterial }
  | { readonly kind: 'authority.distrusted'; readonly body: { readonly fingerprint: string } }
  | { readonly kind: 'authority.pruned'; readonly body: TypeOf<typeof AuthorityPruned> };

export const authorityAbsent = {
  category: 'absent',
  summary: 'The cluster has no certificate authority yet.',
  fix: 'It is made when a certificate is first asked for: with `certificate request`, or by `serve --tls`.',
} as const;

const rejections = {
  'authority.absent': authorityAbsent,
  'authority.exists': {
    category: 'conflict',
    summary: 'The cluster has a certificate authority with other keys.',
    fix: 'Use the one there is, or have new keys made with `authority rotate cluster`.',
  },
  'authority.crowded': {
    category: 'exhausted',
    summary: 'As many former certificates of the authority are trusted as may be.',
    fix: 'Distrust one of them with `authority distrust cluster FINGERPRINT`, or wait until one ends.',
  },
  'authority.settled': {
    category: 'conflict',
    summary: 'The authority waits for no new keys.',
    fix: 'Ask for them with `authority rotate cluster`.',
  },
  'authority.current': {
    category: 'conflict',
    summary: 'This is the certificate that signs now.',
    fix: 'Have new keys made with `authority rotate cluster`, renew what it has signed, then distrust it.',
  },
  'authority.untrusted': {
    category: 'absent',
    summary: 'No trusted certificate of the authority has this fingerprint.',
    fix: 'See which are trusted with `authority get cluster`.',
  },
} as const;

export const authority: Aggregate<CertificateAuthority, AuthorityCommand, AuthorityEvent, keyof typeof rejections> = {
  kind: authorityKind,
  summary: 'The authority that signs the certificates of the cluster.',
  commands: [createAuthority, rotateAuthority, replaceAuthority, distrustAuthority, pruneAuthority],
  events: {
    'authority.created': createAuthority.body,
    'authority.rotationRequested': object({}),
    'authority.rotated': replaceAuthority.body,
    'authority.distrusted': distrustAuthority.body,
    'authority.pruned': AuthorityPruned,
  },
  rejections,
  due: ({ former }) => (former.length === 0 ? undefined : Math.min(...former.map(({ notAfter }) => notAfter))),
  onDue: 'authority.prune',

  decide(state, command, _facts, moment) {
    if (command.kind === 'authority.create') {
      if (state === undefined) return accept({ kind: 'authority.created', body: command.body });
      return isSame(state.current, command.body) ? accept() : reject('authority.exists');
    }
    if (command.kind === 'authority.prune') {
      const ended = (state?.former ?? []).filter(({ notAfter }) => notAfter <= moment.now);
      if (ended.length === 0) return accept();
      return accept({ kind: 'authority.pruned', body: { fingerprints: ended.map(({ fingerprint }) => fingerprint) } });
    }
    if (state === undefined) return reject('authority.absent');
    switch (command.kind) {
      case 'authority.rotate':
        if (state.rotationRequested) return accept();
        return state.former.length >= maxFormerAuthorities
          ? reject('authority.crowded', { trusted: state.former.length })
          : accept({ kind: 'authority.rotationRequested', body: {} });
      case 'authority.replace':
        if (isSame(state.current, command.body)) return accept();
        // Of several processes that have made keys the first is heard.
        return state.rotationRequested
          ? accept({ kind: 'authority.rotated', body: command.body })
          : reject('authority.settled');
      case 'authority.distrust': {
        const { fingerprint } = command.body;
        if (state.current.fingerprint === fingerprint) return reject('authority.current');
        return state.former.some((former) => former.fingerprint === fingerprint)
          ? accept({ kind: 'authority.distrusted', body: { fingerprint } })
          : reject('authority.untrusted');
      }
    }
  },

  evolve(state, event) {
    if (event.kind === 'authority.created') return { current: event.body, former: [], rotationRequested: false };
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'authority.rotationRequested':
        return { ...state, rotationRequested: true };
      case 'authority.rotated':
        return { current: event.body, former: [state.current, ...state.former], rotationRequested: false };
      case 'authority.distrusted':
        return without(state, [event.body.fingerprint]);
      case 'authority.pruned':
        return without(state, event.body.fingerprints);
    }
  },
};

const without = (state: CertificateAuthority, fingerprints: readonly string[]): CertificateAuthority => ({
  ...state,
  former: state.former.filter(({ fingerprint }) => !fingerprints.includes(fingerprint)),
});

const isSame = (one: AuthorityMaterial, other: AuthorityMaterial): boolean =>
  one.certificate === other.certificate &&
  one.fingerprint === other.fingerprint &&
  one.notBefore === other.notBefore &&
  one.notAfter === other.notAfter &&
  one.sshPublicKey === other.sshPublicKey &&
  one.sealedKey === other.sealedKey &&
  one.sealedSshKey === other.sealedSshKey;
