import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import type { Rejection } from '#commands/rejection';
import { projectIn } from '#commands/tenant';
import { dropAddressBlock } from '#commands/prismnet/address-block';
import {
  createSubnet,
  deleteSubnet,
  SubnetCreated,
  SubnetUpdated,
  updateSubnet,
  type SubnetCommand,
} from '#commands/prismnet/subnet';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { ownedByProject } from '#aggregates/owners';
import type { Reaction } from '#aggregates/procedure';
import { addressBlockKind, reservedAs } from '#aggregates/prismnet/addresses';
import {
  addressOf,
  contains,
  firstOf,
  lastOf,
  networkOf,
  networkText,
  overlaps,
  sortable,
  textOf,
  type Network,
} from '#aggregates/prismnet/cidr';
import {
  indexes,
  inVpc,
  subnetAbsent,
  subnetKind,
  vpcAbsent,
  vpcKind,
  type Subnet,
} from '#aggregates/prismnet/network';
import { inUse, quotaExceeded, usageKey, withinQuota } from '#aggregates/quota';
import { same } from '#aggregates/same';

type Created = TypeOf<typeof createSubnet.body>;

export type SubnetEvent =
  | { readonly kind: 'subnet.created'; readonly body: Subnet }
  | { readonly kind: 'subnet.updated'; readonly body: TypeOf<typeof SubnetUpdated> }
  | { readonly kind: 'subnet.deleted'; readonly body: Readonly<Record<string, never>> };

/** Blocks of addresses that one deletion takes along. Those without ports are forgotten after their quarantine. */
const maxBlocks = 1_000;

const rejections = {
  ...vpcAbsent,
  ...subnetAbsent,
  ...quotaExceeded,
  'subnet.exists': {
    category: 'conflict',
    summary: 'A subnet of this id exists and is another.',
    fix: 'Choose another id, or update the subnet.',
  },
  'subnet.malformed': {
    category: 'invalid',
    summary: 'The range has host bits set, or is not in its shortest spelling.',
    fix: 'Write the range as the detail does.',
  },
  'subnet.reserved': {
    category: 'invalid',
    summary: 'The range holds addresses that no machine can have in a network of its own.',
    fix: 'Choose a private range, such as one in 10.0.0.0/8 and for IPv6 in fd00::/8.',
  },
  'subnet.overlapping': {
    category: 'conflict',
    summary: 'The range holds addresses of another subnet of the VPC.',
    fix: 'Choose a range that is free; the detail names the other subnet.',
  },
  'subnet.gatewayOutside': {
    category: 'invalid',
    summary: 'The gateway is outside the range, or its first or last address.',
    fix: 'Choose an address of the range, or leave the gateway out.',
  },
  'subnet.inUse': {
    category: 'conflict',
    summary: 'The subnet has ports.',
    fix: 'Delete its ports first.',
  },
  'subnet.settling': {
    category: 'conflict',
    summary: 'Too many addresses of the subnet rest since their ports were deleted.',
    fix: 'Delete it again in five minutes.',
  },
} as const;

export const subnet: Aggregate<Subnet, SubnetCommand, SubnetEvent, keyof typeof rejections> = {
  kind: subnetKind,
  summary: 'A range of addresses of a VPC.',
  commands: [createSubnet, updateSubnet, deleteSubnet],
  events: { 'subnet.created': SubnetCreated, 'subnet.updated': SubnetUpdated, 'subnet.deleted': object({}) },
  rejections,
  indexes: {
    [indexes.subnetsByVpc]: ({ vpc }) => [vpc],
    [indexes.subnetsByRange]: ({ vpc, cidr, ipv6 }) =>
      [cidr, ...(ipv6 === undefined ? [] : [ipv6])].map((range) => inVpc(vpc, firstKey(rangeIn(range)))),
  },
  sums: { [inUse]: (_state, id) => [[usageKey(projectIn(id), 'subnets'), 1]] },
  owners: ownedByProject,

  decide(state, command, facts) {
    switch (command.kind) {
      case 'subnet.create': {
        const { body } = command;
        if (state !== undefined) {
          const gateway = body.gateway ?? firstHost(body.cidr);
          return same(state, { ...body, gateway }) ? accept() : reject('subnet.exists');
        }
        const { vpc } = body;
        if (projectIn(vpc) !== projectIn(command.id) || facts.get(vpcKind, vpc) === undefined) {
          return reject('vpc.absent', { vpc });
        }
        const refused = rangeProblem(body) ?? overlapping(facts, body);
        if (refused !== undefined) return reject(refused.code, refused.detail);
        const allowed = withinQuota(facts, projectIn(vpc), { subnets: 1 });
        if (isLeft(allowed)) return allowed;
        return accept({ kind: 'subnet.created', body: { ...body, gateway: body.gateway ?? firstHost(body.cidr) } });
      }
      case 'subnet.update':
        if (state === undefined) return reject('subnet.absent', { subnet: command.id });
        return same({ ...state, ...command.body }, state)
          ? accept()
          : accept({ kind: 'subnet.updated', body: command.body });
      case 'subnet.delete': {
        if (state === undefined) return reject('subnet.absent', { subnet: command.id });
        const ports = facts.count(indexes.portsBySubnet, command.id);
        if (ports > 0) return reject('subnet.inUse', { ports });
        if (blocksOf(facts, command.id).length > maxBlocks) return reject('subnet.settling');
        return accept({ kind: 'subnet.deleted', body: {} });
      }
    }
  },

  evolve(state, event) {
    if (event.kind === 'subnet.created') return event.body;
    if (state === undefined) return impossible(event);
    return event.kind === 'subnet.updated' ? { ...state, ...event.body } : undefined;
  },
};

