import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a machine keeps to be a host: nothing that could not be had again with another invitation. */
export interface HostIdentity {
  readonly name: string;
  /** URL of the control plane, without a path. */
  readonly endpoint: string;
  /** The private key and the certificate, in PEM, in one file so that they never part. */
  readonly pair: string;
  /** The authorities that are trusted, in PEM. */
  readonly authorities: string;
}

const memberFile = 'host.json';
const pairFile = 'host.pem';
const authoritiesFile = 'ca.pem';

/** Whole or not at all, and for its owner only. */
const write = (directory: string, name: string, text: string): void => {
  const path = join(directory, name);
  const unfinished = `${path}.${process.pid}.tmp`;
  writeFileSync(unfinished, text, { mode: 0o600, flush: true });
  renameSync(unfinished, path);
};

/** Makes the directory where it is missing. Throws when others may read what is in it. */
export const openHostDirectory = (directory: string): void => {
  if (!existsSync(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(directory);
  const own = process.getuid?.();
  if (own !== undefined && uid !== own) {
    throw new Error(`${directory} belongs to another user. Give a directory of your own with --data.`);
  }
  if ((mode & 0o077) !== 0) chmodSync(directory, 0o700);
};

/** Undefined when the machine has not taken an invitation yet. */
export const readHostIdentity = (directory: string): HostIdentity | undefined => {
  const files = [memberFile, pairFile, authoritiesFile].map((name) => join(directory, name));
  if (files.some((file) => !existsSync(file))) return undefined;
  const [member = '', pair = '', authorities = ''] = files.map((file) => readFileSync(file, 'utf8'));
  const { name, endpoint } = JSON.parse(member) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof endpoint !== 'string') {
    throw new Error(
      `${files[0]}: expected the name of the host and its endpoint. Remove it and invite the host again.`,
    );
  }
  return { name, endpoint, pair, authorities };
};

/** The name is written last: only then does the rest count. */
export const writeHostIdentity = (directory: string, identity: HostIdentity): void => {
  const { name, endpoint, pair, authorities } = identity;
  write(directory, authoritiesFile, authorities);
  write(directory, pairFile, pair);
  write(directory, memberFile, `${JSON.stringify({ name, endpoint }, null, 2)}\n`);
};

export const writePair = (directory: string, pair: string): void => write(directory, pairFile, pair);

export const writeAuthorities = (directory: string, authorities: string): void =>
  write(directory, authoritiesFile, authorities);

/** Milliseconds since 1970 between which the certificate of a pair is valid. */
export const validityOf = (pair: string): { readonly notBefore: number; readonly notAfter: number } => {
  const { validFrom, validTo } = new X509Certificate(pair.slice(pair.indexOf('-----BEGIN CERTIFICATE-----')));
  return { notBefore: Date.parse(validFrom), notAfter: Date.parse(validTo) };
};
