import type { Id } from '#commands/codec/scalar';
import { project } from '#aggregates/iam/project';
import { networkNumber } from '#aggregates/prismnet/network-number';
import { securityGroup } from '#aggregates/prismnet/security-group';
import { subnet } from '#aggregates/prismnet/subnet';
import { vpc, type VpcEvent } from '#aggregates/prismnet/vpc';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const id = 'shop/main' as Id<'vpc'>;
const create = (body = {}) => ({ kind: 'vpc.create', id, body }) as const;
const update = (body: { description?: string }) => ({ kind: 'vpc.update', id, body }) as const;
const remove = { kind: 'vpc.delete', id, body: {} } as const;
const created = (number = 1, more = {}): VpcEvent => ({ kind: 'vpc.created', body: { number, ...more } });
const deleted: VpcEvent = { kind: 'vpc.deleted', body: { number: 1 } };
const shop = held(project, 'shop', { organisation: 'acme' });
const number = (of: number) =>
  held(networkNumber, String(of).padStart(8, '0'), { number: of, vpc: 'shop/x', until: 0 });
const group = (ofVpc: boolean, name = 'shop/web') => held(securityGroup, name, { vpc: id, ofVpc, rules: {} });
const front = held(subnet, 'shop/front', { vpc: id, cidr: '10.0.1.0/24', gateway: '10.0.1.1' });
/** As many numbers as there are, at once. */
const all = { ...number(1), amounts: [['network-number.given', '', 2 ** 24 - 1]] as const };

const many = Array.from({ length: 10 }, (_, at) => held(vpc, `shop/v${at}`, { number: at + 1 }));

decisions(vpc, [
  ['creates one with a number', [], create(), [created()], { facts: [shop] }],
  ['gives each a number of its own', [], create(), [created(3)], { facts: [shop, number(1), number(2)] }],
  ['creates one only once', [created()], create(), []],
  ['refuses another of the same id', [created()], create({ description: 'x' }), 'vpc.exists'],
  ['refuses one without its project', [], create(), 'project.absent'],
  ['refuses a name that a group has', [], create(), 'security-group.exists', { facts: [shop, group(false, id)] }],
  ['refuses one more than the quota', [], create(), 'quota.exceeded', { facts: [shop, ...many] }],
  ['refuses one more than numbers', [], create(), 'network-number.spent', { facts: [shop, all] }],
  [
    'changes what it is for',
    [created()],
    update({ description: 'x' }),
    [{ kind: 'vpc.updated', body: { description: 'x' } }],
  ],
  ['changes it once', [created(1, { description: 'x' })], update({ description: 'x' }), []],
  ['refuses to change what is not there', [], update({}), 'vpc.absent'],
  ['deletes one with its own group in it', [created()], remove, [deleted], { facts: [group(true, id)] }],
  ['keeps one with a subnet', [created()], remove, 'vpc.inUse', { facts: [front] }],
  ['keeps one with a group', [created()], remove, 'vpc.inUse', { facts: [group(false)] }],
  ['refuses to delete what is not there', [created(), deleted], remove, 'vpc.absent'],
]);
