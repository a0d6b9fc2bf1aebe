import type { Id } from '#commands/codec/scalar';
import type { TypeOf } from '#commands/codec/codec';
import type { PortCreated } from '#commands/prismnet/port';
import type { RuleAdded, SecurityGroupCreated } from '#commands/prismnet/security-group';
import type { SubnetCreated } from '#commands/prismnet/subnet';
import type { VpcCreated } from '#commands/prismnet/vpc';
import { kind } from '#aggregates/facts';

/** What the nouns of networks know of each other: states, kinds, indexes and the refusals that they share. */

export type Vpc = TypeOf<typeof VpcCreated>;

export type Subnet = TypeOf<typeof SubnetCreated>;

export type Rule = Omit<TypeOf<typeof RuleAdded>, 'rule'>;

export interface SecurityGroup extends TypeOf<typeof SecurityGroupCreated> {
  /** Whether it came with its VPC and goes with it. */
  readonly ofVpc: boolean;
  readonly rules: Readonly<Record<string, Rule>>;
}

export interface Port extends TypeOf<typeof PortCreated> {
  /** What uses it, and the epoch of that. */
  readonly attachedTo?: string;
  readonly epoch?: number;
}

export const vpcKind = kind<Vpc>('vpc');
export const subnetKind = kind<Subnet>('subnet');
export const securityGroupKind = kind<SecurityGroup>('security-group');
export const portKind = kind<Port>('port');

/** How long an address or a number rests before another gets it, so that what hosts still send goes nowhere. */
export const quarantineMs = 5 * 60_000;

export const indexes = {
  subnetsByVpc: 'subnet.by-vpc',
  /** The VPC and the first address of each range of a subnet. */
  subnetsByRange: 'subnet.by-range',
  groupsByVpc: 'security-group.by-vpc',
  /** Groups whose rules name a group. */
  groupsByPeer: 'security-group.by-peer',
  portsBySubnet: 'port.by-subnet',
  portsByGroup: 'port.by-group',
  /** The VPC and an address. */
  portsByAddress: 'port.by-address',
  portsByMac: 'port.by-mac',
} as const;

/** The key of an address or a MAC in an index. */
export const inVpc = (vpc: string, what: string): string => `${vpc} ${what}`;

/** The group that ports of a VPC have unless told otherwise. */
export const groupOfVpc = (vpc: string): Id<'security-group'> => vpc as Id<'security-group'>; // It has the VPC's id.

export const vpcAbsent = {
  'vpc.absent': {
    category: 'absent',
    summary: 'There is no such VPC in the project.',
    fix: 'Create the VPC first, or correct its id.',
  },
} as const;

export const subnetAbsent = {
  'subnet.absent': {
    category: 'absent',
    summary: 'There is no such subnet in the project.',
    fix: 'Create the subnet first, or correct its id.',
  },
} as const;

export const securityGroupAbsent = {
  'security-group.absent': {
    category: 'absent',
    summary: 'There is no such security group in the VPC.',
    fix: 'Create the security group first, or correct its id.',
  },
} as const;

export const securityGroupExists = {
  'security-group.exists': {
    category: 'conflict',
    summary: 'A security group of this id exists and is another.',
    fix: 'Choose another id; a VPC and its own security group have one name.',
  },
} as const;

export const numbersSpent = {
  'network-number.spent': {
    category: 'exhausted',
    summary: 'Every number that a VPC can have is given.',
    fix: 'Delete a VPC that nobody needs; its number is given again after five minutes.',
  },
} as const;
