import { left, right, type Either } from 'fp-ts/lib/Either';
import { authenticatorKind, type Authenticator } from '#aggregates/iam/authenticator';
import { userKind } from '#aggregates/iam/user';
import type { Engine } from '#log/engine';
import type { LoginFault } from '#gateways/identity';
import { bySystem } from '#gateways/server/by-system';
import { guessesOf } from '#gateways/server/identity/guesses';
import { Busy, type Passwords } from '#gateways/server/identity/passwords';
import { stepOf } from '#gateways/server/identity/totp';
import { Forgotten, KeyringUnavailable, Unreadable, type Keyring } from '#gateways/server/keyring/keyring';

/** Wrong ones that one address may show: this many at once, then one in each so many milliseconds. */
const burst = 20;
const refillMs = 3_000;

/** Nothing longer is a password of ours, and comparing it would cost. */
const longestShown = 1_024;

export interface Passed {
  readonly principal: string;
  /** The step of the one-time code that was shown. */
  readonly step?: number;
}

export interface Passing {
  /** What the log is told of whoever has shown the password, and a code where one is needed. */
  pass(
    shown: { readonly user: string; readonly password: string; readonly code?: string },
    address: string,
  ): Promise<Either<LoginFault, Passed>>;
  checkPassword(user: string, password: string, address: string): Promise<Either<LoginFault, undefined>>;
  checkTotp(user: string, code: string, address: string): Promise<Either<LoginFault, number>>;
}

interface PassingParts {
  readonly engine: Engine;
  readonly keyring: Keyring;
  readonly passwords: Passwords;
}

export const purposeOfPassword = (user: string): string => `user/${user}/password`;
export const purposeOfTotp = (user: string): string => `user/${user}/totp`;

/** Looks at passwords and codes. Wrong ones of users are counted in the log, which locks; tries of addresses here. */
export const passingOf = ({ engine, keyring, passwords }: PassingParts): Passing => {
  const guesses = guessesOf(burst, refillMs, () => performance.now());
  const now = (): number => Math.max(engine.now, engine.head.nowMs);
  /** Undefined for whoever cannot pass whatever is shown. */
  const usable = (user: string): Authenticator | undefined => {
    if (!/^[a-z0-9-]{1,63}$/.test(user)) return undefined;
    const held = engine.facts.get(authenticatorKind, user)?.state;
    if (held?.password === undefined || now() < held.lockedUntilMs) return undefined;
    return engine.facts.get(userKind, user)?.state.disabled === false ? held : undefined;
  };
  const wrong = (address: string): Either<LoginFault, never> => {
    guesses.count(address);
    return left('wrong');
  };
  const fail = async (user: string, address: string): Promise<Either<LoginFault, never>> => {
    guesses.count(address);
    await engine.submit({ ...bySystem, kind: 'authenticator.fail', id: user, body: {} });
    return left('wrong');
  };
  /** Undefined when it was erased, or is no value of ours: nobody can be let in by it. */
  const opened = (purpose: string, sealed: string): Buffer | undefined => {
    try {
      return keyring.open(purpose, sealed);
    } catch (error) {
      if (error instanceof Forgotten || error instanceof Unreadable) return undefined;
      throw error;
    }
  };
  const matches = async (user: string, held: Authenticator | undefined, password: string): Promise<boolean> => {
    const sealed = held?.password;
    const phc = sealed === undefined ? undefined : opened(purposeOfPassword(user), sealed)?.toString('utf8');
    return passwords.verify(phc, password.slice(0, longestShown));
  };
  const checked = async (
    user: string,
    password: string,
    address: string,
  ): Promise<Either<LoginFault, Authenticator>> => {
    if (!guesses.may(address)) return left('busy');
    const held = usable(user);
    try {
      if (await matches(user, held, password)) return held === undefined ? wrong(address) : right(held);
    } catch (error) {
      if (error instanceof Busy) return left('busy');
      if (error instanceof KeyringUnavailable) return left('unavailable');
      throw error;
    }
    return held === undefined ? wrong(address) : fail(user, address);
  };
  const stepIn = (user: string, sealed: string, code: string): number | undefined => {
    const secret = opened(purposeOfTotp(user), sealed);
    return secret === undefined ? undefined : stepOf(secret, code, now());
  };

  return {
    pass: async ({ user, password, code }, address) => {
      const found = await checked(user, password, address);
      if (found._tag === 'Left') return found;
      const { totp, totpConfirmed } = found.right;
      const principal = `user/${user}`;
      if (totp === undefined || !totpConfirmed) return right({ principal });
      if (code === undefined || code === '') return left('codeNeeded');
      const step = stepIn(user, totp, code);
      return step === undefined ? fail(user, address) : right({ principal, step });
    },
    checkPassword: async (user, password, address) => {
      const found = await checked(user, password, address);
      return found._tag === 'Left' ? found : right(undefined);
    },
    checkTotp: async (user, code, address) => {
      if (!guesses.may(address)) return left('busy');
      const held = engine.facts.get(authenticatorKind, user)?.state;
      if (held?.totp === undefined || now() < held.lockedUntilMs) return wrong(address);
      const step = stepIn(user, held.totp, code);
      return step === undefined ? fail(user, address) : right(step);
    },
  };
};
