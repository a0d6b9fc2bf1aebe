import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  HostOffered,
  offerHost,
  releaseOnHost,
  reserveOnHost,
  type HostLoadCommand,
} from '#commands/plasmavmc/host-load';
import type { Aggregate, Amount } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { hostKind, isOpen, roomOf, type HostFacts, type Resources } from '#aggregates/host';
import { domains, domainOf, roomKey } from '#aggregates/plasmavmc/room';
import { same } from '#aggregates/same';

type Offered = TypeOf<typeof HostOffered>;
type Reserved = TypeOf<typeof reserveOnHost.body>;
type Released = TypeOf<typeof releaseOnHost.body>;

/** What one thing takes. */
export type Hold = Omit<Reserved, 'thing'>;

/** What is promised of a host. It is there before the first promise and until the host is gone and empty. */
export interface HostLoad {
  readonly offered: Offered;
  /** By `vm/<id>` or `disk/<id>`. */
  readonly holds: Readonly<Record<string, Hold>>;
  /** All holds together. */
  readonly used: Resources;
  /** How many things of each group are held. */
  readonly groups: Readonly<Record<string, number>>;
}

export const hostLoadKind = kind<HostLoad>('host-load');

/** Open hosts, below each of their selectors in the order of the room that is left. */
export const hostsByRoom = 'host-load.by-room';

/** Hosts on which something of a group is. */
export const hostsByGroup = 'host-load.by-group';

/** How many open hosts each selector has; `everyHost` counts those too that are not open. */
export const openHosts = 'host-load.open';
export const everyHost = 'every';

/** How many things of a group are on a host, in a rack or in a zone, by `memberKey`; by the group itself, anywhere. */
export const groupMembers = 'host-load.members';

export type HostLoadEvent =
  | { readonly kind: 'host-load.offered'; readonly body: Offered }
  | { readonly kind: 'host-load.withdrawn'; readonly body: Readonly<Record<string, never>> }
  | { readonly kind: 'host-load.reserved'; readonly body: Reserved }
  | { readonly kind: 'host-load.released'; readonly body: Released };

const rejections = {
  'host-load.closed': {
    category: 'unavailable',
    summary: 'Nothing new may come to this host now.',
    fix: 'Choose another host, or wait until it is up and schedulable.',
  },
  'host-load.full': {
    category: 'exhausted',
    summary: 'The host has no room for it.',
    fix: 'Choose another host, make it smaller, or free what the detail names.',
  },
} as const;

/** On one host; each is a row of the state that decisions about the host read. */
export const maxHolds = 1_024;

/** What narrows a search to fewer hosts: nothing, each label, and each way to run guests. */
const selectorsOf = ({ labels, accelerators }: Offered): readonly string[] => [
  '',
  ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
  ...accelerators.map((accelerator) => `@${accelerator}`),
];

const left = (room: number, used: number): number => Math.max(0, room - used);

export const freeOf = ({ offered: { room }, used }: HostLoad): Resources => ({
  cpuCount: left(room.cpuCount, used.cpuCount),
  memoryBytes: left(room.memoryBytes, used.memoryBytes),
  diskBytes: left(room.diskBytes, used.diskBytes),
});

const withdrawn: HostLoadEvent = { kind: 'host-load.withdrawn', body: {} };

const nothing: Hold = { cpuCount: 0, memoryBytes: 0, diskBytes: 0, groups: [] };
const resources = ['cpuCount', 'memoryBytes', 'diskBytes'] as const;

const sumOf = (a: Resources, b: Resources, sign: 1 | -1): Resources => ({
  cpuCount: a.cpuCount + sign * b.cpuCount,
  memoryBytes: a.memoryBytes + sign * b.memoryBytes,
  diskBytes: a.diskBytes + sign * b.diskBytes,
});

/** The thing with this hold instead of the one that it has; without one, gone. */
const holding = (state: HostLoad, thing: string, hold: Hold | undefined): HostLoad => {
  const { [thing]: before = nothing, ...others } = state.holds;
  const groups: Record<string, number> = { ...state.groups };
  for (const group of before.groups) {
    const rest = (groups[group] ?? 0) - 1;
    if (rest > 0) groups[group] = rest;
    else delete groups[group];
  }
  for (const group of hold?.groups ?? []) groups[group] = (groups[group] ?? 0) + 1;
  return {
    ...state,
    holds: hold === undefined ? others : { ...others, [thing]: hold },
    used: sumOf(sumOf(state.used, before, -1), hold ?? nothing, 1),
    groups,
  };
};

