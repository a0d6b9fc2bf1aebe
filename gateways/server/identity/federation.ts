import { createHash } from 'node:crypto';
import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import { identityProviderKind } from '#aggregates/iam/identity-provider';
import type { Engine } from '#log/engine';
import type { Federated, FederationStart, LoginFault, OutsideIssuer, Resumption } from '#gateways/identity';
import { digestOf, isSameDigest } from '#gateways/server/identity/credentials';
import { federatedUser } from '#gateways/server/identity/federated-users';
import { guessesOf } from '#gateways/server/identity/guesses';
import { outsideIssuers } from '#gateways/server/identity/outside-issuer';
import { newSecret } from '#gateways/server/identity/refresh-tokens';
import { Forgotten, Unreadable, type Keyring } from '#gateways/server/keyring/keyring';

/** Where other issuers send browsers back to. */
const callbackPath = '/oauth2/callback';

const waitMs = 600_000;
const maxWaiting = 1_000;
const burst = 20;
const refillMs = 3_000;

interface Waiting {
  readonly provider: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Of what only the browser has that began. */
  readonly cookie: string;
  readonly resume: Resumption;
  readonly untilMs: number;
}

interface FederationParts {
  readonly engine: Engine;
  readonly keyring: Keyring;
  readonly issuer: () => string;
  readonly tell: (why: string) => void;
}

export const purposeOfProvider = (provider: string): string => `identity-provider/${provider}/secret`;

/** Logging in with another issuer, by code and PKCE. What waits is kept in memory: a start forgets it. */
export const federationOf = ({ engine, keyring, issuer, tell }: FederationParts) => {
  const waiting = new Map<string, Waiting>();
  const outside = outsideIssuers();
  const starts = guessesOf(burst, refillMs, () => performance.now());
  const redirectUri = (): string => `${issuer()}${callbackPath}`;
  const secretOf = (provider: string, sealed: string | undefined): string | undefined => {
    if (sealed === undefined) return undefined;
    try {
      return keyring.open(purposeOfProvider(provider), sealed).toString('utf8');
    } catch (error) {
      if (error instanceof Forgotten || error instanceof Unreadable) return undefined;
      throw error;
    }
  };
  /** Whatever fails at another issuer is told to operators, since whoever logs in can do nothing about it. */
  const failed = (provider: string, error: unknown): Either<LoginFault, never> => {
    const why = String((error as { readonly message?: unknown } | null)?.message ?? error).slice(0, 300);
    tell(`Nobody could log in with the identity provider ${provider}: ${why}`);
    return left('wrong');
  };

  return {
    list: (): readonly OutsideIssuer[] =>
      engine.facts
        .range(identityProviderKind, { from: '', limit: 20 })
        .map(({ id, state }) => ({ id, displayName: state.displayName ?? id })),

    start: async (
      provider: string,
      resume: Resumption,
      address: string,
    ): Promise<Either<LoginFault, FederationStart>> => {
      const held = engine.facts.get(identityProviderKind, provider)?.state;
      if (held === undefined) return left('wrong');
      if (!starts.may(address)) return left('busy');
      starts.count(address);
      const [state, nonce, verifier, cookie] = [newSecret(), newSecret(), newSecret(), newSecret()];
      try {
        const url = await outside.authorizationEndpoint(held);
        const asked = {
          ...{ response_type: 'code', client_id: held.clientId, redirect_uri: redirectUri() },
          ...{ scope: held.scopes ?? 'openid profile email', state, nonce },
          code_challenge: createHash('sha256').update(verifier).digest('base64url'),
          code_challenge_method: 'S256',
        };
        for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
        const oldest = waiting.size >= maxWaiting ? waiting.keys().next().value : undefined;
        if (oldest !== undefined) waiting.delete(oldest);
        const untilMs = performance.now() + waitMs;
        waiting.set(state, { provider, nonce, verifier, cookie: digestOf(cookie), resume, untilMs });
        return right({ url: url.href, cookie });
      } catch (error) {
        return failed(provider, error);
      }
    },

    finish: async (
      shown: { readonly state: string; readonly code: string; readonly issuer?: string },
      cookie: string,
    ): Promise<Either<LoginFault, Federated>> => {
      const begun = waiting.get(shown.state);
      if (begun === undefined || performance.now() > begun.untilMs) return left('wrong');
      if (!isSameDigest(begun.cookie, digestOf(cookie))) return left('wrong');
      waiting.delete(shown.state);
      const { provider, nonce, verifier, resume } = begun;
      const held = engine.facts.get(identityProviderKind, provider)?.state;
      // An answer of one issuer must not be taken for that of another (RFC 9207).
      if (held === undefined || (shown.issuer !== undefined && shown.issuer !== held.issuer)) return left('wrong');
      try {
        const code = { code: shown.code, verifier, nonce, redirectUri: redirectUri() };
        const claims = await outside.claims(held, code, secretOf(provider, held.secret));
        const user = await federatedUser(engine, held, claims);
        return isLeft(user) ? user : right({ principal: `user/${user.right}`, resume });
      } catch (error) {
        return failed(provider, error);
      }
    },
  };
};
