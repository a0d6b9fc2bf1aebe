import {
  digest,
  gatewayMac,
  isIpv6,
  linkLocal,
  metadataAddress,
  type Port,
  tapName,
  type Vpc,
} from '#gateways/host/network/host-network';
import { groupChain } from '#gateways/host/network/group-rules';
import type { Unit } from '#gateways/host/network/rule-table';

/** What conntrack says of a packet, as the family of bridges can read it: that one has no conntrack of its own. */
export const marks = { known: '0x75630001', dropped: '0x75630002' } as const;

const set = (members: readonly string[]): string => `{ ${members.join(', ')} }`;

const ipv6Number = (address: string): string => {
  const [head = '', tail] = address.split('::');
  const words = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [words(head), words(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const all = [...before, ...(tail === undefined ? [] : zeros), ...after];
  return `0x${all.map((part) => part.padStart(4, '0')).join('')}`;
};

/** What a guest may send at all: as itself, and nothing that only the network says. */
const sourceRules = ({ mac, addresses }: Port): readonly string[] => {
  const ipv4 = addresses.filter((address) => !isIpv6(address));
  const ipv6 = [linkLocal(mac), ...addresses.filter(isIpv6)];
  return [
    `ether saddr != ${mac} drop`,
    `arp saddr ether != ${mac} drop`,
    `arp saddr ip != ${set(['0.0.0.0', ...ipv4])} drop`,
    'ether type arp accept',
    'udp sport { 67, 547 } drop',
    // Parts of a neighbour message would not be looked into.
    'meta l4proto ipv6-icmp exthdr frag exists drop',
    'icmpv6 type { nd-router-advert, nd-redirect } drop',
    `icmpv6 type nd-neighbor-advert @th,64,128 != ${set(ipv6.map(ipv6Number))} drop`,
    ...(ipv4.length > 0 ? [`ip saddr ${set(ipv4)} accept`] : []),
    'ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept',
    `ip6 saddr ${set(ipv6)} accept`,
    'ip6 saddr :: icmpv6 type { nd-neighbor-solicit, nd-router-solicit, 131, 143 } accept',
    'drop',
  ];
};

const neighbours = 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept';

const afterConntrack = [
  'ether type arp accept',
  `meta mark ${marks.known} accept`,
  `meta mark ${marks.dropped} drop`,
  neighbours,
];

const groupsOf = (vpc: Vpc, port: Port): readonly string[] =>
  vpc.groups.map(({ id }) => id).filter((id) => port.groups.includes(id));

/** What groups say of what a guest sends, beside what every guest may ask. */
const egressRules = (vpc: Vpc, port: Port): readonly string[] => [
  ...afterConntrack,
  'icmpv6 type { nd-router-solicit, 131, 143 } accept',
  'udp sport 68 udp dport 67 accept',
  `ip daddr ${metadataAddress} tcp dport 80 accept`,
  ...groupsOf(vpc, port).map((id) => `jump ${groupChain(vpc.number, id, 'egress')}`),
  'drop',
];

const ingressRules = (vpc: Vpc, port: Port): readonly string[] => [
  ...afterConntrack,
  `ether saddr ${gatewayMac} icmpv6 type nd-router-advert accept`,
  `ether saddr ${gatewayMac} udp sport 67 udp dport 68 accept`,
  ...groupsOf(vpc, port).map((id) => `jump ${groupChain(vpc.number, id, 'ingress')}`),
  'drop',
];

const chainName = (what: string, port: Port): string => `${what}-${digest(port.id, 12)}`;

/** The chains of a port of this host. */
export const portChains = (vpc: Vpc, port: Port): readonly Unit[] => [
  { kind: 'chain', name: chainName('source', port), rules: sourceRules(port) },
  { kind: 'chain', name: chainName('egress', port), rules: egressRules(vpc, port) },
  { kind: 'chain', name: chainName('ingress', port), rules: ingressRules(vpc, port) },
];

/** Which chain an interface goes to. */
export const portMap = (what: 'source' | 'egress' | 'ingress', ports: readonly Port[]): Unit => ({
  kind: 'map',
  name: `${what}-of`,
  type: 'type ifname : verdict',
  elements: ports.map((port) => `"${tapName(port.id)}" : jump ${chainName(what, port)}`).sort(),
});
