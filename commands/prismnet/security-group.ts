import { map, object, optional } from '#commands/codec/object';
import { boolean, choice, integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Cidr, Description, Labels, SecurityGroupId, VpcId } from '#commands/prismnet/name';
import { label } from '#commands/tenant';
import { view } from '#commands/view';

const about = { description: optional(Description), labels: optional(Labels) };

const RuleId = text('rule', {
  summary: 'The name of a rule in its group.',
  pattern: label,
  maxLength: 63,
  example: 'web',
});

/** The most rules of one group. */
export const maxRules = 200;

const whatever = {
  direction: choice('direction', {
    summary: 'Whether it lets in (`ingress`) or out (`egress`).',
    values: ['ingress', 'egress'],
  }),
  protocol: choice('protocol', {
    summary: 'What it lets through. `icmp` is that of IPv6 too.',
    values: ['tcp', 'udp', 'icmp', 'any'],
  }),
  fromPort: optional(
    integer('port', { summary: 'The first port; all of them unless given.', unit: 'port', min: 1, max: 65_535 }),
  ),
  toPort: optional(
    integer('port', { summary: 'The last port; the first unless given.', unit: 'port', min: 1, max: 65_535 }),
  ),
  cidr: optional({
    ...Cidr,
    shape: { ...Cidr.shape, summary: 'The range of the peer; any address unless it or a group is given.' },
  }),
  group: optional({
    ...SecurityGroupId,
    shape: { ...SecurityGroupId.shape, summary: 'The group of the peer, of the same VPC.' },
  }),
};

const Rule = object(whatever, { summary: 'What is let through. Answers to it come back.' });

export const createSecurityGroup = command('security-group', 'create', {
  summary: 'Create a security group in a VPC. It lets nothing through until it has rules.',
  id: SecurityGroupId,
  body: { vpc: VpcId, ...about },
  examples: [{ title: 'For web servers.', id: 'shop/web', body: { vpc: 'shop/main', description: 'Web servers' } }],
});

export const foundSecurityGroup = command('security-group', 'found', {
  summary: 'Create the security group of a VPC, which lets its members reach each other, and everything from them.',
  id: SecurityGroupId,
  body: {},
  internal: true,
  examples: [{ title: 'With its VPC.', id: 'shop/main', body: {} }],
});

export const updateSecurityGroup = command('security-group', 'update', {
  summary: 'Change the description or the labels of a security group; what is left out stays.',
  id: SecurityGroupId,
  body: about,
  examples: [{ title: 'Say what it is for.', id: 'shop/web', body: { description: 'What faces customers' } }],
});

export const addRule = command('security-group', 'addRule', {
  summary: 'Let something through, for all ports that have the group.',
  id: SecurityGroupId,
  body: { rule: RuleId, ...whatever },
  cli: { words: ['security-group', 'add-rule'], positional: ['rule'] },
  examples: [
    {
      title: 'Web pages, for everybody.',
      id: 'shop/web',
      body: { rule: 'https', direction: 'ingress', protocol: 'tcp', fromPort: 443 },
    },
    {
      title: 'Everything from the group of the VPC.',
      id: 'shop/web',
      body: { rule: 'inside', direction: 'ingress', protocol: 'any', group: 'shop/main' },
    },
  ],
});

export const removeRule = command('security-group', 'removeRule', {
  summary: 'Let something through no longer. Connections that only it allowed end.',
  id: SecurityGroupId,
  body: { rule: RuleId },
  cli: { words: ['security-group', 'remove-rule'], positional: ['rule'] },
  examples: [{ title: 'No more web pages.', id: 'shop/web', body: { rule: 'https' } }],
});

export const deleteSecurityGroup = command('security-group', 'delete', {
  summary: 'Delete a security group that no port has and no rule of another group names.',
  id: SecurityGroupId,
  body: {},
});

export const dissolveSecurityGroup = command('security-group', 'dissolve', {
  summary: 'Delete the security group of a VPC that is deleted.',
  id: SecurityGroupId,
  body: {},
  internal: true,
});

export const SecurityGroupCreated = object({ vpc: VpcId, ...about });

export const SecurityGroupFounded = object({ vpc: VpcId });

export const SecurityGroupUpdated = object(about);

export const RuleAdded = object({ rule: RuleId, ...whatever });

export const RuleRemoved = object({ rule: RuleId });

export type SecurityGroupCommand = CommandOf<
  | typeof createSecurityGroup
  | typeof foundSecurityGroup
  | typeof updateSecurityGroup
  | typeof addRule
  | typeof removeRule
  | typeof deleteSecurityGroup
  | typeof dissolveSecurityGroup
>;

export const securityGroups = view('security-group', {
  summary: 'Security groups, each of one VPC.',
  id: SecurityGroupId,
  row: object({
    id: SecurityGroupId,
    vpc: VpcId,
    ...about,
    ofVpc: boolean('of the VPC', { summary: 'Whether ports have it that name no group.' }),
    rules: map(Rule, { summary: 'What it lets through, by the names of the rules.', maxEntries: maxRules }),
    ports: integer('ports', { summary: 'Ports that have it.', unit: 'count' }),
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'SECURITY GROUP', path: 'id' },
    { title: 'VPC', path: 'vpc' },
    { title: 'PORTS', path: 'ports' },
    { title: 'DESCRIPTION', path: 'description' },
  ],
});
