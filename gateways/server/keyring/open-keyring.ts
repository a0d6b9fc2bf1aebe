import { randomBytes } from 'node:crypto';
import { clusterKeyOf, credentialName, newClusterKey } from '#gateways/server/keyring/cluster-key';
import type { ClusterKey, Credentials } from '#gateways/server/keyring/cluster-key';
import { Forgotten, KeyringUnavailable, Unreadable, type Keyring } from '#gateways/server/keyring/keyring';
import type { KeyringDisk } from '#gateways/server/keyring/keyring-disk';
import { emptyRing, readRing, type RingKey, type RingText } from '#gateways/server/keyring/ring';
import { KEY_BYTES, newKeyId, openValue, readSealed, sealValue } from '#gateways/server/keyring/sealed-value';
import { WrappedKeys } from '#gateways/server/keyring/wrapped-keys';

export interface KeyringOptions {
  readonly disk: KeyringDisk;
  readonly credentials: Credentials;
  /** Subjects with keys, as the log has it: with one, a keyring that is not there was lost, and none is made. */
  readonly knownSubjects: number;
  /** Whether this is the name of a subject. */
  readonly isSubject?: (subject: string) => boolean;
  /** A key was made and is on the disk. */
  readonly made?: (key: { readonly id: string; readonly subject: string }) => void;
  /** Told once why there is no keyring to work with. */
  readonly tell?: (why: string) => void;
}

/** Erased ones are counted. The log keeps the ids of all, in one state of a subject. */
const KEYS_PER_SUBJECT = 500;

/** Never throws: a keyring that cannot be opened is told of, and each use of it says why. */
export const openKeyring = (options: KeyringOptions): Keyring => {
  try {
    return keyringOf(openFiles(options), options);
  } catch (error) {
    const why =
      error instanceof KeyringUnavailable ? error.message : `${options.disk.path('keyring.json')}: ${said(error)}`;
    options.tell?.(why);
    return unavailable(why);
  }
};

const said = (error: unknown): string => String((error as { readonly message?: unknown }).message ?? error);

const unavailable = (why: string): Keyring => {
  const refuse = (): never => {
    throw new KeyringUnavailable(why);
  };
  return {
    seal: refuse,
    open: refuse,
    reseal: refuse,
    rotateSubject: refuse,
    rotateClusterKey: refuse,
    // What the log forgets meanwhile is erased at the next start that finds a keyring.
    erase: () => undefined,
    keys: () => [],
    status: () => undefined,
    unavailable: why,
  };
};

const openFiles = (options: KeyringOptions): WrappedKeys => {
  const { disk, credentials, knownSubjects } = options;
  disk.prepare();
  disk.destroy('keyring.json.next');
  const text = disk.read('keyring.json');
  const fromCredential = fromText(credentials.present, 'credential', `the credential ${credentialName}`);
  if (text === undefined) {
    if (knownSubjects > 0) throw new KeyringUnavailable(lostRing(disk, knownSubjects));
    const cluster =
      fromCredential ?? fromText(disk.read('cluster.key'), 'file', disk.path('cluster.key')) ?? made(disk);
    return new WrappedKeys(disk, cluster, emptyRing(cluster.id));
  }
  const read = ringIn(text, disk);
  const held = [
    fromCredential,
    clusterKeyOf(credentials.previous ?? '', 'credential'),
    clusterKeyOf(disk.read('cluster.key') ?? '', 'file'),
    clusterKeyOf(disk.read('cluster.key.next') ?? '', 'file'),
  ];
  const cluster = held.find((key) => key?.id === read.ring.clusterKey);
  if (cluster === undefined) throw new KeyringUnavailable(lostKey(disk, read.ring.clusterKey, fromCredential));
  if (!read.isSignedBy(cluster)) throw new KeyringUnavailable(damaged(disk));
  const keys = new WrappedKeys(disk, cluster, read.ring);
  settleKeys(disk, keys, fromCredential, cluster === held[3]);
  return keys;
};

/** Finishes what a crash has cut off, and changes to the key of a credential that is new. */
const settleKeys = (
  disk: KeyringDisk,
  keys: WrappedKeys,
  credential: ClusterKey | undefined,
  isNext: boolean,
): void => {
  if (credential !== undefined) {
    if (keys.cluster.id !== credential.id) keys.rewrap(credential);
    disk.destroy('cluster.key');
    disk.destroy('cluster.key.next');
  } else if (isNext) disk.replace('cluster.key', 'cluster.key.next');
  else if (disk.read('cluster.key.next') !== undefined) disk.destroy('cluster.key.next');
};

const made = (disk: KeyringDisk): ClusterKey => {
  const cluster = newClusterKey();
  disk.write('cluster.key', cluster.text);
  return cluster;
};

const fromText = (text: string | undefined, from: ClusterKey['from'], what: string): ClusterKey | undefined => {
  if (text === undefined) return undefined;
  const key = clusterKeyOf(text, from);
  if (key !== undefined) return key;
  throw new KeyringUnavailable(`${what} should be 32 bytes in base64, and is not. ${wayBack}`);
};

