interface Told {
  readonly kind: string;
  readonly id: string;
  readonly body: unknown;
  readonly stampedAtMs?: number;
}

const told = (kind: string, id: string, body: unknown = {}): Told => ({ kind, id, body });

/** More than the quarantine of addresses later. */
const later = { stampedAtMs: 1_700_000_600_000 };

/** A network of a project from its first command to its last, with what goes wrong on the way. */
export const networkStory: readonly Told[] = [
  told('organisation.create', 'acme'),
  told('project.create', 'shop', { organisation: 'acme' }),
  told('vpc.create', 'shop/main', { description: 'The shop' }),
  told('vpc.update', 'shop/main', { labels: { tier: 'front' } }),
  told('vpc.create', 'shop/other'),
  told('subnet.create', 'shop/front', { vpc: 'shop/main', cidr: '10.0.0.0/22', ipv6: 'fd00:0:0:1::/64' }),
  told('subnet.create', 'shop/over', { vpc: 'shop/main', cidr: '10.0.2.0/24' }),
  told('subnet.create', 'shop/same', { vpc: 'shop/other', cidr: '10.0.2.0/24' }),
  told('subnet.update', 'shop/front', { mtuBytes: 1_400, domain: 'shop.example' }),
  told('security-group.create', 'shop/web', { vpc: 'shop/main' }),
  told('security-group.update', 'shop/web', { description: 'Web servers' }),
  told('security-group.addRule', 'shop/web', { rule: 'https', direction: 'ingress', protocol: 'tcp', fromPort: 443 }),
  told('security-group.addRule', 'shop/web', {
    ...{ rule: 'inside', direction: 'ingress', protocol: 'any', group: 'shop/main' },
  }),
  told('security-group.removeRule', 'shop/web', { rule: 'inside' }),
  told('port.create', 'shop/a', { subnet: 'shop/front' }),
  told('port.create', 'shop/b', { subnet: 'shop/front', securityGroups: ['shop/web', 'shop/main'] }),
  told('port.create', 'shop/c', { subnet: 'shop/front', address: '10.0.2.9', mac: '52:54:00:12:34:56' }),
  told('port.create', 'shop/d', { subnet: 'shop/front', address: '10.0.2.9' }),
  told('port.update', 'shop/a', { securityGroups: ['shop/web'] }),
  told('port.attach', 'shop/a', { attachedTo: 'vm/shop/a', epoch: 2 }),
  told('port.attach', 'shop/a', { attachedTo: 'vm/shop/a', epoch: 1 }),
  told('port.delete', 'shop/a'),
  told('port.detach', 'shop/a', { epoch: 2 }),
  told('port.delete', 'shop/a'),
  told('port.delete', 'shop/c'),
  told('port.create', 'shop/c', { subnet: 'shop/front', address: '10.0.2.9' }),
  told('port.create', 'shop/e', { subnet: 'shop/front' }),
  told('address-block.take', 'subnet/shop/front/00000', { offset: 3 }),
  told('address-block.release', 'subnet/shop/front/00000', { offset: 200 }),
  told('address-block.bridge', 'subnet/shop/front/00000'),
  told('address-block.expire', 'subnet/shop/front/00000'),
  told('address-block.drop', 'subnet/shop/front/00003'),
  told('network-number.take', '00000001', { vpc: 'shop/main' }),
  told('network-number.release', '00000009'),
  told('security-group.found', 'shop/main'),
  told('security-group.dissolve', 'shop/none'),
  told('subnet.delete', 'shop/front'),
  { ...told('clock.advance', ''), ...later },
  ...['shop/b', 'shop/e'].map((id) => ({ ...told('port.delete', id), ...later })),
  ...['shop/front', 'shop/same'].map((id) => ({ ...told('subnet.delete', id), ...later })),
  { ...told('security-group.delete', 'shop/web'), ...later },
  ...['shop/main', 'shop/other'].map((id) => ({ ...told('vpc.delete', id), ...later })),
  { ...told('vpc.create', 'shop/again'), ...later },
];
