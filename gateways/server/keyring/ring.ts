import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { ClusterKey } from '#gateways/server/keyring/cluster-key';
import { KEY_BYTES, lock, unlock } from '#gateways/server/keyring/sealed-value';

/** The key of a subject, as it is kept. */
export interface RingKey {
  readonly id: string;
  readonly subject: string;
  /** `<nonce>:<ciphertext and tag>` under the cluster key; absent: erased, and the id stays so that this is known. */
  readonly wrapped?: string;
}

/** All keys, in the order in which they were made: the newest of a subject is its last. */
export interface Ring {
  readonly generation: number;
  readonly clusterKey: string;
  readonly deleteBackupsBefore?: number;
  readonly keys: readonly RingKey[];
}

const FORMAT = 1;

export const emptyRing = (clusterKey: string): Ring => ({ generation: 0, clusterKey, keys: [] });

/** Bound to the subject and the id, so that no key can stand in the place of another. */
const aboutKey = ({ id, subject }: RingKey): readonly string[] => ['ultracloud keyring', subject, id];

export const wrap = (cluster: ClusterKey, key: RingKey, material: Uint8Array): RingKey => {
  const wrapped = lock(cluster.wrapping, aboutKey(key), material).map((part) => part.toString('base64url'));
  return { id: key.id, subject: key.subject, wrapped: wrapped.join(':') };
};

/** The material; undefined for a key that was erased or cannot be unwrapped. */
export const unwrap = (cluster: ClusterKey, key: RingKey): Buffer | undefined => {
  const [nonce = '', ciphertext = ''] = key.wrapped?.split(':') ?? [];
  const [from, held] = [Buffer.from(nonce, 'base64url'), Buffer.from(ciphertext, 'base64url')];
  const material = from.length === 0 ? undefined : unlock(cluster.wrapping, aboutKey(key), from, held);
  return material?.length === KEY_BYTES ? material : undefined;
};

/** Two lines: the keys, and what tells whether one bit of them was changed, with the cluster key and without. */
export const textOfRing = (ring: Ring, { signing }: ClusterKey): string => {
  const body = JSON.stringify({ format: FORMAT, ...ring });
  return `${body}\n${JSON.stringify({ sha256: digest(body), mac: mac(body, signing) })}\n`;
};

const digest = (body: string): string => createHash('sha256').update(body).digest('hex');

const mac = (body: string, signing: Uint8Array): string => createHmac('sha256', signing).update(body).digest('hex');

/** A ring as it was read; whether it is that of the cluster key is asked with the key. */
export interface RingText {
  readonly ring: Ring;
  isSignedBy(cluster: ClusterKey): boolean;
}

/** Undefined when it is none, or was damaged. Throws for one of a newer release. */
export const readRing = (text: string): RingText | undefined => {
  const [body = '', signature = ''] = text.split('\n');
  const signed = jsonOf(signature) as { readonly sha256?: unknown; readonly mac?: unknown } | undefined;
  const ring = jsonOf(body) as (Ring & { readonly format?: unknown }) | undefined;
  if (typeof ring?.format === 'number' && ring.format > FORMAT) {
    throw new Error(`it is of format ${ring.format}; this release understands ${FORMAT} and older`);
  }
  if (ring?.format !== FORMAT || signed?.sha256 !== digest(body) || typeof signed.mac !== 'string') return undefined;
  const shown = Buffer.from(signed.mac);
  const { generation, clusterKey, deleteBackupsBefore, keys } = ring;
  const before = deleteBackupsBefore === undefined ? {} : { deleteBackupsBefore };
  return {
    ring: { generation, clusterKey, ...before, keys },
    isSignedBy: ({ signing }) => {
      const own = Buffer.from(mac(body, signing));
      return own.length === shown.length && timingSafeEqual(own, shown);
    },
  };
};

const jsonOf = (text: string): unknown => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
};
