import { list, map } from '#commands/codec/object';
import { id, integer, text } from '#commands/codec/scalar';
import { label } from '#commands/tenant';

const ofProject = <const N extends string>(noun: N, summary: string, example: string) =>
  id(noun, { summary, pattern: `${label}/${label}`, maxLength: 127, example });

export const VpcId = ofProject('vpc', 'The project and the name of a VPC, as in `shop/main`.', 'shop/main');

export const SubnetId = ofProject('subnet', 'The project and the name of a subnet, as in `shop/front`.', 'shop/front');

export const PortId = ofProject('port', 'The project and the name of a port, as in `shop/web1`.', 'shop/web1');

export const SecurityGroupId = ofProject(
  'security-group',
  'The project and the name of a security group, as in `shop/web`; that of a VPC has the name of the VPC.',
  'shop/web',
);

export const Description = text('description', { summary: 'What it is for.', maxLength: 1_000 });

export const Labels = map(text('label', { summary: 'The value of a label.', maxLength: 63, example: 'front' }), {
  summary: 'Labels, for people and programs to find it by.',
  maxEntries: 32,
  key: text('label name', {
    summary: 'The name of a label.',
    pattern: '[a-z0-9](?:[a-z0-9./-]{0,61}[a-z0-9])?',
    minLength: 1,
    maxLength: 63,
    example: 'tier',
  }),
});

/** Without leading zeros, which some read as octal. */
const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ipv4 = `${octet}(?:\\.${octet}){3}`;
const ipv6 = '[0-9a-f:]{2,39}';

export const Ipv4 = text('IPv4 address', {
  summary: 'An IPv4 address.',
  pattern: ipv4,
  maxLength: 15,
  example: '10.0.1.10',
});

export const Ipv6 = text('IPv6 address', {
  summary: 'An IPv6 address.',
  pattern: ipv6,
  maxLength: 39,
  example: 'fd00::ff:fe00:1',
});

export const Address = text('IP address', {
  summary: 'An IPv4 or IPv6 address.',
  pattern: `${ipv4}|${ipv6}`,
  maxLength: 39,
  example: '192.0.2.53',
});

export const SubnetCidr = text('IPv4 range', {
  summary: 'A range of IPv4 addresses from /8 to /29, in CIDR form without host bits.',
  pattern: `${ipv4}/(?:[89]|[12][0-9])`,
  maxLength: 18,
  example: '10.0.1.0/24',
});

export const SubnetPrefix = text('IPv6 range', {
  summary: 'A /64 of IPv6 addresses, in CIDR form and shortest spelling.',
  pattern: `${ipv6}/64`,
  maxLength: 43,
  example: 'fd00:0:0:1::/64',
});

export const Cidr = text('IP range', {
  summary: 'A range of IPv4 or IPv6 addresses in CIDR form, without host bits and in shortest spelling.',
  pattern: `${ipv4}/(?:3[0-2]|[12]?[0-9])|${ipv6}/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9])`,
  maxLength: 43,
  example: '198.51.100.0/24',
});

export const Mac = text('MAC address', {
  summary: 'A unicast MAC address, in small letters with colons.',
  pattern: '[0-9a-f][02468ace](?::[0-9a-f]{2}){5}',
  maxLength: 17,
  example: '52:54:00:12:34:56',
});

export const VpcNumber = integer('VPC number', {
  summary: 'The number of the VPC on the wire, its VXLAN network identifier.',
  unit: 'number',
  min: 1,
  max: 2 ** 24 - 1,
});

export const SecurityGroups = list(SecurityGroupId, {
  summary: 'Its security groups; the group of the VPC alone unless given.',
  minItems: 1,
  maxItems: 5,
});
