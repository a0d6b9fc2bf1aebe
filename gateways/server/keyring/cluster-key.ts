import { hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyringStatus } from '#gateways/server/keyring/keyring';
import { KEY_BYTES } from '#gateways/server/keyring/sealed-value';

/** What wraps the keys of all subjects. */
export interface ClusterKey {
  /** Told by logs and files; nothing can be opened with it. */
  readonly id: string;
  readonly from: KeyringStatus['clusterKeyFrom'];
  readonly text: string;
  /** Wraps subject keys. */
  readonly wrapping: Uint8Array;
  /** Authenticates the file of them. */
  readonly signing: Uint8Array;
}

/** RFC 5869, with a purpose each, so that no key is used for two things. */
const derived = (secret: Uint8Array, purpose: string, bytes: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', `ultracloud keyring: ${purpose}`, bytes));

/** 32 bytes in base64 or base64url, a line; undefined when the text is something else. */
export const clusterKeyOf = (text: string, from: ClusterKey['from']): ClusterKey | undefined => {
  const line = text.trim();
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(line)) return undefined;
  const secret = Buffer.from(line, 'base64');
  if (secret.length !== KEY_BYTES) return undefined;
  return {
    id: Buffer.from(derived(secret, 'name', 8)).toString('hex'),
    from,
    text: `${secret.toString('base64url')}\n`,
    wrapping: derived(secret, 'wrap', KEY_BYTES),
    signing: derived(secret, 'sign', KEY_BYTES),
  };
};

export const newClusterKey = (): ClusterKey => {
  const made = clusterKeyOf(randomBytes(KEY_BYTES).toString('base64url'), 'file');
  if (made === undefined) throw new Error('a new cluster key is none');
  return made;
};

/** Cluster keys that systemd hands to the service; systemd.exec(5), LoadCredentialEncrypted. */
export interface Credentials {
  readonly present: string | undefined;
  /** That before the present one, for the start that changes from one to the other. */
  readonly previous: string | undefined;
}

export const credentialName = 'ultracloud.cluster-key';
const previousCredentialName = `${credentialName}.previous`;

export const credentialsIn = (directory: string | undefined): Credentials => {
  const read = (name: string): string | undefined => {
    const file = directory === undefined ? undefined : join(directory, name);
    return file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
  return { present: read(credentialName), previous: read(previousCredentialName) };
};
