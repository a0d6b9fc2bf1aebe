import { groupUnits } from '#gateways/host/network/group-rules';
import {
  bridgeName,
  digest,
  exitMac,
  gatewayMac,
  type HostNetwork,
  isIpv6,
  isLocal,
  peersOf,
  zonesOf,
} from '#gateways/host/network/host-network';
import { marks, portChains, portMap } from '#gateways/host/network/port-rules';
import { changed, removed, replaced, type RuleTable, type Unit } from '#gateways/host/network/rule-table';

/** The name of our tables, in every family and namespace. */
export const tableName = 'ultracloud';
/** UDP; the registered one. */
export const vxlanPort = 4789;
/** On conntrack entries of flows that no rule allows any more. */
export const cutMark = 0x7563_0bad;

/** What frames of guests pass (bridge), and what conntrack knows of them (inet). */
export interface Ruleset {
  readonly bridge: RuleTable;
  readonly inet: RuleTable;
}

const chain = (name: string, hook: string | undefined, rules: readonly string[]): Unit =>
  hook === undefined
    ? { kind: 'chain', name, rules }
    : { kind: 'chain', name, hook: `type filter hook ${hook}; policy accept;`, rules };

/** Interfaces of guests, of other hosts and of gateways. What is not ours passes untouched. */
const [guest, fabric, gateway] = ['"uct*"', '"ucx*"', '"ucg*"'];
const ours = [guest, fabric, gateway];

/** Each ends in a drop: an interface whose rules are not there yet takes part in nothing. */
const lookups = (['source', 'egress', 'ingress'] as const).map((what) =>
  chain(`guest-${what}`, undefined, [`${what === 'ingress' ? 'oifname' : 'iifname'} vmap @${what}-of`, 'drop']),
);

const hooks: readonly Unit[] = [
  chain('arriving', 'prerouting priority -300', [
    ...ours.map((name) => `iifname ${name} meta mark set 0`),
    `iifname ${fabric} ether daddr ${exitMac} ether daddr set ${gatewayMac}`,
    `iifname ${guest} jump guest-source`,
  ]),
  chain('leaving-guest', 'forward priority 10', [`iifname ${guest} jump guest-egress`]),
  chain('entering-guest', 'forward priority 20', [`oifname ${guest} jump guest-ingress`]),
  // Each host has the gateway: what it says to all is for guests of this host, and what guests of others ask is not for
  // it.
  chain('at-gateway', 'forward priority 30', [
    `iifname ${fabric} oifname ${gateway} ether daddr != ${gatewayMac} drop`,
    `iifname ${gateway} oifname ${fabric} ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 drop`,
  ]),
  // Guests do not reach the host through a bridge, nor the host them.
  chain(
    'into-host',
    'input priority -300',
    ours.map((name) => `iifname ${name} drop`),
  ),
  chain(
    'out-of-host',
    'output priority -300',
    ours.map((name) => `oifname ${name} drop`),
  ),
];

const bridgeUnits = ({ vpcs }: HostNetwork): readonly Unit[] => {
  const ordered = [...vpcs].sort((a, b) => a.number - b.number);
  const local = ordered.map((vpc) => ({
    vpc: { ...vpc, groups: [...vpc.groups].sort((a, b) => (a.id < b.id ? -1 : 1)) },
    ports: vpc.ports.filter(isLocal).sort((a, b) => (a.id < b.id ? -1 : 1)),
  }));
  const ports = local.flatMap((each) => each.ports);
  return [
    ...local.flatMap(({ vpc, ports }) => groupUnits(vpc, new Set(ports.flatMap(({ groups }) => groups)))),
    ...local.flatMap(({ vpc, ports }) => ports.flatMap((port) => portChains(vpc, sortedPort(port)))),
    ...(['source', 'egress', 'ingress'] as const).map((what) => portMap(what, ports)),
    ...lookups,
    ...hooks,
  ];
};

const sortedPort = <P extends { readonly addresses: readonly string[] }>(port: P): P => ({
  ...port,
  addresses: [...port.addresses].sort(),
});

/** The set of a VPC's flows that are allowed no more; it is filled as they are found. */
const cutSet = (vpc: number, version: 4 | 6): string => `cut-${vpc}-v${version}`;

