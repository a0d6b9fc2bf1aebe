import {
  bridgeName,
  gatewayLinkName,
  gatewayMac,
  hasGateway,
  type HostNetwork,
  isLocal,
  isOurs,
  tapName,
  vxlanName,
} from '#gateways/host/network/host-network';
import { vxlanPort } from '#gateways/host/network/ruleset';

/** An interface of ours that is to be. */
interface Link {
  readonly name: string;
  readonly kind: 'bridge' | 'vxlan' | 'tap' | 'veth';
  readonly mtu: number;
  /** The bridge it is at; what is not at one is a bridge. */
  readonly bridge?: string;
  /** How `ip` makes it. */
  readonly create: string;
  /** What must be as it was made. */
  readonly vxlan?: { readonly id: number; readonly local: string; readonly link: string };
}

/** As `ip -d -j link show` tells it. */
export interface ObservedLink {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly master?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: {
      readonly id?: number;
      readonly local?: string;
      readonly local6?: string;
      readonly link?: string;
    };
    readonly info_slave_data?: { readonly learning?: boolean; readonly flood?: boolean };
  };
}

/** Lines for `ip -batch`: what is made or taken away first, and what is put at its bridge once the rules stand. */
export interface LinkChanges {
  readonly make: readonly string[];
  readonly attach: readonly string[];
}

/** Where guests' taps are made for, and where the other end of a gateway's link is. */
export interface LinkPlace {
  readonly gatewayNamespace: (vpc: number) => string;
  /** The user, by number, who may open taps; root alone when absent. */
  readonly tapOwner: number | undefined;
}

export const desiredLinks = ({ vpcs, underlay }: HostNetwork, place: LinkPlace): readonly Link[] =>
  vpcs.flatMap((vpc): readonly Link[] => {
    const [bridge, vxlan, gateway] = [bridgeName, vxlanName, gatewayLinkName].map((name) => name(vpc.number));
    if (bridge === undefined || vxlan === undefined || gateway === undefined) return [];
    const mtu = vpc.mtuBytes;
    const { address, interface: below } = underlay;
    const owner = place.tapOwner === undefined ? '' : ` user ${place.tapOwner}`;
    const peer = `peer name vpc mtu ${mtu} netns ${place.gatewayNamespace(vpc.number)} address ${gatewayMac}`;
    const veth = `link add ${gateway} mtu ${mtu} type veth ${peer}`;
    const tunnel = `id ${vpc.number} dstport ${vxlanPort} local ${address} dev ${below} nolearning`;
    return [
      {
        name: bridge,
        kind: 'bridge',
        mtu,
        create: `link add ${bridge} type bridge mcast_snooping 0 forward_delay 0`,
      },
      {
        name: vxlan,
        kind: 'vxlan',
        mtu,
        bridge,
        create: `link add ${vxlan} type vxlan ${tunnel}`,
        vxlan: { id: vpc.number, local: address, link: below },
      },
      ...(hasGateway(vpc) ? [{ name: gateway, kind: 'veth', mtu, bridge, create: veth } as const] : []),
      ...vpc.ports.filter(isLocal).map(({ id }) => {
        const name = tapName(id);
        return { name, kind: 'tap', mtu, bridge, create: `tuntap add dev ${name} mode tap${owner}` } as const;
      }),
    ];
  });

const isAsMade = ({ vxlan }: Link, observed: ObservedLink): boolean => {
  if (vxlan === undefined) return true;
  const data = observed.linkinfo?.info_data;
  return data?.id === vxlan.id && (data.local ?? data.local6) === vxlan.local && data.link === vxlan.link;
};

const settings = (link: Link, observed: ObservedLink | undefined): readonly string[] => {
  if (link.bridge !== undefined || (observed?.mtu === link.mtu && observed.flags.includes('UP'))) return [];
  // A host has no address of its own on a tenant's network, not even the one that IPv6 gives to each link.
  const silent = observed === undefined ? ' addrgenmode none' : '';
  return [`link set dev ${link.name} mtu ${link.mtu}${silent} up`];
};

const attachment = (link: Link, observed: ObservedLink | undefined): readonly string[] => {
  if (link.bridge === undefined) return [];
  const slave = observed?.linkinfo?.info_slave_data;
  const lines: string[] = [];
  if (observed?.master !== link.bridge || observed.mtu !== link.mtu) {
    const silent = observed === undefined ? ' addrgenmode none' : '';
    lines.push(`link set dev ${link.name} mtu ${link.mtu}${silent} master ${link.bridge}`);
  }
  // Who is where is known: nothing is learned from frames, and nothing is sent everywhere to find out.
  if (observed?.master !== link.bridge || slave?.learning !== false || slave.flood !== false) {
    lines.push(`link set dev ${link.name} type bridge_slave learning off flood off`);
  }
  if (observed?.flags.includes('UP') !== true) lines.push(`link set dev ${link.name} up`);
  return lines;
};

/** What turns the interfaces that are there into those that are to be. What is not ours is not looked at. */
export const linkChanges = (desired: readonly Link[], observed: readonly ObservedLink[]): LinkChanges => {
  const present = new Map(observed.filter(({ ifname }) => isOurs(ifname)).map((link) => [link.ifname, link]));
  const wanted = new Set(desired.map(({ name }) => name));
  const make = [...present.keys()].filter((name) => !wanted.has(name)).map((name) => `link del dev ${name}`);
  const attach: string[] = [];
  for (const link of desired) {
    let found = present.get(link.name);
    if (found !== undefined && !isAsMade(link, found)) {
      make.push(`link del dev ${link.name}`);
      found = undefined;
    }
    if (found === undefined) make.push(link.create);
    make.push(...settings(link, found));
    attach.push(...attachment(link, found));
  }
  return { make, attach };
};
