import { newClusterKey, type ClusterKey } from '#gateways/server/keyring/cluster-key';
import type { KeyringDisk } from '#gateways/server/keyring/keyring-disk';
import { Unreadable } from '#gateways/server/keyring/keyring';
import { textOfRing, unwrap, wrap, type Ring, type RingKey } from '#gateways/server/keyring/ring';

/**
 * The ring and its cluster key, in memory and on the disk. What a fault of the disk has cut off is finished before the
 * next change, so that there is never a ring whose cluster key is nowhere:
 *
 * 1. `cluster.key.next` is written, 2. the ring under it, 3. it takes the place of `cluster.key`. A start that finds
 * the ring under `cluster.key.next` goes on with 3; one that finds it under `cluster.key` drops the other. Where keys
 * are erased the ring is written as `keyring.json.next` first, so that the one with them can be overwritten.
 */
export class WrappedKeys {
  readonly #disk: KeyringDisk;
  #cluster: ClusterKey;
  #ring: Ring;
  /** The disk may have another ring than memory. */
  #behind = false;
  /** The ring on the disk may have keys that were erased in memory. */
  #holdsErased = false;
  /** What all keys are to be wrapped by; the same until they are, since `cluster.key.next` may be all that has it. */
  #next: ClusterKey | undefined;
  /** `cluster.key.next` is the cluster key, and has not taken the place of the old one. */
  #misplaced = false;

  constructor(disk: KeyringDisk, cluster: ClusterKey, ring: Ring) {
    this.#disk = disk;
    this.#cluster = cluster;
    this.#ring = ring;
  }

  get ring(): Ring {
    return this.#ring;
  }

  get cluster(): ClusterKey {
    return this.#cluster;
  }

  material(key: RingKey): Buffer {
    const material = unwrap(this.#cluster, key);
    if (material !== undefined) return material;
    throw new Unreadable(`The key ${key.id} of ${key.subject} cannot be unwrapped: the keyring was changed.`);
  }

  /** Durable when it returns; when it throws, memory has no such key. */
  add(id: string, subject: string, material: Uint8Array): void {
    this.finish();
    const key = wrap(this.#cluster, { id, subject }, material);
    this.#save({ ...this.#ring, keys: [...this.#ring.keys, key] }, this.#cluster);
  }

  /** At once in memory. When it throws, `finish` does the rest on the disk. */
  erase(isErased: (key: RingKey) => boolean): void {
    const { generation, keys } = this.#ring;
    const left = keys.map((key) => (isErased(key) ? { id: key.id, subject: key.subject } : key));
    const own = this.#cluster.from === 'file';
    const before = own ? {} : { deleteBackupsBefore: generation + 1 };
    this.#ring = { ...this.#ring, ...before, keys: left };
    this.#behind = true;
    this.#holdsErased = true;
    if (own) this.#next ??= newClusterKey();
    this.finish();
  }

  rotate(): void {
    this.#next ??= newClusterKey();
    this.finish();
  }

  /** All keys under another cluster key, which is on the disk already or is none of ours. */
  rewrap(cluster: ClusterKey): void {
    this.#save(this.#wrappedBy(cluster), cluster);
    this.#cluster = cluster;
  }

  /** Makes the disk what memory is. */
  finish(): void {
    this.#place();
    if (this.#next !== undefined) {
      this.#disk.write('cluster.key.next', this.#next.text);
      this.rewrap(this.#next);
      this.#next = undefined;
      this.#misplaced = true;
      this.#place();
    }
    if (this.#behind) this.#save(this.#ring, this.#cluster);
  }

  #place(): void {
    if (this.#misplaced) this.#disk.replace('cluster.key', 'cluster.key.next');
    this.#misplaced = false;
  }

  #wrappedBy(cluster: ClusterKey): Ring {
    const { deleteBackupsBefore, ...ring } = this.#ring;
    const keys = ring.keys.map((key) => (key.wrapped === undefined ? key : wrap(cluster, key, this.material(key))));
    return { ...ring, clusterKey: cluster.id, keys };
  }

  #save(changed: Ring, cluster: ClusterKey): void {
    const ring = { ...changed, generation: this.#ring.generation + 1 };
    if (this.#holdsErased) {
      this.#disk.write('keyring.json.next', textOfRing(ring, cluster));
      this.#disk.replace('keyring.json', 'keyring.json.next');
    } else this.#disk.write('keyring.json', textOfRing(ring, cluster));
    this.#ring = ring;
    this.#behind = false;
    this.#holdsErased = false;
  }
}
