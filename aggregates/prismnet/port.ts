import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { instantToText } from '#commands/codec/instant';
import type { Id } from '#commands/codec/scalar';
import { projectIn } from '#commands/tenant';
import { releaseAddress, takeAddress } from '#commands/prismnet/address-block';
import {
  attachPort,
  createPort,
  deletePort,
  detachPort,
  PortAttached,
  PortCreated,
  PortDeleted,
  PortDetached,
  PortUpdated,
  updatePort,
  type PortCommand,
} from '#commands/prismnet/port';
import type { Rejection } from '#commands/rejection';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { ownedByProject } from '#aggregates/owners';
import type { Reaction } from '#aggregates/procedure';
import {
  addressUsers,
  blockId,
  freeAddress,
  heldAddress,
  placeOf,
  reservedAs,
  restsUntil,
} from '#aggregates/prismnet/addresses';
import { eui64, networkOf, textOf } from '#aggregates/prismnet/cidr';
import { isMadeMac, madeMac } from '#aggregates/prismnet/mac';
import {
  groupOfVpc,
  indexes,
  inVpc,
  portKind,
  securityGroupAbsent,
  securityGroupKind,
  subnetAbsent,
  subnetKind,
  vpcKind,
  type Port,
  type Subnet,
} from '#aggregates/prismnet/network';
import { inUse, quotaExceeded, usageKey, withinQuota } from '#aggregates/quota';
import { same } from '#aggregates/same';

type Created = TypeOf<typeof createPort.body>;

export type PortEvent =
  | { readonly kind: 'port.created'; readonly body: TypeOf<typeof PortCreated> }
  | { readonly kind: 'port.updated'; readonly body: TypeOf<typeof PortUpdated> }
  | { readonly kind: 'port.attached'; readonly body: TypeOf<typeof PortAttached> }
  | { readonly kind: 'port.detached'; readonly body: TypeOf<typeof PortDetached> }
  | { readonly kind: 'port.deleted'; readonly body: TypeOf<typeof PortDeleted> };

const rejections = {
  ...subnetAbsent,
  ...securityGroupAbsent,
  ...quotaExceeded,
  'port.absent': {
    category: 'absent',
    summary: 'There is no such port.',
    fix: 'Create the port first, or correct its id.',
  },
  'port.exists': {
    category: 'conflict',
    summary: 'A port of this id exists and is another.',
    fix: 'Choose another id, or update the port.',
  },
  'port.addressOutside': {
    category: 'invalid',
    summary: 'The address is not of the subnet.',
    fix: 'Choose an address of the range that the detail names, or leave it out.',
  },
  'port.addressReserved': {
    category: 'invalid',
    summary: 'The address is the first or the last of the subnet, or its gateway.',
    fix: 'Choose another address, or leave it out.',
  },
  'port.addressTaken': {
    category: 'conflict',
    summary: 'Another port has the address.',
    fix: 'Choose another address, or leave it out; the detail names the other port.',
  },
  'port.addressResting': {
    category: 'conflict',
    summary: 'The address was just released, and is not given again yet.',
    fix: 'Choose another address, or wait until the time in the detail.',
  },
  'port.macTaken': {
    category: 'conflict',
    summary: 'Another port of the VPC has the MAC address.',
    fix: 'Choose another MAC address, or leave it out; the detail names the other port.',
  },
  'port.macReserved': {
    category: 'invalid',
    summary: 'The MAC address is one that is made from the address of a port, or none at all.',
    fix: 'Choose one that begins otherwise, or leave it out.',
  },
  'subnet.exhausted': {
    category: 'exhausted',
    summary: 'Every address of the subnet is taken or rests.',
    fix: 'Delete ports and wait five minutes, or create another subnet.',
  },
  'port.attached': {
    category: 'conflict',
    summary: 'Something uses the port.',
    fix: 'Detach the port from what the detail names first.',
  },
  'port.fenced': {
    category: 'conflict',
    summary: 'The port is used under a newer epoch.',
    fix: 'Read the port to see what uses it now.',
  },
} as const;

