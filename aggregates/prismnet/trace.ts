import type { Facts } from '#aggregates/facts';
import { addressOf, contains, networkOf, textOf, type Address } from '#aggregates/prismnet/cidr';
import { indexes, inVpc, portKind, subnetKind, type Port } from '#aggregates/prismnet/network';
import { letThroughBy, ruleSetOf, type Packet } from '#aggregates/prismnet/rules';

/** A port by its id, or an address as text; one of two ends must be a port. */
export type End = { readonly port: string } | { readonly address: string };

export interface Question extends Pick<Packet, 'protocol' | 'port'> {
  readonly from: End;
  readonly to: End;
}

/** An end as it was found; without a port it is outside, or nobody's. */
export interface FoundEnd {
  readonly port?: string;
  readonly address: string;
}

/** One place that a packet passes, or does not. */
export interface Step {
  readonly at: 'route' | 'egress' | 'ingress';
  readonly passes: boolean;
  /** `link`, `gateway`; `otherVpc`, `nobody`, `noRoute`, `noIpv6`; `rule`, `noRule`. */
  readonly reason: string;
  /** Whose rules were asked, and the one that lets it through. */
  readonly port?: string;
  readonly securityGroups?: readonly string[];
  readonly securityGroup?: string;
  readonly rule?: string;
}

export interface Trace {
  readonly from: FoundEnd;
  readonly to: FoundEnd;
  readonly passes: boolean;
  readonly steps: readonly Step[];
}

/** An end with what is known of it. */
interface Known extends FoundEnd {
  readonly held: Port | undefined;
  readonly at: Address;
}

/** Whether a first packet gets from one end to the other, and because of which rules; undefined without a port. */
export const traceOf = (facts: Facts, { from, to, ...packet }: Question): Trace | undefined => {
  const vpc = vpcOf(facts, from) ?? vpcOf(facts, to);
  const family = familyOf(from) ?? familyOf(to) ?? 4;
  const [source, target] = [from, to].map((end) => knownOf(facts, end, vpc, family));
  if (vpc === undefined || source === undefined || target === undefined) return undefined;
  const route = routeOf(facts, source, target, vpc, family);
  const steps = route.passes
    ? [
        route,
        ...judgedAt(facts, source, { direction: 'egress', peer: target.at, ...packet }),
        ...judgedAt(facts, target, { direction: 'ingress', peer: source.at, ...packet }),
      ]
    : [route];
  const [shownFrom, shownTo] = [source, target].map(({ port, address }) => ({
    ...(port === undefined ? {} : { port }),
    address,
  }));
  if (shownFrom === undefined || shownTo === undefined) return undefined;
  return { from: shownFrom, to: shownTo, passes: steps.every(({ passes }) => passes), steps };
};

const vpcOf = (facts: Facts, end: End): string | undefined =>
  'port' in end ? facts.get(portKind, end.port)?.state.vpc : undefined;

const familyOf = (end: End): 4 | 6 | undefined => ('address' in end ? addressOf(end.address)?.family : undefined);

const knownOf = (facts: Facts, end: End, vpc: string | undefined, family: 4 | 6): Known | undefined => {
  if ('port' in end) {
    const held = facts.get(portKind, end.port)?.state;
    if (held === undefined) return undefined;
    const address = family === 6 ? (held.ipv6 ?? held.address) : held.address;
    const at = addressOf(address);
    return at === undefined ? undefined : { port: end.port, address, held, at };
  }
  const at = addressOf(end.address);
  if (at === undefined) return undefined;
  const address = textOf(at);
  const key = inVpc(vpc ?? '', address);
  const [row] = facts.index(indexes.portsByAddress, { from: key, to: `${key}\0`, limit: 1 });
  const held = row === undefined ? undefined : facts.get(portKind, row.id)?.state;
  return row === undefined ? { address, held, at } : { port: row.id, address, held, at };
};

const routeOf = (facts: Facts, from: Known, to: Known, vpc: string, family: 4 | 6): Step => {
  const step = (passes: boolean, reason: string): Step => ({ at: 'route', passes, reason });
  if ([from, to].some(({ at }) => at.family !== family)) return step(false, 'noIpv6');
  if (from.held !== undefined && to.held !== undefined) {
    if (from.held.vpc !== to.held.vpc) return step(false, 'otherVpc');
    return step(true, from.held.subnet === to.held.subnet ? 'link' : 'gateway');
  }
  const outside = from.held === undefined ? from.at : to.at;
  return step(false, isInside(facts, vpc, outside) ? 'nobody' : 'noRoute');
};

/** More subnets than a VPC can have under any quota that hosts bear. */
const maxSubnets = 10_000;

const isInside = (facts: Facts, vpc: string, address: Address): boolean =>
  facts.index(indexes.subnetsByVpc, { from: vpc, to: `${vpc}\0`, limit: maxSubnets }).some(({ id }) => {
    const { cidr = '', ipv6 = '' } = facts.get(subnetKind, id)?.state ?? {};
    return [cidr, ipv6].some((range) => {
      const network = networkOf(range);
      return network !== undefined && contains(network, address);
    });
  });

const judgedAt = (facts: Facts, { port, held }: Known, packet: Packet): readonly Step[] => {
  if (port === undefined || held === undefined) return [];
  const found = letThroughBy(ruleSetOf(facts, held), packet);
  const { securityGroups } = held;
  const step = { at: packet.direction, port, securityGroups };
  if (found === undefined) return [{ ...step, passes: false, reason: 'noRule' }];
  const { securityGroup, rule } = found;
  return [{ ...step, passes: true, reason: 'rule', securityGroup, rule }];
};
