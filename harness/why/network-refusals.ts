import { many, type Asked } from '#harness/why/asked';

/** A project with a VPC, each story in one of its own. */
const vpc = (name: string): readonly Asked[] => [
  ['organisation.create', name, {}],
  ['project.create', name, { organisation: name }],
  ['vpc.create', `${name}/main`, {}],
];

const subnet = (name: string, cidr = '10.0.1.0/24', more: object = {}): Asked => [
  'subnet.create',
  `${name}/front`,
  { vpc: `${name}/main`, cidr, ...more },
];

const network = (name: string): readonly Asked[] => [...vpc(name), subnet(name)];

const port = (name: string, at: string, more: object = {}): Asked => [
  'port.create',
  `${name}/${at}`,
  { subnet: `${name}/front`, ...more },
];

const group = (name: string): readonly Asked[] => [
  ...vpc(name),
  ['security-group.create', `${name}/web`, { vpc: `${name}/main` }],
];

const rule = (name: string, more: object = {}): Asked => [
  'security-group.addRule',
  `${name}/web`,
  { rule: 'https', direction: 'ingress', protocol: 'tcp', ...more },
];

const attach = (name: string, attachedTo: string, epoch: number): Asked => [
  'port.attach',
  `${name}/a`,
  { attachedTo, epoch },
];

/** More subnets in blocks of their own than one deletion takes along. */
const scattered = (name: string): readonly Asked[] => {
  const ids = many(1_001, (at) => `${name}/p${at}`);
  const inBatches = (commandOf: (id: string, at: number) => object): readonly Asked[] =>
    [0, 1].map((half): Asked => {
      const commands = ids.map(commandOf).slice(half * 501, (half + 1) * 501);
      return ['batch.apply', '', undefined, { body: { commands } }];
    });
  return [
    ...vpc(name),
    ['quota.set', name, { ports: 2_000 }],
    subnet(name, '10.0.0.0/8'),
    ...inBatches((id, at) => ({
      command: 'port.create',
      id,
      body: { subnet: `${name}/front`, address: `10.${Math.floor(at / 200)}.${at % 200}.9` },
    })),
    ...inBatches((id) => ({ command: 'port.delete', id, body: {} })),
  ];
};

/** How the refusals of networks come about. */
export const networkRefusals: Readonly<Record<string, readonly Asked[]>> = {
  'address-block.absent': [['address-block.bridge', 'subnet/none/none/00000', {}]],
  'address-block.unheld': [...network('unheld'), ['address-block.take', 'subnet/unheld/front/00000', { offset: 9 }]],
  'address-block.used': [
    ...network('used'),
    port('used', 'a'),
    ['address-block.release', 'subnet/used/front/00000', { offset: 2 }],
  ],
  'network-number.spent': [['network-number.take', '16777216', { vpc: 'none/none' }]],
  'network-number.unheld': [['network-number.take', '00000000', { vpc: 'none/none' }]],
  'network-number.used': [
    ['network-number.take', '00000001', { vpc: 'unheld/main' }],
    ['network-number.release', '00000001', {}],
  ],
  'port.absent': [['port.delete', 'none/none', {}]],
  'port.addressOutside': [...network('outside'), port('outside', 'a', { address: '10.0.2.1' })],
  'port.addressReserved': [...network('reserved'), port('reserved', 'a', { address: '10.0.1.1' })],
  'port.addressResting': [
    ...network('resting'),
    port('resting', 'a'),
    ['port.delete', 'resting/a', {}],
    port('resting', 'b', { address: '10.0.1.2' }),
  ],
  'port.addressTaken': [...network('taken'), port('taken', 'a'), port('taken', 'b', { address: '10.0.1.2' })],
  'port.attached': [
    ...network('attached'),
    port('attached', 'a'),
    attach('attached', 'vm/attached/a', 1),
    attach('attached', 'vm/attached/b', 2),
  ],
  'port.exists': [...network('twice'), port('twice', 'a'), port('twice', 'a', { description: 'Another' })],
  'port.fenced': [
    ...network('fenced'),
    port('fenced', 'a'),
    attach('fenced', 'vm/fenced/a', 2),
    attach('fenced', 'vm/fenced/a', 1),
  ],
  'port.macReserved': [...network('mac-none'), port('mac-none', 'a', { mac: '00:00:00:00:00:00' })],
  'port.macTaken': [
    ...network('mac-taken'),
    port('mac-taken', 'a', { mac: '52:54:00:12:34:56' }),
    port('mac-taken', 'b', { mac: '52:54:00:12:34:56' }),
  ],
  'quota.exceeded': [...vpc('limited'), ['quota.set', 'limited', { vpcs: 1 }], ['vpc.create', 'limited/other', {}]],
  'security-group.absent': [...network('no-group'), port('no-group', 'a', { securityGroups: ['no-group/web'] })],
  'security-group.exists': [
    ...group('group-exists'),
    ['security-group.create', 'group-exists/web', { vpc: 'group-exists/main', description: 'Another' }],
  ],
  'security-group.full': [
    ...group('group-full'),
    ...many(200, (at) => rule('group-full', { rule: `r${at}` })),
    rule('group-full'),
  ],
  'security-group.inUse': [
    ...group('group-used'),
    subnet('group-used'),
    port('group-used', 'a', { securityGroups: ['group-used/web'] }),
    ['security-group.delete', 'group-used/web', {}],
  ],
  'security-group.ofVpc': [...vpc('group-own'), ['security-group.delete', 'group-own/main', {}]],
  'security-group.ruleAbsent': [...group('no-rule'), ['security-group.removeRule', 'no-rule/web', { rule: 'https' }]],
  'security-group.ruleExists': [...group('rule-twice'), rule('rule-twice'), rule('rule-twice', { protocol: 'udp' })],
  'security-group.ruleUnclear': [...group('unclear-rule'), rule('unclear-rule', { cidr: '10.0.0.1/8' })],
  'subnet.absent': [['subnet.delete', 'none/none', {}]],
  'subnet.exhausted': [
    ...vpc('exhausted'),
    subnet('exhausted', '10.0.1.0/29'),
    ...many(5, (at) => port('exhausted', `p${at}`)),
    port('exhausted', 'one-more'),
  ],
  'subnet.exists': [...network('subnet-twice'), subnet('subnet-twice', '10.0.2.0/24')],
  'subnet.gatewayOutside': [...vpc('gateway'), subnet('gateway', '10.0.1.0/24', { gateway: '10.0.2.1' })],
  'subnet.inUse': [...network('subnet-used'), port('subnet-used', 'a'), ['subnet.delete', 'subnet-used/front', {}]],
  'subnet.malformed': [...vpc('malformed'), subnet('malformed', '10.0.1.1/24')],
  'subnet.overlapping': [
    ...network('overlapping'),
    ['subnet.create', 'overlapping/back', { vpc: 'overlapping/main', cidr: '10.0.0.0/8' }],
  ],
  'subnet.reserved': [...vpc('special'), subnet('special', '169.254.0.0/16')],
  'subnet.settling': [...scattered('settling'), ['subnet.delete', 'settling/front', {}]],
  'vpc.absent': [['vpc.delete', 'none/none', {}]],
  'vpc.exists': [...vpc('vpc-twice'), ['vpc.create', 'vpc-twice/main', { description: 'Another' }]],
  'vpc.inUse': [...network('vpc-used'), ['vpc.delete', 'vpc-used/main', {}]],
};
