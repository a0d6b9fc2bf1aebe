import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import type { Id } from '#commands/codec/scalar';
import { projectIn } from '#commands/tenant';
import {
  addRule,
  createSecurityGroup,
  deleteSecurityGroup,
  dissolveSecurityGroup,
  foundSecurityGroup,
  maxRules,
  removeRule,
  RuleAdded,
  RuleRemoved,
  SecurityGroupCreated,
  SecurityGroupFounded,
  SecurityGroupUpdated,
  updateSecurityGroup,
  type SecurityGroupCommand,
} from '#commands/prismnet/security-group';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { ownedByProject } from '#aggregates/owners';
import { isCanonical, networkOf, networkText } from '#aggregates/prismnet/cidr';
import {
  groupOfVpc,
  indexes,
  securityGroupAbsent,
  securityGroupExists,
  securityGroupKind,
  vpcAbsent,
  vpcKind,
  type Rule,
  type SecurityGroup,
} from '#aggregates/prismnet/network';
import { inUse, quotaExceeded, usageKey, withinQuota } from '#aggregates/quota';
import { same } from '#aggregates/same';

type Empty = Readonly<Record<string, never>>;

export type SecurityGroupEvent =
  | { readonly kind: 'security-group.created'; readonly body: TypeOf<typeof SecurityGroupCreated> }
  | { readonly kind: 'security-group.founded'; readonly body: TypeOf<typeof SecurityGroupFounded> }
  | { readonly kind: 'security-group.updated'; readonly body: TypeOf<typeof SecurityGroupUpdated> }
  | { readonly kind: 'security-group.ruleAdded'; readonly body: TypeOf<typeof RuleAdded> }
  | { readonly kind: 'security-group.ruleRemoved'; readonly body: TypeOf<typeof RuleRemoved> }
  | { readonly kind: 'security-group.deleted'; readonly body: Empty };

const rejections = {
  ...vpcAbsent,
  ...securityGroupAbsent,
  ...securityGroupExists,
  ...quotaExceeded,
  'security-group.inUse': {
    category: 'conflict',
    summary: 'Ports have the security group, or rules of other groups name it.',
    fix: 'Take it from what the detail counts first.',
  },
  'security-group.ofVpc': {
    category: 'conflict',
    summary: 'The security group is that of its VPC, and goes with it.',
    fix: 'Remove its rules, or give the ports other groups.',
  },
  'security-group.ruleAbsent': {
    category: 'absent',
    summary: 'The security group has no such rule.',
    fix: 'List the rules of the group to see which there are.',
  },
  'security-group.ruleExists': {
    category: 'conflict',
    summary: 'The security group has another rule of this name.',
    fix: 'Choose another name, or remove the rule first.',
  },
  'security-group.ruleUnclear': {
    category: 'invalid',
    summary: 'The rule says two things at once, or a range that is none.',
    fix: 'Correct the field that the detail names.',
  },
  'security-group.full': {
    category: 'exhausted',
    summary: `The security group has ${maxRules} rules, the most there can be.`,
    fix: 'Remove rules, or spread them over several groups of the same ports.',
  },
} as const;

export const securityGroup: Aggregate<
  SecurityGroup,
  SecurityGroupCommand,
  SecurityGroupEvent,
  keyof typeof rejections
