/** The key of a sealed value was erased: nobody can open it any more, for ever. */
export class Forgotten extends Error {
  readonly keyId: string;

  constructor(keyId: string) {
    super(`The key ${keyId} was erased, so what was sealed with it cannot be read any more.`);
    this.keyId = keyId;
  }
}

/** What was given cannot be opened: damaged, sealed for another purpose, or with a key that is not here. */
export class Unreadable extends Error {}

/**
 * There is no keyring to work with, or it cannot be written. The message names the file and the way back; what needs no
 * secret goes on.
 */
export class KeyringUnavailable extends Error {}

/** How a keyring stands, for operators; no key material. */
export interface KeyringStatus {
  /** Where the cluster key comes from: a file in the data directory, or a credential that systemd hands over. */
  readonly clusterKeyFrom: 'file' | 'credential';
  /** Names the cluster key without telling it. */
  readonly clusterKeyId: string;
  /** Grows with each change; a backup carries the one that it was taken at. */
  readonly generation: number;
  readonly subjects: number;
  readonly keys: number;
  readonly erasedKeys: number;
  /** Backups of an earlier generation still hold erased keys that the cluster key opens: they must be deleted. */
  readonly deleteBackupsBefore?: number;
}

/** One key by its name; never its material. */
export interface KeyName {
  readonly id: string;
  readonly subject: string;
  readonly erased: boolean;
}

/**
 * Seals what may enter the log, under keys that never do: one or more for each subject, wrapped by the cluster key.
 * What needs a key throws `KeyringUnavailable` when the keyring is lost or damaged, or the disk fails.
 */
export interface Keyring {
  /**
   * `sealed:v1:<key id>:<nonce>:<ciphertext and tag>` under the newest key of the subject, such as `user/alice`. A
   * subject without a key gets one, which is on the disk when this returns. Only `open` with the same purpose, such
   * as `user/alice/password`, gives the plaintext back.
   */
  seal(subject: string, purpose: string, plaintext: Uint8Array): string;
  /** The plaintext. Throws `Forgotten` or `Unreadable`. */
  open(purpose: string, sealed: string): Buffer;
  /** The same secret under the newest key of its subject; the text that was given when it is so already. */
  reseal(purpose: string, sealed: string): string;
  /**
   * What is sealed for the subject from now on gets a new key; what was sealed before still opens. Gives the id of the
   * key; undefined when the subject has had as many as one may have.
   */
  rotateSubject(subject: string): string | undefined;
  /** Wraps every key anew, and destroys the old cluster key; only for one that is a file of ours. */
  rotateClusterKey(): void;
  /** Erases keys by their ids, at once in memory and on the disk when it returns. Ids that are not here are passed. */
  erase(keyIds: readonly string[]): void;
  /** None when the keyring is not available. */
  keys(): readonly KeyName[];
  /** Undefined when the keyring is not available. */
  status(): KeyringStatus | undefined;
  /** Why the keyring is not available; undefined when it is. */
  readonly unavailable: string | undefined;
}
