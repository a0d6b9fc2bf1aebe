import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isObject } from '#gateways/cli/json';
import { failureOf, usage } from '#gateways/cli/failure';
import { systemCode } from '#gateways/system-code';
import type { Terminal } from '#gateways/cli/terminal';

/** How one cluster is reached. Either an endpoint, or a data directory on this machine that names it. */
export interface Context {
  readonly endpoint?: string;
  readonly token?: string;
  /** A file that holds the token, read at each use. */
  readonly tokenFile?: string;
  readonly data?: string;
  /** A file of certificates (PEM) that the server's is checked against, beside the system's. */
  readonly caCert?: string;
}

export interface Contexts {
  /** The name of the one that is used when none is named. */
  readonly current?: string;
  readonly contexts: Readonly<Record<string, Context>>;
}

const fields = ['endpoint', 'token', 'tokenFile', 'data', 'caCert'] as const;

export const contextPath = ({ environment, home }: Pick<Terminal, 'environment' | 'home'>): string => {
  const base = environment['XDG_CONFIG_HOME'];
  return join(base === undefined || base === '' ? join(home, '.config') : base, 'ultracloud', 'contexts.yaml');
};

/** No file is no contexts; one that cannot be understood is a usage failure that names it. */
export const readContexts = async (path: string): Promise<Contexts> => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { contexts: {} };
    throw failureOf(error);
  }
  const { parse } = await import('yaml');
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw usage(`${path}: expected YAML: ${reason}`, fixFile);
  }
  if (parsed === null || parsed === undefined) return { contexts: {} };
  const contexts = isObject(parsed) ? (parsed['contexts'] ?? {}) : undefined;
  const current = isObject(parsed) ? parsed['current'] : undefined;
  if (!isObject(contexts) || (current !== undefined && typeof current !== 'string')) {
    throw usage(`${path}: expected "current" (a name) and "contexts" (by name).`, fixFile);
  }
  const checked = Object.entries(contexts).map(
    ([name, context]) => [name, checkedContext(path, name, context)] as const,
  );
  return { ...(current === undefined ? {} : { current }), contexts: Object.fromEntries(checked) };
};

const fixFile = 'Mend the file, or delete it and set the contexts again.';

const checkedContext = (path: string, name: string, context: unknown): Context => {
  if (!isObject(context)) throw usage(`${path}: contexts.${name}: expected an object.`, fixFile);
  for (const [field, value] of Object.entries(context)) {
    if (!fields.some((known) => known === field)) {
      throw usage(`${path}: contexts.${name}.${field}: expected one of ${fields.join(', ')}.`, fixFile);
    }
    if (typeof value !== 'string') throw usage(`${path}: contexts.${name}.${field}: expected text.`, fixFile);
  }
  return context;
};

/** Whole or not at all, and readable by its owner only, since it may hold tokens. */
export const writeContexts = async (path: string, contexts: Contexts): Promise<void> => {
  const { stringify } = await import('yaml');
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${process.pid}.new`;
  writeFileSync(unfinished, stringify(contexts), { mode: 0o600, flush: true });
  chmodSync(unfinished, 0o600);
  renameSync(unfinished, path);
};

/** Whether others than its owner can read the file, as after a copy with a careless mask. */
export const isExposed = (path: string): boolean => {
  try {
    return (statSync(path).mode & 0o077) !== 0;
  } catch {
    return false;
  }
};
