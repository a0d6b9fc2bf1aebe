import { kind, type Facts } from '#aggregates/facts';
import { named, nounAndId } from '#aggregates/named';

/** What decisions ask of credentials; the objects have more. */
const sessionKind = kind<{ readonly principal: string; readonly expiresMs: number; readonly revokedMs?: number }>(
  'session',
);
const accessKeyKind = kind<{ readonly serviceAccount: string; readonly expiresMs?: number }>('access-key');
const certificateKind = kind<{ readonly subject: string; readonly notAfter?: number; readonly revoked?: unknown }>(
  'certificate',
);

type Ended = (now: number) => string | undefined;

/**
 * Why a credential stands for nobody any more, such as `session.revoked`; looked up once for many moments. Undefined:
 * only the principal is looked at, whatever it shows.
 */
export const credentialOf = (facts: Facts, principal: string, credential: string | undefined): Ended => {
  const gone = principalGone(facts, principal);
  if (gone !== undefined) return () => gone;
  if (credential === undefined) return () => undefined;
  const [noun, id] = nounAndId(credential);
  switch (noun) {
    case 'session': {
      const held = facts.get(sessionKind, id)?.state;
      if (held?.principal !== principal) return () => 'session.absent';
      if (held.revokedMs !== undefined) return () => 'session.revoked';
      return (now) => (now >= held.expiresMs ? 'session.expired' : undefined);
    }
    case 'access-key': {
      const held = facts.get(accessKeyKind, id)?.state;
      if (held === undefined || `service-account/${held.serviceAccount}` !== principal)
        return () => 'access-key.absent';
      const { expiresMs } = held;
      return (now) => (expiresMs !== undefined && now >= expiresMs ? 'access-key.expired' : undefined);
    }
    case 'certificate': {
      const held = facts.get(certificateKind, id)?.state;
      if (held?.subject !== principal) return () => 'certificate.absent';
      if (held.revoked !== undefined) return () => 'certificate.revoked';
      const { notAfter } = held;
      if (notAfter === undefined) return () => 'certificate.unsigned';
      return (now) => (now >= notAfter ? 'certificate.expired' : undefined);
    }
    default:
      return () => 'credential.unknown';
  }
};

/** Why a principal may do nothing, whatever it shows. */
export const principalGone = (facts: Facts, principal: string): string | undefined => {
  const [noun] = nounAndId(principal);
  if (noun !== 'user' && noun !== 'service-account' && noun !== 'host') return 'principal.unknown';
  const held = named<{ readonly disabled?: boolean }>(facts, principal)?.state;
  if (held === undefined) return `${noun}.absent`;
  return held.disabled === true ? `${noun}.disabled` : undefined;
};
