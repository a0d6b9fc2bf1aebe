import type { Flow } from '#gateways/host/network/flows';
import {
  exitAddress,
  exitMac,
  type Exit,
  type FloatingIp,
  isIpv6,
  metadataAddress,
  type Vpc,
} from '#gateways/host/network/host-network';
import type { RuleTable, Unit } from '#gateways/host/network/rule-table';
import { tableName } from '#gateways/host/network/ruleset';

/** The inside of a gateway's namespace: the link `vpc` to guests, and `ext` where the VPC has its way out here. */
export interface Gateway {
  /** By link, with prefix lengths. */
  readonly addresses: readonly { readonly link: 'vpc' | 'ext'; readonly address: string }[];
  readonly routes: readonly GatewayRoute[];
  /** Who has which address is known, so nobody is asked, and nobody can lie. */
  readonly neighbours: readonly { readonly address: string; readonly mac: string }[];
  readonly mtuBytes: number;
  /** The host's interface behind `ext`. */
  readonly outside?: string;
  readonly table: RuleTable;
}

export interface GatewayRoute {
  readonly destination: string;
  readonly nextHop: string;
  readonly link: 'vpc' | 'ext';
}

const prefixLength = (cidr: string): string => cidr.slice(cidr.indexOf('/'));
const withoutLength = (address: string): string => address.split('/')[0] ?? address;

const chain = (name: string, hook: string, rules: readonly string[]): Unit => ({
  kind: 'chain',
  name,
  hook: `type ${hook}; policy accept;`,
  rules,
});

const gatewayTable = (exit: Exit | undefined, floatingIps: readonly FloatingIp[]): RuleTable => {
  const own = exit?.kind === 'here' ? withoutLength(exit.address) : undefined;
  const floating = own === undefined ? [] : [...floatingIps].sort((a, b) => (a.external < b.external ? -1 : 1));
  return {
    family: 'inet',
    name: tableName,
    units: [
      chain(
        'translated-in',
        'nat hook prerouting priority -100',
        floating.map(({ external, internal }) => `ip daddr ${external} dnat ip to ${internal}`),
      ),
      chain('translated-out', 'nat hook postrouting priority 100', [
        // A guest that asks a neighbour by its floating IP gets the answer from there too.
        'iifname "vpc" oifname "vpc" ct status dnat masquerade',
        ...floating.map(({ external, internal }) => `oifname "ext" ip saddr ${internal} snat ip to ${external}`),
        ...(own === undefined ? [] : [`oifname "ext" meta nfproto ipv4 snat ip to ${own}`]),
      ]),
      chain('passing', 'filter hook forward priority 0', [
        'iifname "ext" ct state established,related accept',
        'iifname "ext" ct status dnat accept',
        'iifname "ext" drop',
      ]),
      chain('asked', 'filter hook input priority 0', [
        'iifname "lo" accept',
        'ct state established,related accept',
        'meta l4proto { icmp, ipv6-icmp } accept',
        'iifname "vpc" udp dport 67 accept',
        `iifname "vpc" ip daddr ${metadataAddress} tcp dport 80 accept`,
        'drop',
      ]),
    ],
  };
};

const defaultRoute = (exit: Exit | undefined): readonly GatewayRoute[] => {
  if (exit?.kind === 'there') return [{ destination: '0.0.0.0/0', nextHop: exitAddress, link: 'vpc' }];
  return exit?.nextHop === undefined ? [] : [{ destination: '0.0.0.0/0', nextHop: exit.nextHop, link: 'ext' }];
};

export const gatewayOf = (vpc: Vpc): Gateway => {
  const { exit } = vpc;
  const outside =
    exit?.kind === 'here' ? [exit.address, ...vpc.floatingIps.map(({ external }) => `${external}/32`)] : [];
  const inside = vpc.subnets.flatMap(({ cidr, gateway, ipv6 }) => [
    gateway + prefixLength(cidr),
    ...(ipv6 === undefined ? [] : [ipv6.gateway + prefixLength(ipv6.cidr)]),
  ]);
  const ports = vpc.ports.flatMap(({ mac, addresses }) => addresses.map((address) => ({ address, mac })));
  return {
    addresses: [
      ...[...inside, `${metadataAddress}/32`].map((address) => ({ link: 'vpc' as const, address })),
      ...outside.map((address) => ({ link: 'ext' as const, address })),
    ],
    routes: [...defaultRoute(exit), ...vpc.routes.map((route) => ({ ...route, link: 'vpc' as const }))],
    neighbours: [...ports, ...(exit?.kind === 'there' ? [{ address: exitAddress, mac: exitMac }] : [])],
    mtuBytes: vpc.mtuBytes,
    ...(exit?.kind === 'here' ? { outside: exit.interface } : {}),
    table: gatewayTable(exit, vpc.floatingIps),
  };
};

