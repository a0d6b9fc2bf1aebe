import { createHash, timingSafeEqual, type KeyObject } from 'node:crypto';
import { accessKeyKind } from '#aggregates/iam/access-key';
import { credentialOf } from '#aggregates/iam/credential';
import { policyChangedAt } from '#aggregates/iam/policy';
import type { Engine } from '#log/engine';
import { readToken, type Claims } from '#gateways/server/identity/jwt';
import type { Principal } from '#gateways/node';

/** Whom access tokens are for. */
export const audience = 'ultracloud';

/** Clocks of other nodes may be a little ahead. */
const skewSeconds = 5;

const maxKept = 20_000;

interface Shown {
  readonly principal: Principal;
  /** Seconds since 1970. */
  readonly expires: number;
  readonly keyId: string | undefined;
}

interface Kept extends Shown {
  /** The change of the policy behind which the rest was looked up. */
  readonly changedAt: number;
  readonly ended: (now: number) => string | undefined;
}

export interface CredentialsParts {
  readonly engine: Pick<Engine, 'facts' | 'now' | 'head'>;
  readonly verifier: (keyId: string) => KeyObject | undefined;
  readonly issuer: () => string;
}

/**
 * Says whose an access token or an access key is. What was verified once is not verified again, but whether the session
 * or key behind it still stands is asked of the present position each time.
 */
export const credentialCheck = (parts: CredentialsParts): ((token: string) => Principal | undefined) => {
  const { engine, verifier } = parts;
  const kept = new Map<string, Kept>();
  const endedOf = ({ principal }: Shown) => credentialOf(engine.facts, principal.name, principal.credential);
  const look = (token: string, changedAt: number): Kept | undefined => {
    const shown = token.startsWith('uck_') ? accessKeyIn(token, engine) : accessTokenIn(token, parts);
    if (shown === undefined) return undefined;
    return { ...shown, changedAt, ended: endedOf(shown) };
  };
  return (token) => {
    const changedAt = policyChangedAt(engine.facts);
    const now = nowOf(engine);
    let known = kept.get(token);
    if (known === undefined || known.changedAt !== changedAt) {
      const isSigned = known?.keyId !== undefined && verifier(known.keyId) !== undefined;
      known = known !== undefined && isSigned ? { ...known, changedAt, ended: endedOf(known) } : look(token, changedAt);
      if (known === undefined) {
        kept.delete(token);
        return undefined;
      }
      if (kept.size >= maxKept) kept.clear();
      kept.set(token, known);
    }
    const isOver = now >= known.expires * 1_000 || known.ended(now) !== undefined;
    return isOver ? undefined : known.principal;
  };
};

/** The later of the clock and the log's own time, which decisions go by. */
const nowOf = (engine: CredentialsParts['engine']): number => Math.max(engine.now, engine.head.nowMs);

const accessTokenIn = (token: string, { engine, verifier, issuer }: CredentialsParts): Shown | undefined => {
  const read = readToken(token, 'at+jwt', verifier);
  if (read === undefined) return undefined;
  const claims = accessClaims(read.claims);
  if (claims === undefined) return undefined;
  const { iss, sub, aud, nbf, exp, cred } = claims;
  if (iss !== issuer() || aud !== audience || nbf > nowOf(engine) / 1_000 + skewSeconds) return undefined;
  return { principal: { name: sub, credential: cred }, expires: exp, keyId: read.keyId };
};

interface AccessClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly nbf: number;
  readonly exp: number;
  readonly cred: string;
}

/** The break-glass account and the process have no tokens, so that no key that leaks makes one. */
const isPrincipal = (sub: string): boolean => sub.startsWith('user/') || sub.startsWith('service-account/');
const isCredential = (cred: string): boolean => cred.startsWith('session/') || cred.startsWith('access-key/');

const accessClaims = ({ iss, sub, aud, nbf, exp, cred }: Claims): AccessClaims | undefined => {
  if (typeof iss !== 'string' || typeof sub !== 'string' || typeof aud !== 'string' || typeof cred !== 'string') {
    return undefined;
  }
  if (!Number.isSafeInteger(nbf) || !Number.isSafeInteger(exp) || !isPrincipal(sub) || !isCredential(cred)) {
    return undefined;
  }
  return { iss, sub, aud, cred, nbf: nbf as number, exp: exp as number };
};

/** An access key as it was shown once: its id and its secret. */
export const accessKeyForm = /^uck_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;

export const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const accessKeyIn = (token: string, engine: CredentialsParts['engine']): Shown | undefined => {
  const [, id, secret] = accessKeyForm.exec(token) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  const held = engine.facts.get(accessKeyKind, id)?.state;
  if (held === undefined || !isSameDigest(held.digest, digestOf(secret))) return undefined;
  const name = `service-account/${held.serviceAccount}`;
  return { principal: { name, credential: `access-key/${id}` }, expires: Infinity, keyId: undefined };
};

export const isSameDigest = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
