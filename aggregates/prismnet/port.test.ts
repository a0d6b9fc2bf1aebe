import type { Id } from '#commands/codec/scalar';
import { addressBlock } from '#aggregates/prismnet/address-block';
import type { AddressBlock } from '#aggregates/prismnet/addresses';
import { noBits } from '#aggregates/prismnet/bitmap';
import type { Port, Subnet } from '#aggregates/prismnet/network';
import { addressKeeping, port, type PortEvent } from '#aggregates/prismnet/port';
import { securityGroup } from '#aggregates/prismnet/security-group';
import { subnet } from '#aggregates/prismnet/subnet';
import { vpc } from '#aggregates/prismnet/vpc';
import { decisions } from '#harness/decisions';
import { factsHolding, held } from '#harness/facts';

const id = 'shop/web1' as Id<'port'>;
const main = 'shop/main' as Id<'vpc'>;
const own = 'shop/main' as Id<'security-group'>;
const web = 'shop/web' as Id<'security-group'>;
const front = 'shop/front' as Id<'subnet'>;
const create = (body = {}) => ({ kind: 'port.create', id, body: { subnet: front, ...body } }) as const;
const update = (body: object) => ({ kind: 'port.update', id, body }) as const;
const attach = (attachedTo = 'vm/shop/a', epoch = 2) =>
  ({ kind: 'port.attach', id, body: { attachedTo, epoch } }) as const;
const detach = (epoch = 2) => ({ kind: 'port.detach', id, body: { epoch } }) as const;
const remove = { kind: 'port.delete', id, body: {} } as const;

const state = (more: Partial<Port> = {}): Port => ({
  vpc: main,
  subnet: front,
  address: '10.0.1.2',
  mac: '02:01:0a:00:01:02',
  securityGroups: [own],
  addressGiven: false,
  macGiven: false,
  ...more,
});
const created = (more: Partial<Port> = {}): PortEvent => ({ kind: 'port.created', body: state(more) });
const updated = (body: object): PortEvent => ({ kind: 'port.updated', body });
const attached = (epoch = 2): PortEvent => ({ kind: 'port.attached', body: { attachedTo: 'vm/shop/a', epoch } });
const detached: PortEvent = { kind: 'port.detached', body: { epoch: 2 } };
const deleted: PortEvent = { kind: 'port.deleted', body: { subnet: front, address: '10.0.1.2' } };

const range = (more: Partial<Subnet> = {}) =>
  held(subnet, front, { vpc: main, cidr: '10.0.1.0/29', gateway: '10.0.1.1', ...more });
const net = held(vpc, main, { number: 1 });
const group = (name: string, of = main) => held(securityGroup, name, { vpc: of, ofVpc: name === of, rules: {} });
const there = [net, range(), group(own), group(web)];
const inFront = { facts: there };
const other = (more: Partial<Port>) => ({ facts: [...there, held(port, 'shop/other', state(more))] });
const block = (more: Partial<AddressBlock>) => ({
  facts: [
    ...there,
    held(addressBlock, 'subnet/shop/front/00000', {
      ...{ holder: 'subnet/shop/front', number: 0, reserved: noBits, taken: 'f'.repeat(64), resting: [], gap: 0 },
      ...more,
    }),
  ],
});
const now = 3_600_000;
const rests = block({ taken: `d${'f'.repeat(63)}`, resting: [{ offset: 2, until: now + 1 }] });
const many = Array.from({ length: 500 }, (_, at) =>
  held(port, `shop/p${at}`, state({ address: `a${at}`, mac: `m${at}` })),
);
const given = { address: '10.0.1.5', addressGiven: true, mac: '02:01:0a:00:01:05' };

