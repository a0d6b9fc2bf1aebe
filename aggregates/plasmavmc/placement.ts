import type { Facts } from '#aggregates/facts';
import { hostKind, isOpen, type HostFacts, type Resources } from '#aggregates/host';
import { bounds, findCandidates, hasRoom } from '#aggregates/plasmavmc/candidates';
import {
  everyHost,
  freeOf,
  groupMembers,
  hostLoadKind,
  hostsByGroup,
  memberKey,
  openHosts,
  type HostLoad,
} from '#aggregates/plasmavmc/host-load';
import { domainOf, type Candidate, type Domain } from '#aggregates/plasmavmc/room';

/**
 * Chooses a host for a virtual machine. What it reads is bounded, whatever the number of hosts and machines, and equal
 * facts give the same choice. The host that is chosen still decides whether it takes the machine.
 */

/** Where a machine is in relation to a group of machines of its project. */
export interface Rule {
  /** With the project, as in `shop role=web`. */
  readonly group: string;
  readonly relation: 'together' | 'apart';
  readonly domain: Domain;
  /** What is preferred is done where it can be; what is required is done or nothing is. */
  readonly strength: 'prefer' | 'require';
}

/** What a machine asks of a host. */
export interface Wish {
  readonly need: Resources;
  readonly rules: readonly Rule[];
  readonly hostLabels: Readonly<Record<string, string>>;
  readonly accelerator?: string;
  readonly diskFormats: readonly string[];
  readonly features: readonly string[];
  /** Hosts that it must not come to. */
  readonly except: readonly string[];
  /** The one host that it may come to. */
  readonly only?: string;
}

export const reasons = {
  closed: 'It is not up, or takes nothing new.',
  excepted: 'It was left out by request.',
  labels: 'It has not the labels that are asked for.',
  accelerator: 'It cannot run guests in the way that is asked for.',
  capabilities: 'It lacks a disk format or a feature that is asked for.',
  noRoom: 'It has not enough processors, memory or disk left.',
  together: 'Nothing of a group is there with which the machine must be.',
  apart: 'Something of a group is there from which the machine must be apart.',
  lessFit: 'Another host suits better.',
  notCompared: 'Enough others with room were compared.',
} as const;

export type Reason = keyof typeof reasons;

/** Why a host is not taken, whatever the others are. */
type Refusal = Exclude<Reason, 'lessFit' | 'notCompared'>;

export interface Placement {
  /** Absent: none takes it. */
  readonly host?: { readonly id: string; readonly epoch: number };
  /** How many hosts were left out, by reason; with the chosen one they are all hosts there are. */
  readonly leftOut: Partial<Record<Reason, number>>;
}

/** How many of a group are where; each place is asked for once. */
type Members = (group: string, domain: Domain, value: string) => number;

const membersIn = (facts: Facts): Members => {
  const known = new Map<string, number>();
  return (group, domain, value) => {
    const key = memberKey(group, domain, value);
    const count = known.get(key) ?? facts.sum(groupMembers, key);
    known.set(key, count);
    return count;
  };
};

const placeOf = (domain: Domain, { id, zone, rack }: Candidate): string =>
  domain === 'host' ? id : domain === 'zone' ? zone : rack;

/** Rules that can refuse. The first of a group may be anywhere. */
const requiredIn = (facts: Facts, { rules }: Wish): readonly Rule[] =>
  rules.filter(
    ({ strength, relation, group }) =>
      strength === 'require' && (relation === 'apart' || facts.sum(groupMembers, group) > 0),
  );

const brokenRule = (required: readonly Rule[], members: Members, candidate: Candidate): Refusal | undefined =>
  required.find(
    ({ group, domain, relation }) => members(group, domain, placeOf(domain, candidate)) > 0 === (relation === 'apart'),
  )?.relation;

/** What a host itself must be, beside its room. */
const unsuitable = (host: HostFacts | undefined, wish: Wish): Refusal | undefined => {
  if (host === undefined || !isOpen(host)) return 'closed';
  const { accelerators, diskFormats, features } = host.capabilities;
  if (!Object.entries(wish.hostLabels).every(([name, value]) => host.labels?.[name] === value)) return 'labels';
  if (wish.accelerator !== undefined && !accelerators.includes(wish.accelerator)) return 'accelerator';
  const hasAll =
    wish.diskFormats.every((format) => diskFormats.includes(format)) &&
    wish.features.every((feature) => features.includes(feature));
  return hasAll ? undefined : 'capabilities';
};

/** A preference outweighs how full a host is, once for each of the group. */
const PREFERENCE = 2_000;
const maxMembers = 1_000;

/** In thousandths: what is left of the resource of which the least is left. */
const balance = ({ free, room }: Candidate, need: Resources): number => {
  const share = (left: number, all: number): number => (all === 0 ? 1_000 : Math.floor((left * 1_000) / all));
  return Math.min(
    share(free.memoryBytes - need.memoryBytes, room.memoryBytes),
    share(free.cpuCount - need.cpuCount, room.cpuCount),
    share(free.diskBytes - need.diskBytes, room.diskBytes),
  );
};

const scoreOf = (wish: Wish, members: Members, candidate: Candidate): number =>
  wish.rules
    .filter(({ strength }) => strength === 'prefer')
    .reduce(
      (score, { group, relation, domain }) => {
        const count = Math.min(members(group, domain, placeOf(domain, candidate)), maxMembers);
        return score + (relation === 'together' ? count : -count) * PREFERENCE;
      },
      balance(candidate, wish.need),
    );

const candidateFrom = (id: string, load: HostLoad): Candidate => ({
  id,
  free: freeOf(load),
  room: load.offered.room,
  zone: domainOf('zone', id, load.offered.labels),
  rack: domainOf('rack', id, load.offered.labels),
});