const offerOf = (host: HostFacts): Offered => ({
  open: isOpen(host),
  room: roomOf(host),
  labels: host.labels ?? {},
  accelerators: host.capabilities.accelerators,
});

export const hostLoad: Aggregate<HostLoad, HostLoadCommand, HostLoadEvent, keyof typeof rejections> = {
  kind: hostLoadKind,
  summary: 'What is promised of a host, to whom.',
  commands: [offerHost, reserveOnHost, releaseOnHost],
  events: {
    'host-load.offered': HostOffered,
    'host-load.withdrawn': object({}),
    'host-load.reserved': reserveOnHost.body,
    'host-load.released': releaseOnHost.body,
  },
  rejections,

  indexes: {
    [hostsByRoom]: (state) => {
      const { offered } = state;
      if (!offered.open) return [];
      const key = roomKey({ free: freeOf(state), room: offered.room, labels: offered.labels });
      return selectorsOf(offered).map((selector) => `${selector} ${key}`);
    },
    [hostsByGroup]: ({ groups }) => Object.keys(groups),
  },
  sums: {
    [openHosts]: ({ offered }) => [
      [everyHost, 1],
      ...(offered.open ? selectorsOf(offered).map((selector): Amount => [selector, 1]) : []),
    ],
    [groupMembers]: ({ groups, offered: { labels } }, id) =>
      Object.entries(groups).flatMap(([group, count]): readonly Amount[] => [
        [group, count],
        ...domains.map((domain): Amount => [memberKey(group, domain, domainOf(domain, id, labels)), count]),
      ]),
  },

  decide(state, command, facts) {
    switch (command.kind) {
      case 'host-load.offer': {
        const host = facts.get(hostKind, command.id)?.state;
        if (host !== undefined) {
          const offer = offerOf(host);
          return same(state?.offered, offer) ? accept() : accept({ kind: 'host-load.offered', body: offer });
        }
        if (state === undefined) return accept();
        if (Object.keys(state.holds).length === 0) return accept(withdrawn);
        // What is still promised of it is released one by one.
        if (!state.offered.open) return accept();
        return accept({ kind: 'host-load.offered', body: { ...state.offered, open: false } });
      }
      case 'host-load.reserve': {
        const { thing, ...hold } = command.body;
        const before = state?.holds[thing];
        if (before !== undefined && same(before, hold)) return accept();
        if (state === undefined || (before === undefined && !state.offered.open)) return reject('host-load.closed');
        const free = freeOf(state);
        for (const what of resources) {
          const more = hold[what] - (before ?? nothing)[what];
          if (more > 0 && more > free[what]) {
            return reject('host-load.full', { resource: what, free: free[what], asked: more });
          }
        }
        const count = Object.keys(state.holds).length;
        if (before === undefined && count >= maxHolds) {
          return reject('host-load.full', { resource: 'things', free: 0, asked: 1 });
        }
        return accept({ kind: 'host-load.reserved', body: command.body });
      }
      case 'host-load.release': {
        if (state?.holds[command.body.thing] === undefined) return accept();
        const released: HostLoadEvent = { kind: 'host-load.released', body: command.body };
        const isGone = (facts.get(hostKind, command.id)?.state.phase ?? 'gone') === 'gone';
        const isLast = Object.keys(state.holds).length === 1;
        return accept<HostLoadEvent>(released, ...(isGone && isLast ? [withdrawn] : []));
      }
    }
  },

  evolve(state, event) {
    if (event.kind === 'host-load.offered') {
      const { cpuCount, memoryBytes, diskBytes } = nothing;
      const empty = { holds: {}, used: { cpuCount, memoryBytes, diskBytes }, groups: {} };
      return { ...(state ?? empty), offered: event.body };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'host-load.withdrawn':
        return undefined;
      case 'host-load.reserved': {
        const { thing, ...hold } = event.body;
        return holding(state, thing, hold);
      }
      case 'host-load.released':
        return holding(state, event.body.thing, undefined);
    }
  },
};

/** The key of what is of a group in one place. */
export const memberKey = (group: string, domain: string, value: string): string => `${group} ${domain} ${value}`;
