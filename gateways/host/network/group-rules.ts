import {
  digest,
  isIpv6,
  type Port,
  type Rule,
  type SecurityGroup,
  type Vpc,
} from '#gateways/host/network/host-network';
import type { Unit } from '#gateways/host/network/rule-table';

/** A chain of more rules is kept in parts, so that a change writes few of them anew. */
const PART_RULES = 64;

const key = (vpc: number, group: string): string => `g${vpc}-${digest(group, 12)}`;

export const groupChain = (vpc: number, group: string, direction: Rule['direction']): string =>
  `${key(vpc, group)}-${direction}`;

const memberSet = (vpc: number, group: string, version: 4 | 6): string => `${key(vpc, group)}-v${version}`;

type Version = 4 | 6;

/** Which IP version a rule is about; undefined when about both. */
const versionOf = ({ protocol, peer }: Rule): Version | undefined | 'none' => {
  const byProtocol = protocol === 'icmp' ? 4 : protocol === 'icmpv6' ? 6 : undefined;
  const byPeer = peer !== undefined && 'cidr' in peer ? (isIpv6(peer.cidr) ? 6 : 4) : undefined;
  if (byProtocol !== undefined && byPeer !== undefined && byProtocol !== byPeer) return 'none';
  return byProtocol ?? byPeer;
};

const protocolMatch = ({ protocol, ports, icmpType }: Rule): string => {
  switch (protocol) {
    case 'any':
      return '';
    case 'tcp':
    case 'udp': {
      if (ports === undefined || (ports.from <= 1 && ports.to === 65_535)) return `meta l4proto ${protocol}`;
      return `${protocol} dport ${ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`}`;
    }
    case 'icmp':
      return icmpType === undefined ? 'meta l4proto icmp' : `icmp type ${icmpType}`;
    case 'icmpv6':
      return icmpType === undefined ? 'meta l4proto ipv6-icmp' : `icmpv6 type ${icmpType}`;
  }
  return `meta l4proto ${protocol}`;
};

const peerMatch = (vpc: number, { direction, peer }: Rule, version: Version): string => {
  const field = `${version === 4 ? 'ip' : 'ip6'} ${direction === 'ingress' ? 'saddr' : 'daddr'}`;
  if (peer === undefined || ('cidr' in peer && peer.cidr.endsWith('/0'))) {
    return `ether type ${version === 4 ? 'ip' : 'ip6'}`;
  }
  return 'cidr' in peer ? `${field} ${peer.cidr}` : `${field} @${memberSet(vpc, peer.group, version)}`;
};

const ruleLines = (vpc: number, rule: Rule): readonly string[] => {
  const version = versionOf(rule);
  if (version === 'none') return [];
  const versions: readonly Version[] = version === undefined ? [4, 6] : [version];
  return versions.map((each) =>
    [peerMatch(vpc, rule, each), protocolMatch(rule), 'accept'].filter((part) => part !== '').join(' '),
  );
};

/** FNV-1a: which part of a chain has a rule, whatever the other rules are. */
const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
};

const chainsOf = (name: string, lines: readonly string[]): readonly Unit[] => {
  const rules = [...new Set(lines)].sort();
  if (rules.length <= PART_RULES) return [{ kind: 'chain', name, rules }];
  let count = 2;
  while (rules.length > PART_RULES * count) count *= 2;
  const parts = Array.from({ length: count }, (): string[] => []);
  for (const rule of rules) parts[hash(rule) % count]?.push(rule);
  const partName = (index: number): string => `${name}-${index}`;
  return [
    ...parts.map((part, index): Unit => ({ kind: 'chain', name: partName(index), rules: part })),
    { kind: 'chain', name, rules: parts.map((_, index) => `jump ${partName(index)}`) },
  ];
};

/** The addresses of each group's ports. */
export const membersOf = (ports: readonly Port[]): ReadonlyMap<string, readonly string[]> => {
  const members = new Map<string, string[]>();
  for (const { groups, addresses } of ports) {
    for (const group of groups) {
      const known = members.get(group);
      if (known === undefined) members.set(group, [...addresses]);
      else known.push(...addresses);
    }
  }
  return members;
};

/** Sets and chains of the groups that ports of this host have. Members are sets, so that a new one writes no rule. */
export const groupUnits = (vpc: Vpc, used: ReadonlySet<string>): readonly Unit[] => {
  const groups = vpc.groups.filter(({ id }) => used.has(id));
  const members = membersOf(vpc.ports);
  const sets = [...peerGroups(groups)].sort().flatMap((group) => {
    const addresses = [...new Set(members.get(group))].sort();
    return [4, 6].map((version): Unit => {
      const elements = addresses.filter((address) => isIpv6(address) === (version === 6));
      const name = memberSet(vpc.number, group, version === 4 ? 4 : 6);
      return { kind: 'set', name, type: `type ipv${version}_addr`, elements };
    });
  });
  const chains = groups.flatMap(({ id, rules }) =>
    (['ingress', 'egress'] as const).flatMap((direction) => {
      const lines = rules.filter((rule) => rule.direction === direction).flatMap((rule) => ruleLines(vpc.number, rule));
      return chainsOf(groupChain(vpc.number, id, direction), lines);
    }),
  );
  return [...sets, ...chains];
};

const peerGroups = (groups: readonly SecurityGroup[]): ReadonlySet<string> =>
  new Set(
    groups.flatMap(({ rules }) =>
      rules.flatMap(({ peer }) => (peer !== undefined && 'group' in peer ? peer.group : [])),
    ),
  );