/** Which hosts are looked at, and why the other open ones are not. */
type Pool =
  | { readonly selectors: readonly string[]; readonly others: Reason }
  | { readonly ids: readonly string[]; readonly others: Reason };

/** The smallest of what a wish confines it to. */
const poolOf = (facts: Facts, wish: Wish, required: readonly Rule[]): Pool => {
  if (wish.only !== undefined) return { ids: [wish.only], others: 'excepted' };
  const together = required.find(({ relation }) => relation === 'together');
  if (together !== undefined) {
    const { group, domain } = together;
    const ids = facts
      .index(hostsByGroup, { from: group, to: `${group}\0`, limit: bounds.candidates })
      .map(({ id }) => id);
    if (domain === 'host') return { ids, others: 'together' };
    const places = ids.map((id) => facts.get(hostLoadKind, id)?.state.offered.labels[domain]);
    const named = [...new Set(places)].filter((place) => place !== undefined).sort();
    if (named.length === new Set(places).size) {
      return { selectors: named.map((place) => `${domain}=${place}`), others: 'together' };
    }
  }
  const selectors = [
    ...Object.entries(wish.hostLabels).map(([name, value]) => `${name}=${value}`),
    ...(wish.accelerator === undefined ? [] : [`@${wish.accelerator}`]),
  ];
  const counted = selectors.map((selector) => ({ selector, hosts: facts.sum(openHosts, selector) }));
  const [rarest] = counted.sort((a, b) => a.hosts - b.hosts);
  if (rarest === undefined) return { selectors: [''], others: 'labels' };
  return { selectors: [rarest.selector], others: rarest.selector.startsWith('@') ? 'accelerator' : 'labels' };
};

/**
 * The host for a wish, or why there is none. What hosts are, beside their room, is first asked of those alone that suit
 * best; only when none of them is what is asked for, of each that is looked at.
 */
export const place = (facts: Facts, wish: Wish): Placement => {
  const first = attempt(facts, wish, () => undefined);
  if (first.host !== undefined || first.leftOut.notCompared === undefined) return first;
  return attempt(facts, wish, ({ id }) => unsuitable(facts.get(hostKind, id)?.state, wish));
};

const attempt = (facts: Facts, wish: Wish, further: (candidate: Candidate) => Refusal | undefined): Placement => {
  const leftOut: Partial<Record<Reason, number>> = {};
  const leave = (reason: Reason, count = 1): void => {
    if (count > 0) leftOut[reason] = (leftOut[reason] ?? 0) + count;
  };
  const members = membersIn(facts);
  const required = requiredIn(facts, wish);
  const refusal = (candidate: Candidate): Refusal | undefined =>
    wish.except.includes(candidate.id) ? 'excepted' : (brokenRule(required, members, candidate) ?? further(candidate));
  const open = facts.sum(openHosts, '');
  leave('closed', facts.sum(openHosts, everyHost) - open);

  const pool = poolOf(facts, wish, required);
  const candidates: Candidate[] = [];
  let inPool = 0;
  if ('ids' in pool) {
    for (const id of pool.ids) {
      const load = facts.get(hostLoadKind, id)?.state;
      if (load?.offered.open !== true) continue;
      inPool++;
      const candidate = candidateFrom(id, load);
      const why = hasRoom(candidate.free, wish.need) ? refusal(candidate) : 'noRoom';
      if (why === undefined) candidates.push(candidate);
      else leave(why);
    }
  } else {
    const limit = Math.ceil(bounds.candidates / Math.max(1, pool.selectors.length));
    for (const selector of pool.selectors) {
      const hosts = facts.sum(openHosts, selector);
      const found = findCandidates(facts, selector, wish.need, refusal, limit);
      inPool += hosts;
      let seen = found.candidates.length;
      for (const [reason, count] of found.refused) {
        seen += count;
        leave(reason, count);
      }
      leave(found.whole ? 'noRoom' : 'notCompared', hosts - seen);
      candidates.push(...found.candidates);
    }
  }
  leave(pool.others, open - inPool);

  const scored = candidates.map(({ id, ...rest }) => ({ id, score: scoreOf(wish, members, { id, ...rest }) }));
  scored.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  for (const [at, { id }] of scored.entries()) {
    const host = facts.get(hostKind, id)?.state;
    const why = unsuitable(host, wish);
    if (host === undefined || why !== undefined) {
      leave(why ?? 'closed');
      continue;
    }
    leave('lessFit', scored.length - at - 1);
    return { host: { id, epoch: host.epoch }, leftOut };
  }
  return { leftOut };
};

/** Of one host, why it is not taken; without a reason it may be. */
export interface Explained {
  readonly host: string;
  readonly reason?: Refusal;
}

/** What `place` would say of each host of a page, which begins after the host `after`. */
export const explainPlacement = (
  facts: Facts,
  wish: Wish,
  { after, limit }: { readonly after: string; readonly limit: number },
): readonly Explained[] => {
  const members = membersIn(facts);
  const required = requiredIn(facts, wish);
  const refusalOf = (id: string, load: HostLoad): Refusal | undefined => {
    if (!load.offered.open) return 'closed';
    if (wish.except.includes(id) || (wish.only ?? id) !== id) return 'excepted';
    const candidate = candidateFrom(id, load);
    const why = unsuitable(facts.get(hostKind, id)?.state, wish);
    return why ?? (hasRoom(candidate.free, wish.need) ? brokenRule(required, members, candidate) : 'noRoom');
  };
  return facts.range(hostLoadKind, { from: after === '' ? '' : `${after}\0`, limit }).map(({ id, state }) => {
    const reason = refusalOf(id, state);
    return reason === undefined ? { host: id } : { host: id, reason };
  });
};
