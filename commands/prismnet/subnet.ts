import { list, object, optional } from '#commands/codec/object';
import { integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Address, Description, Ipv4, Labels, SubnetCidr, SubnetId, SubnetPrefix, VpcId } from '#commands/prismnet/name';
import { view } from '#commands/view';

const Domain = text('domain', {
  summary: 'The domain that guests look names up in.',
  pattern: '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*',
  maxLength: 253,
  example: 'shop.example',
});

/** What may change while ports use the subnet. */
const about = {
  nameServers: optional(list(Address, { summary: 'What guests ask for names, by DHCP.', maxItems: 4 })),
  domain: optional(Domain),
  ntpServers: optional(list(Ipv4, { summary: 'What guests ask for the time, by DHCP.', maxItems: 4 })),
  mtuBytes: optional(
    integer('MTU', {
      summary: 'The longest packet, by DHCP; 1450 unless given.',
      unit: 'bytes',
      min: 1_280,
      max: 9_000,
    }),
  ),
  description: optional(Description),
  labels: optional(Labels),
};

const placed = {
  vpc: VpcId,
  cidr: SubnetCidr,
  gateway: optional({ ...Ipv4, shape: { ...Ipv4.shape, summary: 'Of its gateway; the first address unless given.' } }),
  ipv6: optional(SubnetPrefix),
};

export const createSubnet = command('subnet', 'create', {
  summary: 'Create a subnet: a range of addresses of a VPC, with what its guests learn by DHCP.',
  id: SubnetId,
  body: { ...placed, ...about },
  examples: [
    { title: 'A range of a VPC.', id: 'shop/front', body: { vpc: 'shop/main', cidr: '10.0.1.0/24' } },
    {
      title: 'With IPv6 and name servers.',
      id: 'shop/back',
      body: { vpc: 'shop/main', cidr: '10.0.2.0/24', ipv6: 'fd00:0:0:2::/64', nameServers: ['192.0.2.53'] },
    },
  ],
});

export const updateSubnet = command('subnet', 'update', {
  summary: 'Change what guests of a subnet learn by DHCP, its description or labels; what is left out stays.',
  id: SubnetId,
  body: about,
  examples: [{ title: 'Other name servers.', id: 'shop/front', body: { nameServers: ['192.0.2.54'] } }],
});

export const deleteSubnet = command('subnet', 'delete', {
  summary: 'Delete a subnet without ports.',
  id: SubnetId,
  body: {},
});

export const SubnetCreated = object({ ...placed, gateway: Ipv4, ...about });

export const SubnetUpdated = object(about);

export type SubnetCommand = CommandOf<typeof createSubnet | typeof updateSubnet | typeof deleteSubnet>;

export const subnets = view('subnet', {
  summary: 'Subnets, each a range of addresses of one VPC.',
  id: SubnetId,
  row: object({
    id: SubnetId,
    ...placed,
    gateway: Ipv4,
    ...about,
    ports: integer('ports', { summary: 'Ports that are in it.', unit: 'count' }),
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'SUBNET', path: 'id' },
    { title: 'VPC', path: 'vpc' },
    { title: 'RANGE', path: 'cidr' },
    { title: 'GATEWAY', path: 'gateway' },
    { title: 'IPV6', path: 'ipv6', wide: true },
    { title: 'PORTS', path: 'ports' },
  ],
});