const ringIn = (text: string, disk: KeyringDisk): RingText => {
  const read = readRing(text);
  if (read === undefined) throw new KeyringUnavailable(damaged(disk));
  return read;
};

const wayBack =
  'Put it back from a copy and start again. Until then nothing can be sealed or opened; what needs no secret goes on.';

const restoreIt =
  'Stop the server, put the newest backup of it back (ultracloud keyring restore BACKUP --data DIRECTORY) and start ' +
  'again. Until then nothing can be sealed or opened; what needs no secret goes on.';

const notOurs =
  'The cluster key is a credential of systemd, which this program cannot change. docs/operating/secrets.md says how.';

const lostRing = (disk: KeyringDisk, subjects: number): string =>
  `${disk.path('keyring.json')} is missing, but the log knows keys of ${subjects} ` +
  `${subjects === 1 ? 'subject' : 'subjects'}. ${restoreIt}`;

const damaged = (disk: KeyringDisk): string =>
  `${disk.path('keyring.json')} is damaged, or was changed by something else than this program. ${restoreIt}`;

const lostKey = (disk: KeyringDisk, id: string, credential: ClusterKey | undefined): string => {
  const where =
    credential === undefined
      ? `${disk.path('cluster.key')} is missing or another one`
      : `the credential ${credentialName} is ${credential.id}`;
  return `${disk.path('keyring.json')} is wrapped by the cluster key ${id}, which is not here: ${where}. ${wayBack}`;
};

const keyringOf = (stored: WrappedKeys, { isSubject = () => true, made: tellMade }: KeyringOptions): Keyring => {
  const byId = new Map<string, RingKey>();
  const newest = new Map<string, RingKey>();
  const unwrapped = new Map<string, Buffer>();
  const index = (): void => {
    byId.clear();
    newest.clear();
    for (const key of stored.ring.keys) {
      byId.set(key.id, key);
      if (key.wrapped !== undefined) newest.set(key.subject, key);
    }
  };
  index();

  const materialOf = (id: string): Buffer => {
    const key = byId.get(id);
    if (key === undefined) throw new Unreadable(`A value is sealed with key ${id}, which is not in the keyring.`);
    if (key.wrapped === undefined) throw new Forgotten(id);
    const known = unwrapped.get(id) ?? stored.material(key);
    unwrapped.set(id, known);
    return known;
  };

  /** A fault of the disk is one of the keyring; `erase` tells it as it is, since its caller tries again. */
  const written = (change: () => void): void => {
    try {
      change();
    } catch (error) {
      throw new KeyringUnavailable(`The keyring cannot be written: ${said(error)}`, { cause: error });
    } finally {
      index();
    }
  };

  const makeKey = (subject: string): string | undefined => {
    if (!isSubject(subject)) throw new Error(`${JSON.stringify(subject)} is no subject of keys`);
    if (stored.ring.keys.filter((key) => key.subject === subject).length >= KEYS_PER_SUBJECT) return undefined;
    const id = newKeyId();
    written(() => stored.add(id, subject, randomBytes(KEY_BYTES)));
    tellMade?.({ id, subject });
    return id;
  };

  const keyring: Keyring = {
    seal: (subject, purpose, plaintext) => {
      const id = newest.get(subject)?.id ?? makeKey(subject);
      if (id === undefined) throw new Error(`${subject} has had ${KEYS_PER_SUBJECT} keys, and may have no more`);
      return sealValue(id, materialOf(id), purpose, plaintext);
    },
    open: (purpose, sealed) => {
      const value = readSealed(sealed);
      return openValue(value, materialOf(value.keyId), purpose);
    },
    reseal: (purpose, sealed) => {
      const { keyId } = readSealed(sealed);
      const plaintext = keyring.open(purpose, sealed);
      const subject = byId.get(keyId)?.subject ?? '';
      const isNewest = newest.get(subject)?.id === keyId;
      return isNewest ? sealed : keyring.seal(subject, purpose, plaintext);
    },
    rotateSubject: makeKey,
    rotateClusterKey: () => {
      if (stored.cluster.from === 'credential') throw new KeyringUnavailable(notOurs);
      written(() => stored.rotate());
    },
    erase: (keyIds) => {
      const ids = new Set(keyIds);
      for (const id of ids) {
        unwrapped.get(id)?.fill(0);
        unwrapped.delete(id);
      }
      try {
        if (keyIds.some((id) => byId.get(id)?.wrapped !== undefined)) stored.erase(({ id }) => ids.has(id));
        else stored.finish();
      } finally {
        index();
      }
    },
    unavailable: undefined,
    keys: () => stored.ring.keys.map(({ id, subject, wrapped }) => ({ id, subject, erased: wrapped === undefined })),
    status: () => {
      const { generation, keys, deleteBackupsBefore } = stored.ring;
      const erasedKeys = keys.filter(({ wrapped }) => wrapped === undefined).length;
      return {
        clusterKeyFrom: stored.cluster.from,
        clusterKeyId: stored.cluster.id,
        generation,
        subjects: newest.size,
        keys: keys.length - erasedKeys,
        erasedKeys,
        ...(deleteBackupsBefore === undefined ? {} : { deleteBackupsBefore }),
      };
    },
  };
  return keyring;
};
