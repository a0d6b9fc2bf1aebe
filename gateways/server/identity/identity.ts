import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import { sessionKind } from '#aggregates/iam/session';
import type { Engine } from '#log/engine';
import type { Grant, Identity, LoginFault, Tokens } from '#gateways/identity';
import type { Principal } from '#gateways/node';
import { bySystem } from '#gateways/server/by-system';
import { credentialCheck, digestOf, isSameDigest } from '#gateways/server/identity/credentials';
import { federationOf, purposeOfProvider } from '#gateways/server/identity/federation';
import { readToken } from '#gateways/server/identity/jwt';
import { loginsOf } from '#gateways/server/identity/logins';
import { passingOf, purposeOfPassword, purposeOfTotp } from '#gateways/server/identity/passing';
import { passwordFault, passwordsOf } from '#gateways/server/identity/passwords';
import { digestsOf, newSecret, randomId, readRefreshToken } from '#gateways/server/identity/refresh-tokens';
import { startSigning } from '#gateways/server/identity/signing';
import { tokenIssue, userInfo } from '#gateways/server/identity/token-issue';
import { base32, newTotpSecret, totpUri } from '#gateways/server/identity/totp';
import type { Keyring } from '#gateways/server/keyring/keyring';

export interface RunningIdentity extends Identity {
  /** Whose a token is at the present position; undefined when it is not valid. */
  authenticate(token: string): Principal | undefined;
  stop(): void;
}

export interface IdentityParts {
  readonly engine: Engine;
  readonly keyring: Keyring;
  readonly clusterId: string;
  /** Looks at what is neither an access token nor an access key. */
  readonly breakGlass: (token: string) => Principal | undefined;
  /** Told of what an operator should look at. */
  readonly tell: (why: string) => void;
}

const encoder = new TextEncoder();

/** Nothing is read, made or loaded before somebody logs in. */
export const startIdentity = (parts: IdentityParts): RunningIdentity => {
  const { engine, keyring, clusterId, breakGlass } = parts;
  let issuer = `urn:ultracloud:${clusterId}`;
  const signing = startSigning(parts);
  const passwords = passwordsOf();
  const passing = passingOf({ engine, keyring, passwords });
  const issue = tokenIssue({ engine, signing, issuer: () => issuer });
  const logins = loginsOf({ engine, passing, issue });
  const federation = federationOf({ engine, keyring, issuer: () => issuer, tell: parts.tell });
  const check = credentialCheck({ engine, verifier: (keyId) => signing.verifier(keyId), issuer: () => issuer });

  const withPassword = async (
    grant: Extract<Grant, { kind: 'password' }>,
    address: string,
  ): Promise<Either<LoginFault, Tokens>> => {
    const passed = await passing.pass(grant, address);
    if (isLeft(passed)) return passed;
    return issue.open({ ...passed.right, method: 'password', client: grant.client, scope: '' });
  };

  const authenticate = (token: string): Principal | undefined =>
    token.startsWith('uck_') || token.includes('.') ? check(token) : breakGlass(token);

  return {
    authenticate,
    get issuer() {
      return issuer;
    },
    serveAs: (url) => (issuer = url),
    publicKeys: () => signing.publicKeys(),
    ensureSigningKey: async () => void (await signing.signer()),

    exchange: async (grant, address) => {
      switch (grant.kind) {
        case 'password':
          return withPassword(grant, address);
        case 'access-key':
          // Nobody guesses 256 bits, so that many programs may ask from one address.
          return issue.forKey(grant.serviceAccount, grant.key);
        case 'refresh':
          return issue.refresh(grant.token, grant.client);
        case 'device':
          return logins.device(grant);
        case 'code':
          return logins.code(grant);
      }
    },

    introspect: (token) => {
      const shown = check(token);
      if (shown === undefined) return undefined;
      const {
        client_id: client,
        scope,
        iat,
        exp,
      } = readToken(token, 'at+jwt', (keyId) => signing.verifier(keyId))?.claims ?? {};
      return {
        principal: shown.name,
        ...(typeof client === 'string' ? { client } : {}),
        ...(typeof scope === 'string' ? { scope } : {}),
        ...(typeof iat === 'number' ? { issued: iat } : {}),
        ...(typeof exp === 'number' ? { expires: exp } : {}),
      };
    },

    revoke: async (token) => {
      const session = sessionIn(token, engine, (text) => check(text)?.credential);
      if (session === undefined) return;
      await engine.submit({ ...bySystem, kind: 'session.revoke', id: session, body: {} });
    },

    userInfo: (principal) => userInfo(engine, principal),
    startDevice: (...asked) => logins.startDevice(...asked),
    deviceClient: (...asked) => logins.deviceClient(...asked),
    settleDevice: (...asked) => logins.settleDevice(...asked),
    startCode: (...asked) => logins.startCode(...asked),

    outsideIssuers: () => federation.list(),
    startFederation: (...asked) => federation.start(...asked),
    finishFederation: (...asked) => federation.finish(...asked),
    sealProviderSecret: (provider, secret) =>
      keyring.seal(`identity-provider/${provider}`, purposeOfProvider(provider), encoder.encode(secret)),

    makeAccessKey: () => {
      const [id, secret] = [randomId(), newSecret()];
      return { id, key: `uck_${id}_${secret}`, digest: digestOf(secret) };
    },
    sealPassword: async (user, password) => {
      const fault = passwordFault(password, user);
      if (fault !== undefined) return left(fault);
      const phc = await passwords.hash(password);
      return right(keyring.seal(`user/${user}`, purposeOfPassword(user), encoder.encode(phc)));
    },
    checkPassword: (...asked) => passing.checkPassword(...asked),
    makeTotp: (user) => {
      const secret = newTotpSecret();
      return {
        sealed: keyring.seal(`user/${user}`, purposeOfTotp(user), secret),
        secret: base32(secret),
        uri: totpUri(secret, user, 'UltraCloud'),
      };
    },
    checkTotp: (...asked) => passing.checkTotp(...asked),
    stop: () => signing.stop(),
  };
};

/** The session that a refresh token or an access token is of. */
const sessionIn = (
  token: string,
  engine: Pick<Engine, 'facts'>,
  credentialOf: (token: string) => string | undefined,
): string | undefined => {
  const shown = readRefreshToken(token);
  if (shown !== undefined) {
    const family = engine.facts.get(sessionKind, shown.session)?.state.family;
    return family !== undefined && isSameDigest(family, digestsOf(shown).family) ? shown.session : undefined;
  }
  const credential = credentialOf(token);
  return credential?.startsWith('session/') === true ? credential.slice('session/'.length) : undefined;
};