/** Of a range that a codec or a decision let through. */
const rangeIn = (range: string): Network => {
  const network = networkOf(range);
  if (network === undefined) throw new Error(`${range} was let through as a range`);
  return network;
};

/** The first address, so that the order of keys is that of ranges, those of one family together. */
const firstKey = (network: Network): string => `${network.family} ${sortable(firstOf(network))}`;

const firstHost = (cidr: string): string => {
  const first = firstOf(rangeIn(cidr));
  return textOf({ ...first, value: first.value + 1n });
};

/** Of this network, loopback, link-local with the metadata address, multicast and beyond; RFC 6890, RFC 4291. */
const unusable = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/8', 'fe80::/10', 'ff00::/8'].map(
  rangeIn,
);

type Refused = Rejection<keyof typeof rejections>;

/** What is wrong with the ranges of a subnet, whatever else there is. */
const rangeProblem = ({ cidr, ipv6, gateway }: Created): Refused | undefined => {
  for (const range of ipv6 === undefined ? [cidr] : [cidr, ipv6]) {
    const network = networkOf(range);
    if (network === undefined) return { code: 'subnet.malformed', detail: { range } };
    const expected = networkText(network);
    if (expected !== range) return { code: 'subnet.malformed', detail: { range, expected } };
    if (unusable.some((other) => overlaps(network, other))) return { code: 'subnet.reserved', detail: { range } };
  }
  const address = gateway === undefined ? undefined : addressOf(gateway);
  if (gateway === undefined || address === undefined) return undefined;
  const isHost = contains(rangeIn(cidr), address) && reservedAs({ cidr }, gateway) === undefined;
  return isHost ? undefined : { code: 'subnet.gatewayOutside', detail: { gateway, cidr } };
};

/** Those that are there do not overlap, so that only the last one that begins before the end of a range can. */
const overlapping = (facts: Facts, { vpc, cidr, ipv6 }: Created): Refused | undefined => {
  for (const range of ipv6 === undefined ? [cidr] : [cidr, ipv6]) {
    const network = rangeIn(range);
    const from = inVpc(vpc, `${network.family} `);
    const to = inVpc(vpc, `${network.family} ${sortable(lastOf(network))}\0`);
    const [found] = facts.index(indexes.subnetsByRange, { from, to, reverse: true, limit: 1 });
    const other = found === undefined ? undefined : facts.get(subnetKind, found.id)?.state;
    const theirs = network.family === 4 ? other?.cidr : other?.ipv6;
    if (found !== undefined && theirs !== undefined && overlaps(network, rangeIn(theirs))) {
      return { code: 'subnet.overlapping', detail: { range, subnet: found.id, theirs } };
    }
  }
  return undefined;
};

const blocksOf = (facts: Facts, id: string) =>
  facts.range(addressBlockKind, { from: `subnet/${id}/`, to: `subnet/${id}/:`, limit: maxBlocks + 1 });

/** What rests in a subnet goes with it. */
export const subnetClearing: readonly Reaction[] = [
  {
    on: 'subnet.deleted',
    react: ({ id }, facts) =>
      blocksOf(facts, id).map((block) => ({ kind: dropAddressBlock.kind, id: block.id, body: {} })),
  },
];
