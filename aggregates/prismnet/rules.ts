import type { Facts } from '#aggregates/facts';
import { addressOf, contains, networkOf, type Address } from '#aggregates/prismnet/cidr';
import { indexes, portKind, securityGroupKind, type Port, type Rule } from '#aggregates/prismnet/network';

/** A rule that holds for a port, with where it stands. */
export interface AppliedRule extends Rule {
  readonly securityGroup: string;
  readonly rule: string;
}

/** All that decides what a port may send and receive: hosts make their rules of it, and a trace is judged by it. */
export interface RuleSet {
  /** In the order of groups and names; what none of them lets through is dropped. */
  readonly rules: readonly AppliedRule[];
  /** The addresses of the members of each group that a rule names. */
  readonly members: Readonly<Record<string, readonly string[]>>;
}

/** One kind of packet, as the port sees it whose rules are asked. */
export interface Packet {
  readonly direction: 'ingress' | 'egress';
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  /** Of the receiver, for TCP and UDP. */
  readonly port?: number;
  /** The address of the other end. */
  readonly peer: Address;
}

/** More members than a group can have under any quota that hosts bear. */
const maxMembers = 100_000;

export const ruleSetOf = (facts: Facts, { securityGroups }: Pick<Port, 'securityGroups'>): RuleSet => {
  const rules = securityGroups.flatMap((securityGroup) =>
    Object.entries(facts.get(securityGroupKind, securityGroup)?.state.rules ?? {}).map(([rule, lets]) => ({
      securityGroup,
      rule,
      ...lets,
    })),
  );
  const named = [...new Set(rules.flatMap(({ group }) => (group === undefined ? [] : [group])))].sort();
  return { rules, members: Object.fromEntries(named.map((group) => [group, membersOf(facts, group)])) };
};

const membersOf = (facts: Facts, group: string): readonly string[] =>
  facts
    .index(indexes.portsByGroup, { from: group, to: `${group}\0`, limit: maxMembers })
    .flatMap(({ id }) => addressesOf(facts.get(portKind, id)?.state));

const addressesOf = (port: Port | undefined): readonly string[] =>
  port === undefined ? [] : [port.address, ...(port.ipv6 === undefined ? [] : [port.ipv6])];

/** The first rule that lets a packet through; undefined when none does. */
export const letThroughBy = ({ rules, members }: RuleSet, packet: Packet): AppliedRule | undefined =>
  rules.find(
    (rule) => rule.direction === packet.direction && isOfProtocol(rule, packet) && isPeer(rule, members, packet.peer),
  );

const isOfProtocol = ({ protocol, fromPort, toPort = fromPort }: Rule, packet: Packet): boolean => {
  if (protocol === 'any') return true;
  if (protocol !== packet.protocol) return false;
  if (fromPort === undefined || toPort === undefined) return true;
  return packet.port !== undefined && packet.port >= fromPort && packet.port <= toPort;
};

const isPeer = ({ cidr, group }: Rule, members: RuleSet['members'], peer: Address): boolean => {
  if (group !== undefined) {
    return (members[group] ?? []).some((member) => {
      const address = addressOf(member);
      return address?.family === peer.family && address.value === peer.value;
    });
  }
  const range = cidr === undefined ? undefined : networkOf(cidr);
  return cidr === undefined || (range !== undefined && contains(range, peer));
};
