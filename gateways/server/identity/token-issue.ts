import { left, right, type Either } from 'fp-ts/lib/Either';
import { accessKeyKind } from '#aggregates/iam/access-key';
import { loginKind } from '#aggregates/iam/login';
import { sessionKind } from '#aggregates/iam/session';
import { tokenSeconds } from '#aggregates/iam/signing-key';
import { userKind } from '#aggregates/iam/user';
import type { Engine } from '#log/engine';
import type { Outcome } from '#log/outcome';
import type { LoginFault, Tokens, UserInfo } from '#gateways/identity';
import { bySystem } from '#gateways/server/by-system';
import { accessKeyForm, audience, digestOf, isSameDigest } from '#gateways/server/identity/credentials';
import { signToken } from '#gateways/server/identity/jwt';
import {
  digestsOf,
  newRefreshToken,
  nextRefreshToken,
  randomId,
  readRefreshToken,
  refreshTokenText,
} from '#gateways/server/identity/refresh-tokens';
import type { Signing } from '#gateways/server/identity/signing';

/** Whom tokens are made for. */
interface Bearer {
  readonly principal: string;
  readonly credential: string;
  readonly client: string;
  readonly scope: string;
}

/** What an id token says beside that, when there is one. */
interface LoggedIn {
  readonly atMs: number;
  readonly nonce?: string;
}

export interface Opening {
  readonly principal: string;
  readonly method: 'password' | 'device' | 'code' | 'federated';
  readonly client: string;
  readonly scope: string;
  readonly login?: string;
  readonly step?: number;
  readonly nonce?: string;
}

interface IssueParts {
  readonly engine: Engine;
  readonly signing: Signing;
  readonly issuer: () => string;
}

/** Makes tokens for what the log has let in. */
export const tokenIssue = ({ engine, signing, issuer }: IssueParts) => {
  const now = (): number => Math.max(engine.now, engine.head.nowMs);
  const signed = async (bearer: Bearer, loggedIn?: LoggedIn): Promise<Tokens> => {
    const { principal, credential, client, scope } = bearer;
    const signer = await signing.signer();
    const iat = Math.floor(now() / 1_000);
    const times = { iat, nbf: iat, exp: iat + tokenSeconds };
    const who = { iss: issuer(), sub: principal };
    const access = { ...who, aud: audience, ...times, jti: randomId(), cred: credential, client_id: client, scope };
    const tokens = {
      principal,
      accessToken: signToken(signer, 'at+jwt', access),
      expiresSeconds: tokenSeconds,
      scope,
    };
    if (loggedIn === undefined || !scope.split(' ').includes('openid')) return tokens;
    const { atMs, nonce } = loggedIn;
    const about = { ...infoClaims(userInfo(engine, principal), scope), auth_time: Math.floor(atMs / 1_000) };
    const claims = { ...who, aud: client, ...times, ...about, ...(nonce === undefined ? {} : { nonce }) };
    return { ...tokens, idToken: signToken(signer, 'JWT', claims) };
  };

  return {
    /** Begins a session. */
    open: async (opening: Opening): Promise<Either<LoginFault, Tokens>> => {
      const { principal, method, client, scope, login, step, nonce } = opening;
      const token = newRefreshToken();
      const body = {
        ...{ principal, method, client, ...digestsOf(token) },
        ...(login === undefined ? {} : { login }),
        ...(step === undefined ? {} : { step }),
      };
      const outcome = await engine.submit({ ...bySystem, kind: 'session.open', id: token.session, body });
      if (outcome.result.status !== 'accepted') {
        if (login !== undefined && codeOf(outcome) === 'session.codeUsed') await endSessionOf(engine, login);
        return left('wrong');
      }
      const bearer = { principal, credential: `session/${token.session}`, client, scope };
      const loggedIn = { atMs: outcome.nowMs, ...(nonce === undefined ? {} : { nonce }) };
      return right({ ...(await signed(bearer, loggedIn)), refreshToken: refreshTokenText(token) });
    },

    refresh: async (text: string, client: string | undefined): Promise<Either<LoginFault, Tokens>> => {
      const shown = readRefreshToken(text);
      if (shown === undefined) return left('wrong');
      const held = engine.facts.get(sessionKind, shown.session)?.state;
      const { family, current } = digestsOf(shown);
      // Who does not know the family has never had a token of it, and must not make the log grow.
      if (held === undefined || !isSameDigest(held.family, family)) return left('wrong');
      if (client !== undefined && client !== held.client) return left('wrong');
      const next = nextRefreshToken(shown);
      const body = { family, shown: current, next: digestsOf(next).current };
      const { result } = await engine.submit({ ...bySystem, kind: 'session.refresh', id: shown.session, body });
      if (result.status !== 'accepted' || result.events[0]?.kind !== 'session.refreshed') return left('wrong');
      const bearer = { principal: held.principal, credential: `session/${shown.session}`, client: held.client };
      return right({ ...(await signed({ ...bearer, scope: '' })), refreshToken: refreshTokenText(next) });
    },

    /** For a program that shows its key; it shows it again when the token ends. */
    forKey: async (serviceAccount: string, shown: string): Promise<Either<LoginFault, Tokens>> => {
      const [, id, secret] = accessKeyForm.exec(shown) ?? [];
      if (id === undefined || secret === undefined) return left('wrong');
      const held = engine.facts.get(accessKeyKind, id)?.state;
      const isIts = held !== undefined && isSameDigest(held.digest, digestOf(secret));
      if (!isIts || held.serviceAccount !== serviceAccount) return left('wrong');
      const principal = `service-account/${serviceAccount}`;
      return right(await signed({ principal, credential: `access-key/${id}`, client: serviceAccount, scope: '' }));
    },
  };
};

export type TokenIssue = ReturnType<typeof tokenIssue>;

const codeOf = ({ result }: Outcome): string | undefined => (result.status === 'rejected' ? result.code : undefined);

/** A code that is shown twice was stolen, by the one or by the other. */
const endSessionOf = async (engine: Engine, login: string): Promise<void> => {
  const session = engine.facts.get(loginKind, login)?.state.session;
  if (session !== undefined) await engine.submit({ ...bySystem, kind: 'session.end', id: session, body: {} });
};

export const userInfo = (engine: Pick<Engine, 'facts'>, principal: string): UserInfo | undefined => {
  if (!principal.startsWith('user/')) return { sub: principal };
  const user = principal.slice('user/'.length);
  const held = engine.facts.get(userKind, user)?.state;
  if (held === undefined) return undefined;
  return {
    sub: principal,
    preferredUsername: user,
    ...(held.displayName === undefined ? {} : { name: held.displayName }),
    ...(held.email === undefined ? {} : { email: held.email }),
  };
};

/** What the scopes let through. */
const infoClaims = (info: UserInfo | undefined, scope: string): Readonly<Record<string, string>> => {
  const asked = scope.split(' ');
  const { name, email, preferredUsername } = info ?? {};
  return {
    ...(asked.includes('profile') && name !== undefined ? { name } : {}),
    ...(asked.includes('profile') && preferredUsername !== undefined ? { preferred_username: preferredUsername } : {}),
    ...(asked.includes('email') && email !== undefined ? { email } : {}),
  };
};