/** Asks of flows through a gateway whether they are still translated as its rules say. */
export const translationJudge = ({ exit, floatingIps, subnets }: Vpc): ((flow: Flow) => boolean) => {
  const inward = new Map(floatingIps.map(({ external, internal }) => [external, internal]));
  const outward = new Map(floatingIps.map(({ external, internal }) => [internal, external]));
  const own = exit?.kind === 'here' ? withoutLength(exit.address) : undefined;
  const gateways = subnets.map(({ gateway }) => gateway);
  return ({ source, destination, answeredBy, answeredTo }) => {
    const isIn = answeredBy === destination || inward.get(destination) === answeredBy;
    const mayBe = [source, own, outward.get(source), ...gateways];
    return isIn && mayBe.includes(answeredTo);
  };
};

/** As `ip -j addr show` tells it. */
export interface ObservedAddresses {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly addr_info: readonly {
    readonly family: string;
    readonly local: string;
    readonly prefixlen: number;
    readonly scope: string;
  }[];
}

/** As `ip -j route show` tells it. */
export interface ObservedRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly protocol?: string;
}

/** As `ip -j neigh show` tells it. */
export interface ObservedNeighbour {
  readonly dst: string;
  readonly dev: string;
  readonly lladdr?: string;
}

export interface ObservedGateway {
  readonly addresses: readonly ObservedAddresses[];
  readonly routes: readonly ObservedRoute[];
  readonly neighbours: readonly ObservedNeighbour[];
}

/** What marks routes as made by this driver. */
const routeProtocol = '117';

/** IPv4 with its length, as `ip` leaves it out of a single address, and `default` for all. */
const range = (dst: string, version: 4 | 6): string => {
  if (dst === 'default') return version === 4 ? '0.0.0.0/0' : '::/0';
  return dst.includes('/') ? dst : `${dst}/${version === 4 ? 32 : 128}`;
};

const routeKey = (route: GatewayRoute): string => `${route.destination} ${route.nextHop} ${route.link}`;

const observedRoute = ({ dst, gateway, dev, protocol }: ObservedRoute): readonly GatewayRoute[] => {
  if (protocol !== routeProtocol || gateway === undefined) return [];
  const link = dev === 'ext' ? 'ext' : 'vpc';
  return [{ destination: range(dst, isIpv6(gateway) ? 6 : 4), nextHop: gateway, link }];
};

/** Whether a next hop needs no range of its own to be found on the link. */
const onLink = ({ nextHop }: GatewayRoute): string => (nextHop === exitAddress ? ' onlink' : '');

const version = (address: string): string => (isIpv6(address) ? '-6 ' : '');

/** Lines for `ip -batch` inside the namespace; `ext`, where it is needed, is there already. */
export const gatewayChanges = (desired: Gateway, observed: ObservedGateway): readonly string[] => {
  const lines: string[] = [];
  for (const link of observed.addresses.filter(({ ifname }) => ifname === 'vpc' || ifname === 'ext')) {
    const mtu = link.ifname === 'vpc' && link.mtu !== desired.mtuBytes ? ` mtu ${desired.mtuBytes}` : '';
    if (mtu !== '' || !link.flags.includes('UP')) lines.push(`link set dev ${link.ifname}${mtu} up`);
    const present = link.addr_info
      .filter(({ family, scope }) => family !== 'inet6' || scope !== 'link')
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
    const wanted = desired.addresses.filter((each) => each.link === link.ifname).map(({ address }) => address);
    for (const gone of present.filter((address) => !wanted.includes(address))) {
      lines.push(`addr del ${gone} dev ${link.ifname}`);
    }
    for (const come of wanted.filter((address) => !present.includes(address))) {
      lines.push(`addr add ${come} dev ${link.ifname}${isIpv6(come) ? ' nodad' : ''}`);
    }
  }
  const neighbours = new Map(observed.neighbours.map(({ dst, lladdr }) => [dst, lladdr]));
  const known = new Set(desired.neighbours.map(({ address }) => address));
  for (const dst of neighbours.keys()) if (!known.has(dst)) lines.push(`neigh del ${dst} dev vpc`);
  for (const { address, mac } of desired.neighbours) {
    if (neighbours.get(address) !== mac) lines.push(`neigh replace ${address} lladdr ${mac} dev vpc nud permanent`);
  }
  const present = observed.routes.flatMap(observedRoute);
  const [have, want] = [new Set(present.map(routeKey)), new Set(desired.routes.map(routeKey))];
  for (const route of present.filter((each) => !want.has(routeKey(each)))) {
    const { destination, nextHop, link } = route;
    lines.push(`${version(destination)}route del ${destination} via ${nextHop} dev ${link}${onLink(route)}`);
  }
  for (const route of desired.routes.filter((each) => !have.has(routeKey(each)))) {
    const target = `${route.destination} via ${route.nextHop} dev ${route.link}${onLink(route)}`;
    lines.push(`${version(route.destination)}route replace ${target} proto ${routeProtocol}`);
  }
  return lines;
};
