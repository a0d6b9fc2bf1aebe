import { createHash } from 'node:crypto';

/** What the networks of one host are to be. Plain data: who makes it knows the log, who reads it does not. */
export interface HostNetwork {
  /** The position of the log that this expresses; it is kept beside the rules and read back. */
  readonly position: number;
  /** The address from which this host sends to the others, and the interface that has it. */
  readonly underlay: { readonly address: string; readonly interface: string };
  /** Those of which this host has a port, or the way out. */
  readonly vpcs: readonly Vpc[];
}

/** A network of a tenant. Ranges of two of them may overlap. */
export interface Vpc {
  /** The VXLAN network id, 1 to 16,777,215. */
  readonly number: number;
  /** For people only. */
  readonly name: string;
  /** Of what guests send, in bytes; 50 less than the underlay's at most, 70 less when that is IPv6. */
  readonly mtuBytes: number;
  readonly subnets: readonly Subnet[];
  /** All of the VPC, also those of other hosts. */
  readonly ports: readonly Port[];
  readonly groups: readonly SecurityGroup[];
  readonly routes: readonly Route[];
  /** How traffic leaves the VPC; without it, it does not. */
  readonly exit?: Exit;
  /** Those of ports of the VPC; they are answered where the way out is. */
  readonly floatingIps: readonly FloatingIp[];
}

export interface Subnet {
  /** IPv4, as `10.0.0.0/24`. */
  readonly cidr: string;
  /** Its address of the gateway, which answers on every host. */
  readonly gateway: string;
  /** A /64, from which guests make their addresses of their MAC. */
  readonly ipv6?: { readonly cidr: string; readonly gateway: string };
  readonly dhcp: DhcpOptions;
}

export interface DhcpOptions {
  /** IPv4 addresses of name servers. */
  readonly nameServers: readonly string[];
  readonly timeServers?: readonly string[];
  readonly domain?: string;
}

export interface Port {
  readonly id: string;
  /** Lower case, as `02:01:0a:00:00:05`. */
  readonly mac: string;
  /** IPv4 and IPv6, canonical; without the link-local one, which follows from the MAC. */
  readonly addresses: readonly string[];
  /** What DHCP calls the guest. */
  readonly hostname?: string;
  /** The underlay's address of the host that has it; absent when that is this host. */
  readonly vtep?: string;
  /** Ids of groups. A port without one takes nothing and sends nothing but what a lease needs. */
  readonly groups: readonly string[];
}

export interface SecurityGroup {
  readonly id: string;
  readonly rules: readonly Rule[];
}

/** What a rule allows; what no rule allows is dropped, and answers to what was allowed pass. */
export interface Rule {
  readonly direction: 'ingress' | 'egress';
  /** Or the number of another protocol. */
  readonly protocol: 'any' | 'tcp' | 'udp' | 'icmp' | 'icmpv6' | number;
  /** Destination ports of TCP and UDP, both ends included; all when absent. */
  readonly ports?: { readonly from: number; readonly to: number };
  /** Of ICMP; all when absent. */
  readonly icmpType?: number;
  /** A range of addresses, or the id of a group whose members are meant; anyone when absent. */
  readonly peer?: { readonly cidr: string } | { readonly group: string };
}

/** A way to a range through a port of the VPC. */
export interface Route {
  readonly destination: string;
  readonly nextHop: string;
}

/** `here`: on an interface of this host that reaches the outside. `there`: on another host, by its underlay address. */
export type Exit =
  | {
      readonly kind: 'here';
      readonly interface: string;
      /** What guests without a floating IP are seen as, with its prefix length: `203.0.113.5/24`. */
      readonly address: string;
      /** The next hop outside; absent when only neighbours are to be reached. */
      readonly nextHop?: string;
    }
  | { readonly kind: 'there'; readonly vtep: string };

export interface FloatingIp {
  readonly external: string;
  /** An IPv4 address of a port. */
  readonly internal: string;
}

/** The MAC of a VPC's gateway, the same on each host. No port may have it. */
export const gatewayMac = '02:00:00:00:00:01';
/** To which hosts send what is to leave a VPC on another host. No port may have it. */
export const exitMac = '02:00:00:00:00:02';
/** The next hop of gateways whose way out is on another host. */
export const exitAddress = '169.254.0.2';
export const metadataAddress = '169.254.169.254';

/** Short and stable, for names that the kernel limits. */
export const digest = (text: string, characters: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, characters);

const hex = (number: number): string => number.toString(16).padStart(6, '0');

/** The interface of a guest: a tap, which exists before the guest's machine is started. */
export const tapName = (portId: string): string => `uct${digest(portId, 12)}`;
export const bridgeName = (vpc: number): string => `ucb${hex(vpc)}`;
export const vxlanName = (vpc: number): string => `ucx${hex(vpc)}`;
/** The end at the bridge of the gateway's link. */
export const gatewayLinkName = (vpc: number): string => `ucg${hex(vpc)}`;

/** Whether an interface has a name that only this driver gives. */
export const isOurs = (name: string): boolean => /^uc([bxg][0-9a-f]{6}|t[0-9a-f]{12})$/.test(name);

export const isLocal = (port: Port): boolean => port.vtep === undefined;
export const isIpv6 = (address: string): boolean => address.includes(':');

/** VPCs of which this host needs a gateway. */
export const hasGateway = (vpc: Vpc): boolean => vpc.exit?.kind === 'here' || vpc.ports.some(isLocal);

/** The other hosts to which broadcasts of a VPC go, and from which its frames may come. */
export const peersOf = (vpc: Vpc): readonly string[] => {
  const found = new Set(vpc.ports.flatMap(({ vtep }) => vtep ?? []));
  if (vpc.exit?.kind === 'there') found.add(vpc.exit.vtep);
  return [...found].sort();
};

/** The address of the link that a guest makes of its MAC (EUI-64). */
export const linkLocal = (mac: string): string => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(':').map((part) => parseInt(part, 16));
  const words = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return new URL(`http://[fe80::${words.map((word) => word.toString(16)).join(':')}]`).hostname.slice(1, -1);
};

/**
 * The conntrack zone of each VPC, 1 to 65,535: the number of the VPC where that is possible. Two VPCs of one host can
 * only want the same one when the cluster has had more than 65,535; the later one then takes the next.
 */
export const zonesOf = (vpcs: readonly Pick<Vpc, 'number'>[]): ReadonlyMap<number, number> => {
  const zones = new Map<number, number>();
  const taken = new Set<number>();
  for (const number of vpcs.map((vpc) => vpc.number).sort((a, b) => a - b)) {
    let zone = ((number - 1) % 65_535) + 1;
    while (taken.has(zone)) zone = (zone % 65_535) + 1;
    taken.add(zone);
    zones.set(number, zone);
  }
  return zones;
};
