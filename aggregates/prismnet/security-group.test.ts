import type { Id } from '#commands/codec/scalar';
import { maxRules } from '#commands/prismnet/security-group';
import type { Port, SecurityGroup } from '#aggregates/prismnet/network';
import { port } from '#aggregates/prismnet/port';
import { securityGroup, type SecurityGroupEvent } from '#aggregates/prismnet/security-group';
import { vpc } from '#aggregates/prismnet/vpc';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const id = 'shop/web' as Id<'security-group'>;
const main = 'shop/main' as Id<'vpc'>;
const own = 'shop/main' as Id<'security-group'>;
const create = (body = {}) => ({ kind: 'security-group.create', id, body: { vpc: main, ...body } }) as const;
const found = { kind: 'security-group.found', id: own, body: {} } as const;
const dissolve = { kind: 'security-group.dissolve', id: own, body: {} } as const;
const update = (body: object) => ({ kind: 'security-group.update', id, body }) as const;
const rule = { rule: 'https', direction: 'ingress', protocol: 'tcp', fromPort: 443 } as const;
const add = (more: object = {}) => ({ kind: 'security-group.addRule', id, body: { ...rule, ...more } }) as const;
const remove = { kind: 'security-group.removeRule', id, body: { rule: 'https' } } as const;
const deleteIt = { kind: 'security-group.delete', id, body: {} } as const;

const created = (more = {}): SecurityGroupEvent => ({ kind: 'security-group.created', body: { vpc: main, ...more } });
const founded: SecurityGroupEvent = { kind: 'security-group.founded', body: { vpc: main } };
const updated = (body: object): SecurityGroupEvent => ({ kind: 'security-group.updated', body });
const added = (more: object = {}): SecurityGroupEvent => ({
  kind: 'security-group.ruleAdded',
  body: { ...rule, ...more },
});
const removed: SecurityGroupEvent = { kind: 'security-group.ruleRemoved', body: { rule: 'https' } };
const deleted: SecurityGroupEvent = { kind: 'security-group.deleted', body: {} };
const crowd = Array.from({ length: maxRules }, (_, at) => added({ rule: `r${at}` }));

const net = held(vpc, main, { number: 1 });
const group = (name: string, more: Partial<SecurityGroup> = {}) =>
  held(securityGroup, name, { vpc: main, ofVpc: false, rules: {}, ...more });
const member = held(port, 'shop/a', {
  vpc: main,
  subnet: '',
  address: '',
  mac: '',
  securityGroups: [id],
} as unknown as Port);
const naming = group('shop/db', { rules: { web: { direction: 'ingress', protocol: 'any', group: id } } });
const groups = Array.from({ length: 50 }, (_, at) => group(`shop/g${at}`));
const rules = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`r${at}`, rule]));