export const port: Aggregate<Port, PortCommand, PortEvent, keyof typeof rejections> = {
  kind: portKind,
  summary: 'An address and a MAC that one machine at a time can use.',
  commands: [createPort, updatePort, deletePort, attachPort, detachPort],
  events: {
    'port.created': PortCreated,
    'port.updated': PortUpdated,
    'port.attached': PortAttached,
    'port.detached': PortDetached,
    'port.deleted': PortDeleted,
  },
  rejections,
  indexes: {
    [indexes.portsBySubnet]: ({ subnet }) => [subnet],
    [indexes.portsByGroup]: ({ securityGroups }) => securityGroups,
    [indexes.portsByAddress]: ({ vpc, address, ipv6 }) =>
      [address, ...(ipv6 === undefined ? [] : [ipv6])].map((one) => inVpc(vpc, one)),
    [indexes.portsByMac]: ({ vpc, mac }) => [inVpc(vpc, mac)],
    [addressUsers.ports]: ({ subnet, address }) => [heldAddress(holderOf(subnet), address)],
  },
  sums: { [inUse]: (_state, id) => [[usageKey(projectIn(id), 'ports'), 1]] },
  owners: ownedByProject,

  decide(state, command, facts, { now }) {
    if (command.kind === 'port.create') {
      const { body } = command;
      if (state !== undefined) return isRepeated(state, body) ? accept() : reject('port.exists');
      const subnet = facts.get(subnetKind, body.subnet)?.state;
      if (subnet === undefined || projectIn(body.subnet) !== projectIn(command.id)) {
        return reject('subnet.absent', { subnet: body.subnet });
      }
      const securityGroups = groupsIn(subnet.vpc, body.securityGroups);
      const refused = groupProblem(facts, subnet.vpc, securityGroups) ?? addressProblem(facts, subnet, body, now);
      if (refused !== undefined) return reject(refused.code, refused.detail);
      const address = body.address ?? freeAddress(facts, holderOf(body.subnet), now);
      if (address === undefined) return reject('subnet.exhausted', { subnet: body.subnet });
      const number = facts.get(vpcKind, subnet.vpc)?.state.number;
      const made = madeMac(number ?? 0, address);
      const mac = body.mac ?? made;
      if (mac !== made && isMadeMac(number ?? 0, mac)) return reject('port.macReserved', { mac });
      const [other] = facts.index(indexes.portsByMac, { ...exactly(inVpc(subnet.vpc, mac)), limit: 1 });
      if (other !== undefined) return reject('port.macTaken', { mac, port: other.id });
      const allowed = withinQuota(facts, projectIn(command.id), { ports: 1 });
      if (isLeft(allowed)) return allowed;
      return accept({ kind: 'port.created', body: settled(subnet, body, { address, mac, securityGroups }) });
    }
    if (state === undefined) return reject('port.absent', { port: command.id });
    switch (command.kind) {
      case 'port.update': {
        const { securityGroups: asked, ...about } = command.body;
        const securityGroups = asked === undefined ? undefined : groupsIn(state.vpc, asked);
        const refused = groupProblem(facts, state.vpc, securityGroups ?? []);
        if (refused !== undefined) return reject(refused.code, refused.detail);
        const body = { ...(securityGroups === undefined ? {} : { securityGroups }), ...about };
        return same({ ...state, ...body }, state) ? accept() : accept({ kind: 'port.updated', body });
      }
      case 'port.attach': {
        const { attachedTo, epoch } = command.body;
        if (state.attachedTo !== undefined && state.attachedTo !== attachedTo) {
          return reject('port.attached', { attachedTo: state.attachedTo });
        }
        if (state.epoch === epoch) return accept();
        if (state.epoch !== undefined && state.epoch > epoch) return reject('port.fenced', { epoch: state.epoch });
        return accept({ kind: 'port.attached', body: { attachedTo, epoch } });
      }
      case 'port.detach': {
        const { epoch } = command.body;
        if (state.attachedTo === undefined) return accept();
        if (state.epoch !== undefined && state.epoch > epoch) return reject('port.fenced', { epoch: state.epoch });
        return accept({ kind: 'port.detached', body: { epoch } });
      }
      case 'port.delete': {
        const { attachedTo, subnet, address } = state;
        if (attachedTo !== undefined) return reject('port.attached', { attachedTo });
        return accept({ kind: 'port.deleted', body: { subnet, address } });
      }
    }
  },

  evolve(state, event) {
    if (event.kind === 'port.created') return event.body;
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'port.updated':
      case 'port.attached':
        return { ...state, ...event.body };
      case 'port.detached': {
        const { attachedTo: _left, epoch: _over, ...rest } = state;
        return rest;
      }
      case 'port.deleted':
        return undefined;
    }
  },
};

