import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** What the head of a file says that it is, as qemu-img calls it; `raw` where nothing is known. */
export const formatByContent = (head: Buffer): string => {
  const starts = (magic: string): boolean => head.toString('latin1', 0, magic.length) === magic;
  return formats.find(([, magic]) => starts(magic))?.[0] ?? (head.length > 0x44 && isVdi(head) ? 'vdi' : 'raw');
};

/** Formats that QEMU would find in a file, and that we do not take. A raw disk does not begin like any of them. */
const formats: readonly (readonly [format: string, magic: string])[] = [
  ['qcow2', 'QFI\xfb'],
  ['qed', 'QED\0'],
  ['vmdk', 'KDMV'],
  ['vmdk', 'COWD'],
  ['vmdk', '# Disk DescriptorFile'],
  ['vhdx', 'vhdxfile'],
  ['vpc', 'conectix'],
  ['luks', 'LUKS\xba\xbe'],
  ['parallels', 'WithoutFreeSpace'],
  ['parallels', 'WithouFreSpacExt'],
  ['cloop', '#!/bin/sh\n#V2.0 Format'],
  ['bochs', 'Bochs Virtual HD Image'],
  ['gzip', '\x1f\x8b'],
  ['xz', '\xfd7zXZ\0'],
  ['zstd', '\x28\xb5\x2f\xfd'],
  ['bzip2', 'BZh'],
];

const isVdi = (head: Buffer): boolean => head.readUInt32LE(0x40) === 0xbeda107f;

/** What is wrong with a qcow2 file, read from its first cluster alone; undefined when a guest may have it. */
export interface Qcow2 {
  readonly version: number;
  readonly sizeBytes: number;
  readonly problem: string | undefined;
}

/** Bits of incompatible features (docs/interop/qcow2.txt of QEMU) by what they would let in. */
const badFeatures: readonly (readonly [bit: number, problem: string])[] = [
  [0x02, 'it is marked as damaged'],
  [0x04, 'its data are in another file'],
  [0x10, 'it has extended tables, which are not taken'],
];

/** Dirty tables and zstd clusters are harmless; all else is unknown. */
const KNOWN_FEATURES = 0x1f;

/**
 * Reads the header of a qcow2 file without following anything it says. What qemu-img would open on its behalf, such as
 * a backing file, is found here before qemu-img is run.
 */
export const readQcow2 = (file: string): Qcow2 => {
  const handle = openSync(file, 'r');
  try {
    const length = fstatSync(handle).size;
    const head = Buffer.alloc(112);
    const read = readSync(handle, head, 0, head.length, 0);
    if (read < 72) return { version: 0, sizeBytes: 0, problem: 'its header is cut off' };
    return qcow2Of(head, read, length);
  } finally {
    closeSync(handle);
  }
};

const qcow2Of = (head: Buffer, read: number, length: number): Qcow2 => {
  const version = head.readUInt32BE(4);
  const size = head.readBigUInt64BE(24);
  const clusterBits = head.readUInt32BE(20);
  const features = version >= 3 && read >= 80 ? head.readBigUInt64BE(72) : 0n;
  const known = badFeatures.find(([bit]) => (features & BigInt(bit)) !== 0n);
  const entries = head.readUInt32BE(36);
  const problem =
    version < 2 || version > 3
      ? `it is version ${version}, and only 2 and 3 are taken`
      : head.readBigUInt64BE(8) !== 0n || head.readUInt32BE(16) !== 0
        ? 'it has a backing file'
        : head.readUInt32BE(32) !== 0
          ? 'it is encrypted'
          : known !== undefined
            ? known[1]
            : (features & ~BigInt(KNOWN_FEATURES)) !== 0n
              ? 'it has features that are not known'
              : clusterBits < 9 || clusterBits > 21
                ? `its clusters have 2^${clusterBits} bytes`
                : size > BigInt(Number.MAX_SAFE_INTEGER) || size % 512n !== 0n
                  ? 'its size is not one of a disk'
                  : head.readBigUInt64BE(40) + BigInt(entries) * 8n > BigInt(length)
                    ? 'it is cut off'
                    : head.readUInt32BE(60) !== 0
                      ? 'it has snapshots'
                      : undefined;
  return { version, sizeBytes: Number(size), problem };
};