decisions(securityGroup, [
  ['creates one in a VPC', [], create(), [created()], { facts: [net] }],
  ['creates one only once', [created(), added()], create(), []],
  ['refuses another of the same id', [created()], create({ description: 'x' }), 'security-group.exists'],
  ['refuses that of a VPC again', [founded], create(), 'security-group.exists'],
  ['refuses one without its VPC', [], create(), 'vpc.absent'],
  [
    'knows no VPC of another project',
    [],
    create({ vpc: 'den/main' }),
    'vpc.absent',
    { facts: [held(vpc, 'den/main', { number: 1 })] },
  ],
  ['refuses one more than the quota', [], create(), 'quota.exceeded', { facts: [net, ...groups] }],
  ['creates that of a VPC', [], found, [founded], { facts: [net] }],
  ['creates that of a VPC once', [founded], found, []],
  ['refuses that of a VPC where another is', [created()], found, 'security-group.exists'],
  ['refuses that of no VPC', [], found, 'vpc.absent'],
  ['changes what it is for', [created()], update({ description: 'x' }), [updated({ description: 'x' })]],
  ['changes it once', [created(), updated({ description: 'x' })], update({ description: 'x' }), []],
  ['lets something through', [created()], add(), [added()]],
  ['lets it through once', [created(), added()], add(), []],
  ['refuses another rule of the name', [created(), added()], add({ fromPort: 80 }), 'security-group.ruleExists'],
  [
    'lets ranges through',
    [created()],
    add({ cidr: '192.0.2.0/24', toPort: 500 }),
    [added({ cidr: '192.0.2.0/24', toPort: 500 })],
  ],
  ['lets a group through', [created()], add({ group: id }), [added({ group: id })]],
  ['refuses a group that is not there', [created()], add({ group: own }), 'security-group.absent'],
  [
    'knows no group of another VPC',
    [created()],
    add({ group: 'shop/far' }),
    'security-group.absent',
    { facts: [group('shop/far', { vpc: 'shop/other' as Id<'vpc'> })] },
  ],
  ['refuses ports of what has none', [created()], add({ protocol: 'icmp' }), 'security-group.ruleUnclear'],
  ['refuses a last port alone', [created()], add({ fromPort: undefined, toPort: 5 }), 'security-group.ruleUnclear'],
  [
    'refuses a last port of any',
    [created()],
    add({ protocol: 'any', fromPort: undefined, toPort: 5 }),
    'security-group.ruleUnclear',
  ],
  ['refuses ports that end before they begin', [created()], add({ toPort: 442 }), 'security-group.ruleUnclear'],
  ['refuses two peers', [created()], add({ cidr: '10.0.0.0/8', group: id }), 'security-group.ruleUnclear'],
  ['refuses host bits', [created()], add({ cidr: '10.0.0.1/8' }), 'security-group.ruleUnclear'],
  ['refuses what is no range', [created()], add({ cidr: ':::/8' }), 'security-group.ruleUnclear'],
  ['refuses one rule more than there can be', [created(), ...crowd], add(), 'security-group.full'],
  [
    'refuses one rule more than the quota',
    [created()],
    add(),
    'quota.exceeded',
    { facts: [group('shop/x', { rules })] },
  ],
  ['lets it through no longer', [created(), added()], remove, [removed]],
  ['refuses to remove what is not there', [created(), added(), removed], remove, 'security-group.ruleAbsent'],
  ['deletes one', [created(), added({ group: id })], deleteIt, [deleted]],
  ['keeps one that a port has', [created()], deleteIt, 'security-group.inUse', { facts: [member] }],
  ['keeps one that a rule names', [created()], deleteIt, 'security-group.inUse', { facts: [naming] }],
  ['keeps that of a VPC', [founded], deleteIt, 'security-group.ofVpc'],
  ['refuses what is not there', [created(), deleted], deleteIt, 'security-group.absent'],
  ['deletes that of a VPC that is gone', [founded], dissolve, [deleted]],
  ['deletes it once', [founded, deleted], dissolve, []],
  ['keeps that of a VPC that is there', [founded], dissolve, 'security-group.inUse', { facts: [net] }],
]);

const at = { position: 1, now: 0, level: 1, principal: '', credential: '', address: '' };
const after = (...events: readonly SecurityGroupEvent[]) =>
  events.reduce<SecurityGroup | undefined>((state, event) => securityGroup.evolve(state, event, at), undefined);

test('members of the group of a VPC reach each other, and everything', () => {
  expect(after(founded)?.rules).toEqual({
    members: { direction: 'ingress', protocol: 'any', group: own },
    out: { direction: 'egress', protocol: 'any' },
  });
});

test('a rule that came and went leaves what was there before', () => {
  const before = after(created(), added({ rule: 'b' }), added({ rule: 'z' }));
  const then = after(created(), added({ rule: 'b' }), added({ rule: 'z' }), added(), removed);
  expect(JSON.stringify(then)).toBe(JSON.stringify(before));
});
