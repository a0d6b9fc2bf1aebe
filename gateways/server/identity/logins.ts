import { createHash, randomInt } from 'node:crypto';
import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import { loginKind, loginSeconds, loginsByUserCode, type Login } from '#aggregates/iam/login';
import type { Engine } from '#log/engine';
import type { Approver, CodeRequest, DeviceLogin, Grant, LoginFault, Tokens } from '#gateways/identity';
import { bySystem } from '#gateways/server/by-system';
import { digestOf, isSameDigest } from '#gateways/server/identity/credentials';
import { guessesOf } from '#gateways/server/identity/guesses';
import type { Passing } from '#gateways/server/identity/passing';
import { newSecret, randomId } from '#gateways/server/identity/refresh-tokens';
import type { TokenIssue } from '#gateways/server/identity/token-issue';

/** Consonants that look like nothing else, so that no words come about (RFC 8628 6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';

const intervalSeconds = 5;

/** Codes are the id and a secret, in one text of fixed length. */
const codeForm = /^([0-9a-f]{32})([A-Za-z0-9_-]{43})$/;

/** Wrong codes that one address may type: this many at once, then one in each so many milliseconds. */
const typedBurst = 10;
const typedRefillMs = 6_000;

/** Logins that one address may begin. */
const startBurst = 20;
const startRefillMs = 3_000;

interface LoginsParts {
  readonly engine: Engine;
  readonly passing: Passing;
  readonly issue: TokenIssue;
}

