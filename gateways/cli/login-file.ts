import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { contextPath } from '#gateways/cli/context-file';
import { failureOf, timedOut } from '#gateways/cli/failure';
import { systemCode } from '#gateways/system-code';
import { isObject, numberAt, parsed, textAt } from '#gateways/cli/json';
import type { Terminal } from '#gateways/cli/terminal';

/** What somebody got who logged in: kept for one context, and shown to its server only. */
export interface Login {
  /** The origin that gave it. */
  readonly endpoint: string;
  readonly principal: string;
  readonly accessToken: string;
  /** Milliseconds since 1970. */
  readonly expiresMs: number;
  readonly refreshToken: string | undefined;
}

/** Where the login of a context is kept. */
export interface KeptLogin {
  readonly path: string;
  readonly context: string;
}

type Logins = Readonly<Record<string, Login>>;

/** Beside the contexts, which people write by hand. */
export const loginPath = (terminal: Pick<Terminal, 'environment' | 'home'>): string =>
  join(dirname(contextPath(terminal)), 'logins.json');

/** A file that cannot be understood is no login: whoever logs in writes it anew. */
const readLogins = (path: string): Logins => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {};
    throw failureOf(error);
  }
  const found = parsed(text);
  if (!isObject(found)) return {};
  return Object.fromEntries(
    Object.entries(found).flatMap(([context, written]) => {
      const login = loginIn(written);
      return login === undefined ? [] : [[context, login]];
    }),
  );
};

const loginIn = (written: unknown): Login | undefined => {
  const [endpoint, principal, accessToken] = ['endpoint', 'principal', 'accessToken'].map((name) =>
    textAt(written, name),
  );
  const expiresMs = numberAt(written, 'expiresMs');
  if (endpoint === undefined || principal === undefined || accessToken === undefined || expiresMs === undefined) {
    return undefined;
  }
  return { endpoint, principal, accessToken, expiresMs, refreshToken: textAt(written, 'refreshToken') };
};

export const readLogin = (path: string, context: string): Login | undefined => {
  const logins = readLogins(path);
  return Object.hasOwn(logins, context) ? logins[context] : undefined;
};

/** Keeps or forgets the login of a context; the file is whole at any time, and its owner's only. */
export const writeLogin = (path: string, context: string, login: Login | undefined): void => {
  const { [context]: _former, ...others } = readLogins(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${process.pid}.new`;
  const all = login === undefined ? others : { ...others, [context]: login };
  writeFileSync(unfinished, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(unfinished, path);
};

const waitMs = 50;
const patienceMs = 20_000;
/** Nobody holds the file for longer: a request takes seconds. */
const staleMs = 60_000;

/** A refresh token counts once, so two runs must not use it side by side. */
export const withLogins = async <A>(path: string, work: () => Promise<A>): Promise<A> => {
  const lock = `${path}.lock`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const deadline = performance.now() + patienceMs;
  while (!taken(lock)) {
    if (performance.now() > deadline) {
      throw timedOut(`${lock} is held by another run of this command.`, `If none runs, delete ${lock}.`);
    }
    await sleep(waitMs);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
};

const taken = (lock: string): boolean => {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw failureOf(error);
    if (isStale(lock)) rmSync(lock, { force: true });
    return false;
  }
};

const isStale = (lock: string): boolean => {
  try {
    return Date.now() - statSync(lock).mtimeMs > staleMs;
  } catch {
    return false;
  }
};
