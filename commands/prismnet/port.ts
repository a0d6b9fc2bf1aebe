import { object, optional } from '#commands/codec/object';
import { boolean, integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Description, Ipv4, Ipv6, Labels, Mac, PortId, SecurityGroups, SubnetId, VpcId } from '#commands/prismnet/name';
import { view } from '#commands/view';

const about = { description: optional(Description), labels: optional(Labels) };

const Holder = text('holder', {
  summary: 'What uses the port, as `noun/id`.',
  pattern: '[a-z][a-z-]{0,62}/[a-z0-9-]{1,63}/[a-z0-9-]{1,63}',
  maxLength: 191,
  example: 'vm/shop/web1',
});

const Epoch = integer('epoch', { summary: 'Of the holder; an older one changes nothing.', unit: 'number' });

export const createPort = command('port', 'create', {
  summary: 'Create a port in a subnet: an address and a MAC that one machine at a time can use.',
  id: PortId,
  body: {
    subnet: SubnetId,
    address: optional({
      ...Ipv4,
      shape: { ...Ipv4.shape, summary: 'A free address of the subnet; any unless given.' },
    }),
    mac: optional({ ...Mac, shape: { ...Mac.shape, summary: 'Its MAC address; made from its address unless given.' } }),
    securityGroups: optional(SecurityGroups),
    ...about,
  },
  examples: [
    { title: 'With any free address.', id: 'shop/web1', body: { subnet: 'shop/front' } },
    {
      title: 'With an address and groups.',
      id: 'shop/web2',
      body: { subnet: 'shop/front', address: '10.0.1.20', securityGroups: ['shop/web', 'shop/main'] },
    },
  ],
});

export const updatePort = command('port', 'update', {
  summary: 'Change the security groups, the description or the labels of a port; what is left out stays.',
  id: PortId,
  body: { securityGroups: optional(SecurityGroups), ...about },
  examples: [{ title: 'Other groups.', id: 'shop/web1', body: { securityGroups: ['shop/web'] } }],
});

export const deletePort = command('port', 'delete', {
  summary: 'Delete a port that nothing uses. Its address is given again after five minutes.',
  id: PortId,
  body: {},
});

export const attachPort = command('port', 'attach', {
  summary: 'Say what uses a port.',
  id: PortId,
  body: { attachedTo: Holder, epoch: Epoch },
  internal: true,
  examples: [{ title: 'A machine.', id: 'shop/web1', body: { attachedTo: 'vm/shop/web1', epoch: 1 } }],
});

export const detachPort = command('port', 'detach', {
  summary: 'Say that nothing uses a port any more.',
  id: PortId,
  body: { epoch: Epoch },
  internal: true,
  examples: [{ title: 'The machine is gone.', id: 'shop/web1', body: { epoch: 1 } }],
});

const settled = {
  vpc: VpcId,
  subnet: SubnetId,
  address: Ipv4,
  mac: Mac,
  ipv6: optional(Ipv6),
  securityGroups: SecurityGroups,
};

export const PortCreated = object({
  ...settled,
  addressGiven: boolean('address given', { summary: 'Whether the address was asked for.' }),
  macGiven: boolean('MAC given', { summary: 'Whether the MAC was asked for.' }),
  ...about,
});

export const PortUpdated = object({ securityGroups: optional(SecurityGroups), ...about });

export const PortAttached = object({ attachedTo: Holder, epoch: Epoch });

export const PortDetached = object({ epoch: Epoch });

export const PortDeleted = object({ subnet: SubnetId, address: Ipv4 });

export type PortCommand = CommandOf<
  typeof createPort | typeof updatePort | typeof deletePort | typeof attachPort | typeof detachPort
>;

export const ports = view('port', {
  summary: 'Ports, each with an address and a MAC.',
  id: PortId,
  row: object({
    id: PortId,
    ...settled,
    ...about,
    attachedTo: optional(Holder),
    epoch: optional(Epoch),
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'PORT', path: 'id' },
    { title: 'SUBNET', path: 'subnet' },
    { title: 'ADDRESS', path: 'address' },
    { title: 'MAC', path: 'mac' },
    { title: 'IPV6', path: 'ipv6', wide: true },
    { title: 'ATTACHED TO', path: 'attachedTo' },
  ],
});
