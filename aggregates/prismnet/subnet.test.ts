import type { Id } from '#commands/codec/scalar';
import { addressBlock } from '#aggregates/prismnet/address-block';
import { noBits } from '#aggregates/prismnet/bitmap';
import type { Port, Subnet } from '#aggregates/prismnet/network';
import { port } from '#aggregates/prismnet/port';
import { subnet, subnetClearing, type SubnetEvent } from '#aggregates/prismnet/subnet';
import { vpc } from '#aggregates/prismnet/vpc';
import { decisions } from '#harness/decisions';
import { factsHolding, held } from '#harness/facts';

const id = 'shop/front' as Id<'subnet'>;
const main = 'shop/main' as Id<'vpc'>;
const body = { vpc: main, cidr: '10.0.1.0/24' };
const create = (more = {}) => ({ kind: 'subnet.create', id, body: { ...body, ...more } }) as const;
const update = (about: object) => ({ kind: 'subnet.update', id, body: about }) as const;
const remove = { kind: 'subnet.delete', id, body: {} } as const;
const created = (more: Partial<Subnet> = {}): SubnetEvent => ({
  kind: 'subnet.created',
  body: { ...body, gateway: '10.0.1.1', ...more },
});
const deleted: SubnetEvent = { kind: 'subnet.deleted', body: {} };
const net = held(vpc, main, { number: 1 });
const beside = (cidr: string, more = {}) =>
  held(subnet, 'shop/beside', { vpc: main, cidr, gateway: '10.0.0.1', ...more });
const inMain = { facts: [net] };
const user = held(port, 'shop/a', {
  vpc: main,
  subnet: id,
  address: '10.0.1.2',
  mac: '',
  securityGroups: [],
} as unknown as Port);
const blocks = (count: number) =>
  Array.from({ length: count }, (_, number) =>
    held(addressBlock, `subnet/shop/front/${String(number).padStart(5, '0')}`, {
      ...{ holder: `subnet/${id}`, number, reserved: noBits, taken: noBits, resting: [], gap: 0 },
    }),
  );
const many = Array.from({ length: 50 }, (_, at) =>
  held(subnet, `shop/s${at}`, { vpc: 'shop/other' as Id<'vpc'>, cidr: '10.9.0.0/24', gateway: '10.9.0.1' }),
);
const ipv6 = 'fd00:0:0:1::/64';

decisions(subnet, [
  ['creates one whose gateway is its first address', [], create(), [created()], inMain],
  ['creates one with a gateway', [], create({ gateway: '10.0.1.9' }), [created({ gateway: '10.0.1.9' })], inMain],
  ['creates one with IPv6', [], create({ ipv6 }), [created({ ipv6 })], inMain],
  ['creates one only once', [created()], create(), []],
  ['takes the same gateway, said or not', [created()], create({ gateway: '10.0.1.1' }), []],
  ['refuses another of the same id', [created()], create({ cidr: '10.0.2.0/24' }), 'subnet.exists'],
  ['refuses one without its VPC', [], create(), 'vpc.absent'],
  [
    'knows no VPC of another project',
    [],
    create({ vpc: 'den/main' }),
    'vpc.absent',
    { facts: [held(vpc, 'den/main', { number: 1 })] },
  ],
  ['refuses host bits', [], create({ cidr: '10.0.1.1/24' }), 'subnet.malformed', inMain],
  ['refuses what is no range', [], create({ ipv6: 'fd00:::/64' }), 'subnet.malformed', inMain],
  ['refuses a longer spelling', [], create({ ipv6: 'fd00:0:0:0::/64' }), 'subnet.malformed', inMain],
  ['refuses addresses that are special', [], create({ cidr: '169.254.0.0/16' }), 'subnet.reserved', inMain],
  ['refuses a range with such in it', [], create({ cidr: '127.0.0.0/8' }), 'subnet.reserved', inMain],
  ['refuses link-local IPv6', [], create({ ipv6: 'fe80::/64' }), 'subnet.reserved', inMain],
  ['refuses a range inside another', [], create(), 'subnet.overlapping', { facts: [net, beside('10.0.0.0/16')] }],
  ['refuses a range around another', [], create(), 'subnet.overlapping', { facts: [net, beside('10.0.1.248/29')] }],
  [
    'refuses the same /64',
    [],
    create({ ipv6 }),
    'subnet.overlapping',
    { facts: [net, beside('10.7.0.0/16', { ipv6 })] },
  ],
  [
    'takes what is free between others',
    [],
    create(),
    [created()],
    { facts: [net, beside('10.0.0.0/24'), held(subnet, 'shop/c', { vpc: main, cidr: '10.0.2.0/24', gateway: '' })] },
  ],
  [
    'takes what another VPC has',
    [],
    create(),
    [created()],
    { facts: [net, held(subnet, 'shop/c', { vpc: 'shop/other' as Id<'vpc'>, cidr: '10.0.1.0/24', gateway: '' })] },
  ],
  ['refuses a gateway elsewhere', [], create({ gateway: '10.0.2.1' }), 'subnet.gatewayOutside', inMain],
  ['refuses the last address as gateway', [], create({ gateway: '10.0.1.255' }), 'subnet.gatewayOutside', inMain],
  ['refuses one more than the quota', [], create(), 'quota.exceeded', { facts: [net, ...many] }],
  [
    'changes what guests learn',
    [created()],
    update({ mtuBytes: 1_400 }),
    [{ kind: 'subnet.updated', body: { mtuBytes: 1_400 } }],
  ],
  ['changes it once', [created({ mtuBytes: 1_400 })], update({ mtuBytes: 1_400 }), []],
  ['refuses to change what is not there', [], update({}), 'subnet.absent'],
  ['deletes one', [created()], remove, [deleted]],
  ['keeps one with a port', [created()], remove, 'subnet.inUse', { facts: [user] }],
  ['waits for addresses that rest', [created()], remove, 'subnet.settling', { facts: blocks(1_001) }],
  ['refuses to delete what is not there', [created(), deleted], remove, 'subnet.absent'],
]);

test('what rests in a subnet goes with it', () => {
  const at = { position: 1, now: 0, level: 1, principal: '', credential: '', address: '' };
  const dropped = subnetClearing[0]?.react({ ...deleted, id }, factsHolding(blocks(2)), at);
  expect(dropped).toEqual(
    ['00000', '00001'].map((block) => ({ kind: 'address-block.drop', id: `subnet/shop/front/${block}`, body: {} })),
  );
});
