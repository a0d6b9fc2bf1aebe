import {
  bridgeName,
  exitMac,
  gatewayLinkName,
  gatewayMac,
  hasGateway,
  isOurs,
  peersOf,
  tapName,
  type Vpc,
  vxlanName,
} from '#gateways/host/network/host-network';

/** Where a MAC is: at a port of a bridge, or behind a tunnel's other end. */
interface Entry {
  readonly mac: string;
  readonly interface: string;
  /** The bridge that knows it, for an entry of a bridge. */
  readonly bridge?: string;
  /** The other end, for an entry of a tunnel. */
  readonly destination?: string;
}

/** As `bridge -j fdb show` tells it. */
export interface ObservedEntry {
  readonly mac: string;
  readonly ifname: string;
  readonly flags?: readonly string[];
  readonly master?: string;
  readonly dst?: string;
  readonly state?: string;
}

/** Broadcasts, and what goes to a group of machines. */
const everyone = '00:00:00:00:00:00';

export const desiredEntries = (vpc: Vpc): readonly Entry[] => {
  const [bridge, vxlan] = [bridgeName(vpc.number), vxlanName(vpc.number)];
  const behind = (mac: string, destination: string): readonly Entry[] => [
    { mac, interface: vxlan, destination },
    { mac, interface: vxlan, bridge },
  ];
  return [
    ...peersOf(vpc).map((destination) => ({ mac: everyone, interface: vxlan, destination })),
    ...(hasGateway(vpc) ? [{ mac: gatewayMac, interface: gatewayLinkName(vpc.number), bridge }] : []),
    ...(vpc.exit?.kind === 'there' ? behind(exitMac, vpc.exit.vtep) : []),
    ...vpc.ports.flatMap(({ id, mac, vtep }) =>
      vtep === undefined ? [{ mac, interface: tapName(id), bridge }] : behind(mac, vtep),
    ),
  ];
};

const ourEntry = ({ mac, ifname, master, dst, state, flags }: ObservedEntry): readonly Entry[] => {
  if (!isOurs(ifname)) return [];
  if (dst !== undefined && flags?.includes('self') === true) return [{ mac, interface: ifname, destination: dst }];
  return master !== undefined && state === 'static' ? [{ mac, interface: ifname, bridge: master }] : [];
};

const key = ({ mac, interface: at, bridge, destination }: Entry): string =>
  [mac, at, bridge ?? '', destination ?? ''].join(' ');

/** What holds the place of an entry: putting another there replaces it. */
const place = ({ mac, interface: at, bridge, destination }: Entry): string =>
  bridge === undefined ? [mac, at, mac === everyone ? destination : ''].join(' ') : [mac, bridge].join(' ');

const added = (entry: Entry): string => {
  const { mac, interface: at, destination } = entry;
  if (destination === undefined) return `fdb replace ${mac} dev ${at} master static`;
  return `fdb ${mac === everyone ? 'append' : 'replace'} ${mac} dev ${at} dst ${destination} self permanent`;
};

const deleted = ({ mac, interface: at, destination }: Entry): string =>
  destination === undefined ? `fdb del ${mac} dev ${at} master` : `fdb del ${mac} dev ${at} dst ${destination} self`;

/** Lines for `bridge -batch` that turn the entries that are there into those that are to be. */
export const forwardingChanges = (desired: readonly Entry[], observed: readonly ObservedEntry[]): readonly string[] => {
  const present = observed.flatMap(ourEntry);
  const [have, want] = [new Set(present.map(key)), new Set(desired.map(key))];
  const kept = new Set(desired.map(place));
  return [
    ...present.filter((entry) => !want.has(key(entry)) && !kept.has(place(entry))).map(deleted),
    ...desired.filter((entry) => !have.has(key(entry))).map(added),
  ];
};