/** Logins whose result a client fetches with a code. */
export const loginsOf = ({ engine, passing, issue }: LoginsParts) => {
  const monotonic = (): number => performance.now();
  const typing = guessesOf(typedBurst, typedRefillMs, monotonic);
  const starts = guessesOf(startBurst, startRefillMs, monotonic);
  const mayStart = (address: string): boolean => {
    if (!starts.may(address)) return false;
    starts.count(address);
    return true;
  };
  /** When a device code was last asked with, by login. */
  const polled = new Map<string, number>();
  const now = (): number => Math.max(engine.now, engine.head.nowMs);
  const held = (id: string): Login | undefined => engine.facts.get(loginKind, id)?.state;
  const send = async (kind: string, id: string, body: object): Promise<boolean> =>
    (await engine.submit({ ...bySystem, kind, id, body })).result.status === 'accepted';

  /** The login of a code that a client shows, whatever became of it. */
  const shownBy = (code: string, flow: Login['flow'], client: string): { id: string; login: Login } | undefined => {
    const [, id, secret] = codeForm.exec(code) ?? [];
    const login = id === undefined ? undefined : held(id);
    if (id === undefined || secret === undefined || login === undefined) return undefined;
    const isIts = isSameDigest(login.digest, digestOf(secret)) && login.flow === flow && login.client === client;
    return isIts ? { id, login } : undefined;
  };

  const typed = (userCode: string, address: string): Either<LoginFault, { id: string; login: Login }> => {
    // Before anything is looked up: who may guess no more learns not even of a right one.
    if (!typing.may(address)) return left('busy');
    const plain = userCode.toUpperCase().replaceAll(/[^A-Z]/g, '');
    const key = digestOf(plain);
    const [row] = engine.facts.index(loginsByUserCode, { from: key, to: `${key}\0`, limit: 1 });
    const login = row === undefined ? undefined : held(row.id);
    if (row === undefined || login?.status !== 'pending' || now() >= login.expiresMs) {
      typing.count(address);
      return left('wrong');
    }
    return right({ id: row.id, login });
  };

  const approve = async (id: string, by: Approver, address: string): Promise<Either<LoginFault, undefined>> => {
    if (by.kind !== 'password') {
      const method = by.kind;
      return (await send('login.approve', id, { principal: by.principal, method })) ? right(undefined) : left('wrong');
    }
    const passed = await passing.pass(by, address);
    if (isLeft(passed)) return passed;
    return (await send('login.approve', id, { ...passed.right, method: 'password' }))
      ? right(undefined)
      : left('wrong');
  };

  const use = async (
    { id, login }: { readonly id: string; readonly login: Login },
    method: 'device' | 'code',
  ): Promise<Either<LoginFault, Tokens>> => {
    const { principal, client, scope, nonce } = login;
    if (principal === undefined) return left('wrong');
    const opening = { principal, method, client, scope, login: id };
    return issue.open(nonce === undefined ? opening : { ...opening, nonce });
  };

  return {
    startDevice: async (client: string, scope: string, address: string): Promise<Either<LoginFault, DeviceLogin>> => {
      if (!mayStart(address)) return left('busy');
      const [id, secret] = [randomId(), newSecret()];
      const userCode = Array.from({ length: 8 }, () => letters[randomInt(letters.length)] ?? '').join('');
      const body = { flow: 'device', client, scope, digest: digestOf(secret), userCode: digestOf(userCode) };
      if (!(await send('login.start', id, body))) return left('busy');
      return right({
        deviceCode: `${id}${secret}`,
        userCode: `${userCode.slice(0, 4)}-${userCode.slice(4)}`,
        expiresSeconds: loginSeconds.device,
        intervalSeconds,
      });
    },

    deviceClient: (userCode: string, address: string): Either<LoginFault, { readonly client: string }> => {
      const found = typed(userCode, address);
      return isLeft(found) ? found : right({ client: found.right.login.client });
    },

    settleDevice: async (
      userCode: string,
      by: Approver | 'deny',
      address: string,
    ): Promise<Either<LoginFault, undefined>> => {
      const found = typed(userCode, address);
      if (isLeft(found)) return found;
      if (by !== 'deny') return approve(found.right.id, by, address);
      return (await send('login.deny', found.right.id, {})) ? right(undefined) : left('wrong');
    },

    device: async ({ deviceCode, client }: Extract<Grant, { kind: 'device' }>): Promise<Either<LoginFault, Tokens>> => {
      const found = shownBy(deviceCode, 'device', client);
      if (found === undefined) return left('wrong');
      const { id, login } = found;
      if (now() >= login.expiresMs) return left('expired');
      const before = polled.get(id);
      if (polled.size > 10_000) polled.clear();
      polled.set(id, monotonic());
      switch (login.status) {
        case 'pending': {
          const isEarly = before !== undefined && monotonic() - before < intervalSeconds * 1_000;
          return left(isEarly ? 'slowDown' : 'pending');
        }
        case 'denied':
          return left('denied');
        case 'approved':
        case 'used':
          polled.delete(id);
          return use(found, 'device');
      }
    },

    startCode: async (asked: CodeRequest, by: Approver, address: string): Promise<Either<LoginFault, string>> => {
      if (!mayStart(address)) return left('busy');
      // Nothing enters the log for who cannot log in: what is approved is checked before and, once more, by the log.
      const passed = by.kind === 'password' ? await passing.pass(by, address) : undefined;
      if (passed !== undefined && isLeft(passed)) return passed;
      const [id, secret] = [randomId(), newSecret()];
      if (!(await send('login.start', id, { flow: 'code', ...asked, digest: digestOf(secret) }))) return left('busy');
      const body =
        by.kind === 'password' ? { ...passed?.right, method: by.kind } : { principal: by.principal, method: by.kind };
      return (await send('login.approve', id, body)) ? right(`${id}${secret}`) : left('wrong');
    },

    code: async (grant: Extract<Grant, { kind: 'code' }>): Promise<Either<LoginFault, Tokens>> => {
      const found = shownBy(grant.code, 'code', grant.client);
      if (found === undefined || found.login.redirectUri !== grant.redirectUri) return left('wrong');
      // RFC 7636 4.6; `plain` is not offered, so a verifier is never the challenge itself.
      const isForm = /^[A-Za-z0-9._~-]{43,128}$/.test(grant.verifier);
      const challenge = createHash('sha256').update(grant.verifier).digest('base64url');
      if (!isForm || found.login.challenge !== challenge) return left('wrong');
      return use(found, 'code');
    },
  };
};
