import type { Facts } from '#aggregates/facts';
import { hostKind, isOpen, roomOf, type HostFacts, type Resources } from '#aggregates/host';
import { hostLoad, type Hold, type HostLoad } from '#aggregates/plasmavmc/host-load';
import type { Wish } from '#aggregates/plasmavmc/placement';
import { held, type Held } from '#harness/facts';

const GiB = 2 ** 30;

/** A host that is up and takes anything, unless told otherwise. */
export const hostFacts = (more: Partial<HostFacts> = {}): HostFacts => ({
  phase: 'up',
  schedulable: true,
  epoch: 1,
  capacity: { cpuCount: 16, memoryBytes: 64 * GiB, diskBytes: 1_000 * GiB },
  labels: { zone: 'a', rack: 'r1' },
  capabilities: { accelerators: ['kvm', 'tcg'], diskFormats: ['qcow2', 'raw'], features: [] },
  ...more,
});

const nothing: Resources = { cpuCount: 0, memoryBytes: 0, diskBytes: 0 };

/** What is promised of a host when these things are on it. */
export const loadOf = (host: HostFacts, holds: Readonly<Record<string, Hold>>): HostLoad => {
  const all = Object.values(holds);
  const groups: Record<string, number> = {};
  for (const group of all.flatMap((hold) => hold.groups)) groups[group] = (groups[group] ?? 0) + 1;
  return {
    offered: {
      open: isOpen(host),
      room: roomOf(host),
      labels: host.labels ?? {},
      accelerators: host.capabilities.accelerators,
    },
    holds,
    used: all.reduce(
      (sum, { cpuCount, memoryBytes, diskBytes }) => ({
        cpuCount: sum.cpuCount + cpuCount,
        memoryBytes: sum.memoryBytes + memoryBytes,
        diskBytes: sum.diskBytes + diskBytes,
      }),
      nothing,
    ),
    groups,
  };
};

/** A host with what is on it, as facts hold them. */
export const heldHost = (
  id: string,
  host: HostFacts,
  holds: Readonly<Record<string, Hold>> = {},
): readonly [Held, Held] => [held({ kind: hostKind }, id, host), held(hostLoad, id, loadOf(host, holds))];

/** Something small that may be anywhere, unless told otherwise. */
export const wishFor = (more: Partial<Wish> = {}): Wish => ({
  need: { cpuCount: 1, memoryBytes: GiB, diskBytes: 10 * GiB },
  rules: [],
  hostLabels: {},
  diskFormats: ['qcow2'],
  features: [],
  except: [],
  ...more,
});

/** How often facts were read, in whichever way. */
export const counting = (facts: Facts): { readonly facts: Facts; readonly reads: () => number } => {
  let reads = 0;
  return {
    facts: {
      get: (kind, id) => (reads++, facts.get(kind, id)),
      range: (kind, range) => {
        const found = facts.range(kind, range);
        reads += 1 + found.length;
        return found;
      },
      index: (name, query) => {
        const found = facts.index(name, query);
        reads += 1 + found.length;
        return found;
      },
      count: (name, key) => (reads++, facts.count(name, key)),
      sum: (name, key) => (reads++, facts.sum(name, key)),
    },
    reads: () => reads,
  };
};
