import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { projectIn } from '#commands/tenant';
import { releaseNetworkNumber, takeNetworkNumber } from '#commands/prismnet/network-number';
import { dissolveSecurityGroup, foundSecurityGroup } from '#commands/prismnet/security-group';
import {
  createVpc,
  deleteVpc,
  updateVpc,
  VpcCreated,
  VpcDeleted,
  VpcUpdated,
  type VpcCommand,
} from '#commands/prismnet/vpc';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { ownedByProject, projectAbsent, projectKind } from '#aggregates/owners';
import type { Reaction } from '#aggregates/procedure';
import {
  groupOfVpc,
  indexes,
  numbersSpent,
  securityGroupExists,
  securityGroupKind,
  vpcAbsent,
  vpcKind,
  type Vpc,
} from '#aggregates/prismnet/network';
import { nextNumber, numberId } from '#aggregates/prismnet/network-number';
import { inUse, quotaExceeded, usageKey, withinQuota } from '#aggregates/quota';
import { same } from '#aggregates/same';

export type VpcEvent =
  | { readonly kind: 'vpc.created'; readonly body: Vpc }
  | { readonly kind: 'vpc.updated'; readonly body: TypeOf<typeof VpcUpdated> }
  | { readonly kind: 'vpc.deleted'; readonly body: TypeOf<typeof VpcDeleted> };

const rejections = {
  ...projectAbsent,
  ...vpcAbsent,
  ...securityGroupExists,
  ...numbersSpent,
  ...quotaExceeded,
  'vpc.exists': {
    category: 'conflict',
    summary: 'A VPC of this id exists with another description or other labels.',
    fix: 'Choose another id, or update the VPC.',
  },
  'vpc.inUse': {
    category: 'conflict',
    summary: 'Something is left in the VPC.',
    fix: 'Delete what the detail counts first.',
  },
} as const;

export const vpc: Aggregate<Vpc, VpcCommand, VpcEvent, keyof typeof rejections> = {
  kind: vpcKind,
  summary: 'A network of a project that nothing outside it reaches.',
  commands: [createVpc, updateVpc, deleteVpc],
  events: { 'vpc.created': VpcCreated, 'vpc.updated': VpcUpdated, 'vpc.deleted': VpcDeleted },
  rejections,
  sums: { [inUse]: (_state, id) => [[usageKey(projectIn(id), 'vpcs'), 1]] },
  owners: ownedByProject,

  decide(state, command, facts, { now }) {
    switch (command.kind) {
      case 'vpc.create': {
        if (state !== undefined) {
          const { number: _given, ...asked } = state;
          return same(asked, command.body) ? accept() : reject('vpc.exists');
        }
        const project = projectIn(command.id);
        if (facts.get(projectKind, project) === undefined) return reject('project.absent', { project });
        const securityGroup = groupOfVpc(command.id);
        if (facts.get(securityGroupKind, securityGroup) !== undefined) {
          return reject('security-group.exists', { securityGroup });
        }
        const allowed = withinQuota(facts, project, { vpcs: 1, ...ofGroup });
        if (isLeft(allowed)) return allowed;
        const number = nextNumber(facts, now);
        if (number === undefined) return reject('network-number.spent');
        return accept({ kind: 'vpc.created', body: { number, ...command.body } });
      }
      case 'vpc.update':
        if (state === undefined) return reject('vpc.absent', { vpc: command.id });
        return same({ ...state, ...command.body }, state)
          ? accept()
          : accept({ kind: 'vpc.updated', body: command.body });
      case 'vpc.delete': {
        if (state === undefined) return reject('vpc.absent', { vpc: command.id });
        const subnets = facts.count(indexes.subnetsByVpc, command.id);
        const securityGroups = facts.count(indexes.groupsByVpc, command.id);
        if (subnets + securityGroups > 0) return reject('vpc.inUse', { subnets, securityGroups });
        return accept({ kind: 'vpc.deleted', body: { number: state.number } });
      }
    }
  },

  evolve(state, event) {
    if (event.kind === 'vpc.created') return event.body;
    if (state === undefined) return impossible(event);
    return event.kind === 'vpc.updated' ? { ...state, ...event.body } : undefined;
  },
};

/** What the security group counts that comes with a VPC. */
const ofGroup = { securityGroups: 1, securityGroupRules: 2 };

/** A VPC has a number and a security group from its first position to its last. */
export const vpcKeeping: readonly Reaction[] = [
  {
    on: 'vpc.created',
    react: ({ id, body }) => {
      const { number } = body as Vpc; // An event of a kind has the body of that kind.
      return [
        { kind: takeNetworkNumber.kind, id: numberId(number), body: { vpc: id } },
        { kind: foundSecurityGroup.kind, id: groupOfVpc(id), body: {} },
      ];
    },
  },
  {
    on: 'vpc.deleted',
    react: ({ id, body }) => {
      const { number } = body as TypeOf<typeof VpcDeleted>; // The same.
      return [
        { kind: releaseNetworkNumber.kind, id: numberId(number), body: {} },
        { kind: dissolveSecurityGroup.kind, id: groupOfVpc(id), body: {} },
      ];
    },
  },
];