const cutUnits = (vpc: number): readonly Unit[] => {
  const sets = ([4, 6] as const).map((version): Unit => {
    const ends = `ipv${version}_addr . ipv${version}_addr`;
    const type = `type ${ends} . inet_proto . inet_service . inet_service`;
    return { kind: 'set', name: cutSet(vpc, version), type, elements: [] };
  });
  const rules = ([4, 6] as const).flatMap((version) => {
    const ip = version === 4 ? 'ip' : 'ip6';
    const then = `@${cutSet(vpc, version)} ct mark set ${cutMark}`;
    return [
      `${ip} saddr . ${ip} daddr . meta l4proto . th sport . th dport ${then}`,
      `${ip} daddr . ${ip} saddr . meta l4proto . th dport . th sport ${then}`,
    ];
  });
  return [...sets, chain(`cut-${vpc}`, undefined, rules)];
};

const inetUnits = ({ vpcs }: HostNetwork): readonly Unit[] => {
  const zones = [...zonesOf(vpcs)].map(([number, zone]) => `"${bridgeName(number)}" : ${zone}`).sort();
  const peers = [...new Set(vpcs.flatMap(peersOf))].sort();
  const numbers = vpcs.map(({ number }) => number).sort((a, b) => a - b);
  const strangers = `udp dport ${vxlanPort} @th,96,24 { ${numbers.join(', ')} }`;
  return [
    { kind: 'map', name: 'zone-of', type: 'typeof iifname : ct zone', elements: zones },
    ...([4, 6] as const).map((version): Unit => {
      const elements = peers.filter((peer) => isIpv6(peer) === (version === 6));
      return { kind: 'set', name: `peers-v${version}`, type: `type ipv${version}_addr`, elements };
    }),
    ...numbers.flatMap(cutUnits),
    {
      kind: 'map',
      name: 'cut-of',
      type: 'type ifname : verdict',
      elements: numbers.map((number) => `"${bridgeName(number)}" : jump cut-${number}`).sort(),
    },
    // Before fragments are put together, which is done by zone.
    chain('by-vpc', 'prerouting priority -450', ['ct zone set iifname map @zone-of']),
    chain('told-to-bridge', 'prerouting priority -150', [
      'iifname != "ucb*" return',
      'iifname vmap @cut-of',
      `ct mark ${cutMark} meta mark set ${marks.dropped} return`,
      `ct state established,related meta mark set ${marks.known}`,
      `ct state invalid meta mark set ${marks.dropped}`,
    ]),
    // Frames of our VPCs come from hosts that have ports of them.
    chain(
      'from-fabric',
      'input priority -10',
      numbers.length === 0
        ? []
        : [`${strangers} ip saddr != @peers-v4 drop`, `${strangers} ip6 saddr != @peers-v6 drop`],
    ),
  ];
};

/** The rules of a host: the same bytes for the same input, in whatever order that lists things. */
export const compile = (network: HostNetwork): Ruleset => {
  const [bridge, inet] = [bridgeUnits(network), inetUnits(network)];
  const comment = `position ${network.position} rules ${digest(JSON.stringify([bridge, inet]), 16)}`;
  const expressed: Unit = { kind: 'set', name: 'expressed', type: 'type mark', elements: [`1 comment "${comment}"`] };
  return {
    bridge: { family: 'bridge', name: tableName, units: [expressed, ...bridge] },
    inet: { family: 'inet', name: tableName, units: inet },
  };
};

/** The position that a listing of the bridge table tells; undefined when there is none. */
export const positionIn = (listing: string): number | undefined => {
  const found = /comment "position (\d+) rules [0-9a-f]+"/.exec(listing)?.[1];
  return found === undefined ? undefined : Number(found);
};

export const replacement = ({ bridge, inet }: Ruleset): string => replaced(bridge) + replaced(inet);
export const difference = (before: Ruleset, after: Ruleset): string =>
  changed(before.bridge, after.bridge) + changed(before.inet, after.inet);
/** Makes these the flows of a VPC that are cut. */
export const cutting = (vpc: number, version: 4 | 6, elements: readonly string[]): string => {
  const target = `inet ${tableName} ${cutSet(vpc, version)}`;
  const added = elements.length === 0 ? '' : `add element ${target} {\n${elements.join(',\n')}\n}\n`;
  return `flush set ${target}\n${added}`;
};
export const removal = removed({ family: 'bridge', name: tableName }) + removed({ family: 'inet', name: tableName });
