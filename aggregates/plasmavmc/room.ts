import type { Resources } from '#aggregates/host';
import { orderedKey } from '#aggregates/ordered-key';

/**
 * How an index orders hosts by the room that they have left. A key begins with the cell of the host, which is how many
 * bits the numbers of its free memory, processors and disk have: whatever fits into a host is of a cell that is not
 * above the host's in any of the three. The exact numbers follow, so that a choice needs no state of a host.
 */

/** Where things of a group can be together or apart. */
export const domains = ['host', 'rack', 'zone'] as const;

export type Domain = (typeof domains)[number];

type Labels = Readonly<Record<string, string>>;

/** What hosts have that do not say where they are: they are taken to be in one place. */
const nowhere = '-';

export const domainOf = (domain: Domain, id: string, labels: Labels): string =>
  domain === 'host' ? id : (labels[domain] ?? nowhere);

/** A host as its key in the index has it. */
export interface Candidate {
  readonly id: string;
  readonly free: Resources;
  readonly room: Resources;
  readonly zone: string;
  readonly rack: string;
}

const MiB = 2 ** 20;

/** How many bits a whole number has, as two digits. */
const bits = (value: number): string => String(32 - Math.clz32(Math.min(value, 0xffff_ffff))).padStart(2, '0');

/** The parts of a cell, each of `cellPart` characters: memory, processors, disk. */
export const cellOf = ({ memoryBytes, cpuCount, diskBytes }: Resources): readonly [string, string, string] => [
  bits(Math.floor(memoryBytes / MiB)),
  bits(cpuCount),
  bits(Math.floor(diskBytes / MiB)),
];

export const cellPart = 2;

/** In the order of free memory within a cell. */
export const roomKey = ({
  free,
  room,
  labels,
}: {
  readonly free: Resources;
  readonly room: Resources;
  readonly labels: Labels;
}): string =>
  [
    cellOf(free).join(''),
    orderedKey(free.memoryBytes),
    free.cpuCount,
    free.diskBytes,
    room.memoryBytes,
    room.cpuCount,
    room.diskBytes,
    domainOf('zone', '', labels),
    domainOf('rack', '', labels),
  ].join(' ');

/** Reads a key as the index gives it, with the selector before it. */
export const candidateOf = (id: string, key: string): Candidate => {
  const [, , memory, cpus, disk, roomMemory, roomCpus, roomDisk, zone = nowhere, rack = nowhere] = key.split(' ');
  return {
    id,
    free: { memoryBytes: Number(memory), cpuCount: Number(cpus), diskBytes: Number(disk) },
    room: { memoryBytes: Number(roomMemory), cpuCount: Number(roomCpus), diskBytes: Number(roomDisk) },
    zone,
    rack,
  };
};
