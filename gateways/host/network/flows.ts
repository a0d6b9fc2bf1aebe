import { BlockList, isIPv6 } from 'node:net';
import { membersOf } from '#gateways/host/network/group-rules';
import { isLocal, metadataAddress, type Port, type Rule, type Vpc } from '#gateways/host/network/host-network';
import { cutMark } from '#gateways/host/network/ruleset';

/** A flow of which conntrack knows, by its first packet. */
export interface Flow {
  /** As conntrack names it, or its number. */
  readonly protocol: string;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
  /** Where the answer comes from and goes to: others than the ends where addresses are translated. */
  readonly answeredBy: string;
  readonly answeredTo: string;
  readonly icmp?: { readonly type: number; readonly code: number; readonly id: number };
  readonly isCut: boolean;
}

/** The first of each name is of the first packet, the second, here with `answer-` before it, of the answer. */
const fields = (line: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const [, name = '', value = ''] of line.matchAll(/(\w+)=(\S+)/g)) {
    found.set(found.has(name) ? `answer-${name}` : name, value);
  }
  return found;
};

const optional = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

/** Reads a listing of `conntrack -L`. */
export const flowsIn = (listing: string): readonly Flow[] =>
  listing.split('\n').flatMap((line) => {
    const protocol = /^\s*(\S+)\s+(\d+)/.exec(line);
    const found = fields(line);
    const [source, destination] = [found.get('src'), found.get('dst')];
    if (protocol === null || source === undefined || destination === undefined) return [];
    const name = protocol[1] === 'unknown' ? protocol[2] : protocol[1];
    const [type, code, id] = ['type', 'code', 'id'].map((field) => optional(found.get(field)));
    return [
      {
        protocol: name ?? '',
        source,
        destination,
        sourcePort: optional(found.get('sport')),
        destinationPort: optional(found.get('dport')),
        answeredBy: found.get('answer-src') ?? destination,
        answeredTo: found.get('answer-dst') ?? source,
        ...(type !== undefined && code !== undefined && id !== undefined ? { icmp: { type, code, id } } : {}),
        isCut: Number(found.get('mark')) === cutMark,
      },
    ];
  });

const selection = (flow: Flow): readonly string[] => {
  const { protocol, source, destination, sourcePort, destinationPort, icmp } = flow;
  return [
    ...['-p', protocol, '--orig-src', source, '--orig-dst', destination],
    ...(sourcePort === undefined || icmp !== undefined ? [] : ['--sport', `${sourcePort}`]),
    ...(destinationPort === undefined || icmp !== undefined ? [] : ['--dport', `${destinationPort}`]),
    ...(icmp === undefined
      ? []
      : ['--icmp-type', `${icmp.type}`, '--icmp-code', `${icmp.code}`, '--icmp-id', `${icmp.id}`]),
  ];
};

/**
 * A flow as a member of a set of cut ones: its entry stays with conntrack, so that no packet in its midst can make a
 * new one. Undefined for protocols in whose midst nothing new can begin: those are forgotten.
 */
export const cutElement = ({ protocol, source, destination, sourcePort, destinationPort }: Flow): string | undefined =>
  (protocol === 'tcp' || protocol === 'udp') && sourcePort !== undefined && destinationPort !== undefined
    ? [source, destination, protocol, sourcePort, destinationPort].join(' . ')
    : undefined;

/** How conntrack forgets a flow, so that the next packet is judged by the rules. */
export const forgetWords = (zone: number | undefined, flow: Flow): readonly string[] => [
  'conntrack',
  '-D',
  ...(zone === undefined ? [] : ['-w', `${zone}`]),
  ...family(flow),
  ...selection(flow),
];

const family = ({ source }: Flow): readonly string[] => ['-f', isIPv6(source) ? 'ipv6' : 'ipv4'];

const numbers: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 };
const numberOf = (protocol: string): number => numbers[protocol] ?? Number(protocol);

const contains = (cidr: string, address: string): boolean => {
  const [network = '', length = ''] = cidr.split('/');
  if (isIPv6(network) !== isIPv6(address)) return false;
  const list = new BlockList();
  const version = isIPv6(network) ? 'ipv6' : 'ipv4';
  list.addSubnet(network, Number(length), version);
  return list.check(address, version);
};

type Members = ReadonlyMap<string, readonly string[]>;

const matches = ({ protocol, ports, icmpType, peer }: Rule, flow: Flow, other: string, members: Members): boolean => {
  if (protocol !== 'any') {
    const wanted = typeof protocol === 'number' ? protocol : (numbers[protocol] ?? 0);
    if (wanted !== numberOf(flow.protocol)) return false;
  }
  if (ports !== undefined && (protocol === 'tcp' || protocol === 'udp')) {
    const port = flow.destinationPort ?? 0;
    if (port < ports.from || port > ports.to) return false;
  }
  const isIcmp = protocol === 'icmp' || protocol === 'icmpv6';
  if (isIcmp && icmpType !== undefined && flow.icmp?.type !== icmpType) return false;
  if (peer === undefined) return true;
  return 'cidr' in peer ? contains(peer.cidr, other) : (members.get(peer.group)?.includes(other) ?? false);
};

const isAlwaysAllowed = ({ protocol, destination, destinationPort }: Flow): boolean =>
  (protocol === 'udp' && (destinationPort === 67 || destinationPort === 68)) ||
  (protocol === 'tcp' && destination === metadataAddress && destinationPort === 80);

/** `unknown`: neither end is a port of this host. */
type Verdict = 'allowed' | 'denied' | 'unknown';

/** Asks of flows whether the rules of a VPC let their first packet pass the ports of this host. */
export const judgeOf = (vpc: Vpc): ((flow: Flow) => Verdict) => {
  const local = new Map<string, Port>();
  for (const port of vpc.ports.filter(isLocal)) for (const address of port.addresses) local.set(address, port);
  const groups = new Map(vpc.groups.map((group) => [group.id, group]));
  const members = membersOf(vpc.ports);
  const allows = (port: Port, direction: Rule['direction'], flow: Flow, other: string): boolean =>
    port.groups.some((id) =>
      groups.get(id)?.rules.some((rule) => rule.direction === direction && matches(rule, flow, other, members)),
    );
  return (flow) => {
    const [from, to] = [local.get(flow.source), local.get(flow.destination)];
    if (from === undefined && to === undefined) return 'unknown';
    if (isAlwaysAllowed(flow)) return 'allowed';
    const isAllowed =
      (from === undefined || allows(from, 'egress', flow, flow.destination)) &&
      (to === undefined || allows(to, 'ingress', flow, flow.source));
    return isAllowed ? 'allowed' : 'denied';
  };
};