const holderOf = (subnet: string): string => `subnet/${subnet}`;

const exactly = (key: string) => ({ from: key, to: `${key}\0` });

/** In one order and each once: which groups, and not how they were written, is what counts. */
const groupsIn = (vpc: string, asked: readonly Id<'security-group'>[] | undefined): readonly Id<'security-group'>[] =>
  [...new Set(asked ?? [groupOfVpc(vpc)])].sort();

const isRepeated = (state: Port, { subnet, address, mac, securityGroups, description, labels }: Created): boolean =>
  state.subnet === subnet &&
  (state.addressGiven ? state.address : undefined) === address &&
  (state.macGiven ? state.mac : undefined) === mac &&
  same(state.securityGroups, groupsIn(state.vpc, securityGroups)) &&
  state.description === description &&
  same(state.labels, labels);

type Refused = Rejection<keyof typeof rejections>;

const groupProblem = (facts: Facts, vpc: string, groups: readonly string[]): Refused | undefined => {
  const securityGroup = groups.find((group) => facts.get(securityGroupKind, group)?.state.vpc !== vpc);
  return securityGroup === undefined ? undefined : { code: 'security-group.absent', detail: { securityGroup } };
};

/** Why an address that is asked for cannot be given. */
const addressProblem = (facts: Facts, range: Subnet, asked: Created, now: number): Refused | undefined => {
  const { subnet, address } = asked;
  if (address === undefined) return undefined;
  if (placeOf(range, address) === undefined) {
    return { code: 'port.addressOutside', detail: { address, range: range.cidr } };
  }
  const reserved = reservedAs(range, address);
  if (reserved !== undefined) return { code: 'port.addressReserved', detail: { address, reserved } };
  const [other] = facts.index(indexes.portsByAddress, { ...exactly(inVpc(range.vpc, address)), limit: 1 });
  if (other !== undefined) return { code: 'port.addressTaken', detail: { address, port: other.id } };
  const until = restsUntil(facts, holderOf(subnet), address, now);
  return until === undefined
    ? undefined
    : { code: 'port.addressResting', detail: { address, until: instantToText(until) } };
};

const settled = (
  { vpc, ipv6 }: Subnet,
  asked: Created,
  { address, mac, securityGroups }: Pick<Port, 'address' | 'mac' | 'securityGroups'>,
): TypeOf<typeof PortCreated> => {
  const { subnet, description, labels } = asked;
  const prefix = ipv6 === undefined ? undefined : networkOf(ipv6);
  return {
    vpc,
    subnet,
    address,
    mac,
    ...(prefix === undefined ? {} : { ipv6: textOf(eui64(prefix, mac)) }),
    securityGroups,
    addressGiven: asked.address !== undefined,
    macGiven: asked.mac !== undefined,
    ...(description === undefined ? {} : { description }),
    ...(labels === undefined ? {} : { labels }),
  };
};

const blockOf = (facts: Facts, subnet: string, address: string) => {
  const range = facts.get(subnetKind, subnet)?.state;
  const place = range === undefined ? undefined : placeOf(range, address);
  if (place === undefined) throw new Error(`${address} is of no subnet`);
  return { id: blockId(holderOf(subnet), place.number), body: { offset: place.offset } };
};

/** The address of a port is taken as long as the port exists. */
export const addressKeeping: readonly Reaction[] = [
  {
    on: 'port.created',
    react: ({ body }, facts) => {
      const { subnet, address } = body as Port; // An event of a kind has the body of that kind.
      return [{ kind: takeAddress.kind, ...blockOf(facts, subnet, address) }];
    },
  },
  {
    on: 'port.deleted',
    react: ({ body }, facts) => {
      const { subnet, address } = body as TypeOf<typeof PortDeleted>; // The same.
      return [{ kind: releaseAddress.kind, ...blockOf(facts, subnet, address) }];
    },
  },
];