decisions(port, [
  ['creates one with a free address', [], create(), [created()], inFront],
  ['creates one with an address', [], create({ address: '10.0.1.5' }), [created(given)], inFront],
  [
    'creates one with a MAC',
    [],
    create({ mac: '52:54:00:12:34:56' }),
    [created({ mac: '52:54:00:12:34:56', macGiven: true })],
    inFront,
  ],
  [
    'gives it the IPv6 address of its MAC',
    [],
    create(),
    [created({ ipv6: 'fd00::1:aff:fe00:102' })],
    { facts: [net, range({ ipv6: 'fd00::/64' }), group(own)] },
  ],
  [
    'gives it groups, each once',
    [],
    create({ securityGroups: [web, own, web] }),
    [created({ securityGroups: [own, web] })],
    inFront,
  ],
  [
    'takes the MAC that would be made, said or not',
    [],
    create({ mac: '02:01:0a:00:01:02' }),
    [created({ macGiven: true })],
    inFront,
  ],
  ['creates one only once', [created()], create(), []],
  [
    'takes the same groups in any order',
    [created({ securityGroups: [own, web] })],
    create({ securityGroups: [web, own] }),
    [],
  ],
  ['refuses another of the same id', [created()], create({ subnet: 'shop/back' }), 'port.exists'],
  ['refuses it with an address now', [created()], create({ address: '10.0.1.2' }), 'port.exists'],
  ['refuses it without its address now', [created(given)], create(), 'port.exists'],
  ['refuses one without its subnet', [], create(), 'subnet.absent'],
  [
    'knows no subnet of another project',
    [],
    create({ subnet: 'den/front' }),
    'subnet.absent',
    { facts: [held(subnet, 'den/front', { vpc: main, cidr: '10.0.1.0/24', gateway: '10.0.1.1' })] },
  ],
  [
    'refuses a group that is not there',
    [],
    create({ securityGroups: ['shop/none'] }),
    'security-group.absent',
    inFront,
  ],
  [
    'knows no group of another VPC',
    [],
    create({ securityGroups: ['shop/far'] }),
    'security-group.absent',
    { facts: [...there, group('shop/far', 'shop/other' as Id<'vpc'>)] },
  ],
  ['refuses an address elsewhere', [], create({ address: '10.0.1.8' }), 'port.addressOutside', inFront],
  ['refuses the first address', [], create({ address: '10.0.1.0' }), 'port.addressReserved', inFront],
  ['refuses the last address', [], create({ address: '10.0.1.7' }), 'port.addressReserved', inFront],
  ['refuses the gateway', [], create({ address: '10.0.1.1' }), 'port.addressReserved', inFront],
  ['refuses an address of another', [], create({ address: '10.0.1.2' }), 'port.addressTaken', other({})],
  ['refuses an address that rests', [], create({ address: '10.0.1.2' }), 'port.addressResting', rests],
  ['refuses what does not fit', [], create(), 'subnet.exhausted', rests],
  [
    'refuses a MAC of another',
    [],
    create({ mac: '52:54:00:12:34:56' }),
    'port.macTaken',
    other({ address: '10.0.1.4', mac: '52:54:00:12:34:56' }),
  ],
  ['refuses a MAC that may be made', [], create({ mac: '02:01:00:00:00:00' }), 'port.macReserved', inFront],
  ['refuses a MAC of nobody', [], create({ mac: '00:00:00:00:00:00' }), 'port.macReserved', inFront],
  ['refuses one more than the quota', [], create(), 'quota.exceeded', { facts: [...there, ...many] }],
  ['changes its groups', [created()], update({ securityGroups: [web] }), [updated({ securityGroups: [web] })], inFront],
  ['changes them once', [created()], update({ securityGroups: [own] }), [], inFront],
  ['changes what it is for', [created()], update({ description: 'x' }), [updated({ description: 'x' })]],
  ['refuses to give it what is not there', [created()], update({ securityGroups: [web] }), 'security-group.absent'],
  ['is used', [created()], attach(), [attached()]],
  ['is used once', [created(), attached()], attach(), []],
  ['is used under a newer epoch', [created(), attached(1)], attach(), [attached()]],
  ['is not used under an older one', [created(), attached()], attach('vm/shop/a', 1), 'port.fenced'],
  ['is not used by two', [created(), attached()], attach('vm/shop/b', 9), 'port.attached'],
  ['is used no longer', [created(), attached()], detach(), [detached]],
  ['is used no longer once', [created(), attached(), detached], detach(), []],
  ['is not taken away by an older epoch', [created(), attached()], detach(1), 'port.fenced'],
  ['is used by another then', [created(), attached(), detached], attach('vm/shop/a', 1), [attached(1)]],
  ['deletes one', [created()], remove, [deleted]],
  ['keeps one that is used', [created(), attached()], remove, 'port.attached'],
  ['refuses what is not there', [created(), deleted], remove, 'port.absent'],
]);

test('its address is taken while it exists', () => {
  const at = { position: 1, now, level: 1, principal: '', credential: '', address: '' };
  const followed = [created(), deleted].map((event) => {
    const keeping = addressKeeping.find(({ on }) => on === event.kind);
    return keeping?.react({ ...event, id }, factsHolding(there), at);
  });
  const address = { id: 'subnet/shop/front/00000', body: { offset: 2 } };
  expect(followed).toEqual([
    [{ kind: 'address-block.take', ...address }],
    [{ kind: 'address-block.release', ...address }],
  ]);
});