> = {
  kind: securityGroupKind,
  summary: 'What is let through to and from the ports that have it.',
  commands: [
    createSecurityGroup,
    foundSecurityGroup,
    updateSecurityGroup,
    addRule,
    removeRule,
    deleteSecurityGroup,
    dissolveSecurityGroup,
  ],
  events: {
    'security-group.created': SecurityGroupCreated,
    'security-group.founded': SecurityGroupFounded,
    'security-group.updated': SecurityGroupUpdated,
    'security-group.ruleAdded': RuleAdded,
    'security-group.ruleRemoved': RuleRemoved,
    'security-group.deleted': object({}),
  },
  rejections,
  indexes: {
    [indexes.groupsByVpc]: ({ vpc, ofVpc }) => (ofVpc ? [] : [vpc]),
    [indexes.groupsByPeer]: ({ rules }) => [
      ...new Set(Object.values(rules).flatMap(({ group }) => (group === undefined ? [] : [group]))),
    ],
  },
  sums: {
    [inUse]: ({ rules }, id) => [
      [usageKey(projectIn(id), 'securityGroups'), 1],
      [usageKey(projectIn(id), 'securityGroupRules'), Object.keys(rules).length],
    ],
  },
  owners: ownedByProject,

  decide(state, command, facts) {
    if (command.kind === 'security-group.create') {
      const { vpc } = command.body;
      if (state !== undefined) {
        const { rules: _had, ofVpc, ...asked } = state;
        return !ofVpc && same(asked, command.body) ? accept() : reject('security-group.exists');
      }
      const isThere = projectIn(vpc) === projectIn(command.id) && facts.get(vpcKind, vpc) !== undefined;
      if (!isThere) return reject('vpc.absent', { vpc });
      const allowed = withinQuota(facts, projectIn(vpc), { securityGroups: 1 });
      return isLeft(allowed) ? allowed : accept({ kind: 'security-group.created', body: command.body });
    }
    if (command.kind === 'security-group.found') {
      const vpc = vpcOfGroup(command.id);
      if (state !== undefined) return state.ofVpc ? accept() : reject('security-group.exists');
      if (facts.get(vpcKind, vpc) === undefined) return reject('vpc.absent', { vpc });
      return accept({ kind: 'security-group.founded', body: { vpc } });
    }
    if (command.kind === 'security-group.dissolve') {
      if (state === undefined) return accept();
      const isNeeded = !state.ofVpc || facts.get(vpcKind, state.vpc) !== undefined;
      if (isNeeded) return reject('security-group.inUse', { vpc: state.vpc });
      return accept({ kind: 'security-group.deleted', body: {} });
    }
    if (state === undefined) return reject('security-group.absent', { securityGroup: command.id });
    switch (command.kind) {
      case 'security-group.update':
        return same({ ...state, ...command.body }, state)
          ? accept()
          : accept({ kind: 'security-group.updated', body: command.body });
      case 'security-group.addRule': {
        const { rule, ...asked } = command.body;
        const had = state.rules[rule];
        if (had !== undefined) return same(had, asked) ? accept() : reject('security-group.ruleExists', { rule });
        const unclear = unclearIn(asked);
        if (unclear !== undefined) return reject('security-group.ruleUnclear', unclear);
        const { group } = asked;
        if (group !== undefined && facts.get(securityGroupKind, group)?.state.vpc !== state.vpc) {
          return reject('security-group.absent', { securityGroup: group });
        }
        if (Object.keys(state.rules).length >= maxRules) return reject('security-group.full');
        const allowed = withinQuota(facts, projectIn(command.id), { securityGroupRules: 1 });
        if (isLeft(allowed)) return allowed;
        return accept({ kind: 'security-group.ruleAdded', body: command.body });
      }
      case 'security-group.removeRule': {
        const { rule } = command.body;
        if (state.rules[rule] === undefined) return reject('security-group.ruleAbsent', { rule });
        return accept({ kind: 'security-group.ruleRemoved', body: { rule } });
      }
      case 'security-group.delete': {
        if (state.ofVpc) return reject('security-group.ofVpc', { vpc: state.vpc });
        const ports = facts.count(indexes.portsByGroup, command.id);
        const own = Object.values(state.rules).some(({ group }) => group === command.id) ? 1 : 0;
        const securityGroups = facts.count(indexes.groupsByPeer, command.id) - own;
        if (ports + securityGroups > 0) return reject('security-group.inUse', { ports, securityGroups });
        return accept({ kind: 'security-group.deleted', body: {} });
      }
    }
  },

  evolve(state, event) {
    if (event.kind === 'security-group.created') return { ...event.body, ofVpc: false, rules: {} };
    if (event.kind === 'security-group.founded')
      return { ...event.body, ofVpc: true, rules: rulesOfVpc(event.body.vpc) };
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'security-group.updated':
        return { ...state, ...event.body };
      case 'security-group.ruleAdded': {
        const { rule, ...added } = event.body;
        return { ...state, rules: inOrder({ ...state.rules, [rule]: added }) };
      }
      case 'security-group.ruleRemoved': {
        const { [event.body.rule]: _removed, ...rules } = state.rules;
        return { ...state, rules };
      }
      case 'security-group.deleted':
        return undefined;
    }
  },
};

/** The VPC that a group has its id from. */
const vpcOfGroup = (id: string): Id<'vpc'> => id as Id<'vpc'>;

/** Members reach each other, and everything else; nothing else reaches them. */
const rulesOfVpc = (vpc: string): SecurityGroup['rules'] => ({
  members: { direction: 'ingress', protocol: 'any', group: groupOfVpc(vpc) },
  out: { direction: 'egress', protocol: 'any' },
});

/** By name, so that adding a rule and removing it leaves what was there before. */
const inOrder = (rules: SecurityGroup['rules']): SecurityGroup['rules'] =>
  Object.fromEntries(Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The field that makes no sense beside the others, and what it should be. */
const unclearIn = ({ protocol, fromPort, toPort, cidr, group }: Rule): Readonly<Record<string, string>> | undefined => {
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  if (fromPort !== undefined && !hasPorts) return { field: 'fromPort', expected: `nothing beside ${protocol}` };
  if (toPort !== undefined && fromPort === undefined) return { field: 'toPort', expected: 'nothing without fromPort' };
  if (toPort !== undefined && fromPort !== undefined && toPort < fromPort) {
    return { field: 'toPort', expected: `a port from ${fromPort} on` };
  }
  if (cidr === undefined) return undefined;
  if (group !== undefined) return { field: 'cidr', expected: 'nothing beside group' };
  const network = networkOf(cidr);
  if (network === undefined) return { field: 'cidr', expected: 'a range in CIDR form' };
  return isCanonical(cidr) ? undefined : { field: 'cidr', expected: networkText(network) };
};
