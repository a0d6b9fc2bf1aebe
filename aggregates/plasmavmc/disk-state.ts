import type { TypeOf } from '#commands/codec/codec';
import type { createDisk, DiskObserved } from '#commands/plasmavmc/disk';
import { kind } from '#aggregates/facts';

/** A disk: what was asked for, what is wanted now by generation, and apart from that what its host has seen. */
export interface Disk {
  /** As it was asked for. */
  readonly asked: TypeOf<typeof createDisk.body>;
  /** As it is wanted by now. */
  readonly sizeBytes: number;
  /** The one machine that may use it. */
  readonly vm?: string;
  /** How often it was given, taken back or moved: who holds an older one may no longer write. */
  readonly epoch: number;
  /** Where its file is. */
  readonly host?: string;
  /** The oldest first. */
  readonly snapshots: readonly string[];
  readonly deleting: boolean;
  readonly generation: number;
  readonly observed: TypeOf<typeof DiskObserved> & { readonly atMs?: number };
}

export const diskKind = kind<Disk>('disk');

export const diskAbsent = {
  'disk.absent': {
    category: 'absent',
    summary: 'There is no such disk in the project.',
    fix: 'Create the disk first, or correct its id.',
  },
} as const;

/** What it takes on a host. */
export const needOfDisk = (sizeBytes: number) => ({ cpuCount: 0, memoryBytes: 0, diskBytes: sizeBytes, groups: [] });
