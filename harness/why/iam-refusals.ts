import { together, type Asked } from '#harness/why/asked';

const organisation = (id: string): Asked => ['organisation.create', id, {}];
const project = (id: string, of: string): Asked => ['project.create', id, { organisation: of }];

const session = '0123456789abcdef0123456789abcdef';
const digest = (digit: string): string => digit.repeat(64);

/** A user with one role, who has logged in and asks. */
const user = (name: string, role: string): readonly Asked[] => [
  organisation(name),
  ['user.create', name, { organisation: name }],
  ['binding.create', name, { subject: `user/${name}`, role, organisation: name }],
  [
    'session.open',
    session.replace('0123', Buffer.from(name.padEnd(2).slice(0, 2)).toString('hex')),
    {
      principal: `user/${name}`,
      method: 'federated',
      client: 'ultracloud-cli',
      family: digest('a'),
      current: digest('b'),
    },
  ],
];
const by = (name: string) => ({
  principal: `user/${name}`,
  credential: `session/${session.replace('0123', Buffer.from(name.padEnd(2).slice(0, 2)).toString('hex'))}`,
});

/** How the refusals of identity come about. */
export const iamRefusals: Readonly<Record<string, readonly Asked[]>> = {
  'binding.absent': [['binding.delete', 'none', {}]],
  'binding.ended': [['binding.create', 'b', { subject: 'everyone', role: 'viewer', expiresAt: 1 }]],
  'binding.exists': [
    ['host.create', 'n1', {}],
    ['binding.create', 'twice', { subject: 'host/n1', role: 'viewer' }],
    ['binding.create', 'twice', { subject: 'host/n1', role: 'editor' }],
  ],
  'binding.foreignRole': [
    organisation('roles'),
    ['role.create', 'roles/own', { permissions: ['key.read'] }],
    ['binding.create', 'b', { subject: 'everyone', role: 'roles/own' }],
  ],
  'binding.lastAdministrator': [
    organisation('admins'),
    ['user.create', 'last', { organisation: 'admins' }],
    ['binding.create', 'last-owner', { subject: 'user/last', role: 'owner' }],
    ['user.disable', 'admin', {}],
    ['binding.delete', 'last-owner', {}],
  ],
  'binding.networkInvalid': [['binding.create', 'b', { subject: 'everyone', role: 'viewer', networks: ['10/8'] }]],
  'binding.placeUnclear': [['binding.create', 'b', { subject: 'everyone', role: 'viewer', noun: 'key' }]],
  'binding.roleAbsent': [['binding.create', 'b', { subject: 'everyone', role: 'none' }]],
  'binding.subjectAbsent': [['binding.create', 'b', { subject: 'user/none', role: 'viewer' }]],
  'binding.tooMany': [
    ['host.create', 'busy', {}],
    together('binding.create', 500, (at) => ({ id: `many-${at}`, body: { subject: 'host/busy', role: 'viewer' } })),
    ['binding.create', 'one-more', { subject: 'host/busy', role: 'viewer' }],
  ],
  'credential.ended': [['key.put', 'ours', { value: '1' }, { principal: 'user/nobody', credential: 'session/none' }]],
  'group.absent': [['group.delete', 'acme/none', {}]],
  'group.exists': [
    organisation('groups'),
    ['group.create', 'groups/one', {}],
    ['group.create', 'groups/one', { description: 'another' }],
  ],
  'group.full': [
    organisation('full'),
    ['group.create', 'full/group', {}],
    together('host.create', 1_000, (at) => ({ id: `h${at}`, body: {} })),
    ['host.create', 'last', {}],
    together('group.add', 1_000, (at) => ({ id: 'full/group', body: { member: `host/h${at}` } })),
    ['group.add', 'full/group', { member: 'host/last' }],
  ],
  'iam.escalation': [
    ['role.create', 'binder', { permissions: ['binding.create'] }],
    ...user('climber', 'binder'),
    ['binding.create', 'higher', { subject: 'user/climber', role: 'owner', organisation: 'climber' }, by('climber')],
  ],
  'member.absent': [
    organisation('members'),
    ['group.create', 'members/group', {}],
    ['group.add', 'members/group', { member: 'user/none' }],
  ],
  'object.absent': [
    ...user('outsider', 'owner'),
    organisation('closed'),
    ['organisation.delete', 'closed', {}, by('outsider')],
  ],
  'organisation.absent': [['project.create', 'p', { organisation: 'none' }]],
  'organisation.exists': [organisation('twice'), ['organisation.create', 'twice', { displayName: 'Twice' }]],
  'organisation.inUse': [organisation('used'), project('inside', 'used'), ['organisation.delete', 'used', {}]],
  'project.absent': [['project.delete', 'none', {}]],
  'project.exists': [organisation('two'), project('same', 'two'), project('same', 'used')],
  'project.inUse': [
    organisation('three'),
    project('busy', 'three'),
    ['service-account.create', 'busy/ci', {}],
    ['project.delete', 'busy', {}],
  ],
  'role.absent': [['role.delete', 'none', {}]],
  'role.builtin': [['role.create', 'owner', { permissions: ['*'] }]],
  'role.exists': [
    ['role.create', 'reader', { permissions: ['*.read'] }],
    ['role.create', 'reader', { permissions: ['key.read'] }],
  ],
  'role.inUse': [
    ['role.create', 'bound', { permissions: ['*.read'] }],
    ['binding.create', 'bound', { subject: 'everyone', role: 'bound' }],
    ['role.delete', 'bound', {}],
  ],
  'role.permissionUnknown': [['role.create', 'typo', { permissions: ['key.raed'] }]],
  'service-account.absent': [['service-account.delete', 'shop/none', {}]],
  'service-account.exists': [
    organisation('four'),
    project('four', 'four'),
    ['service-account.create', 'four/ci', {}],
    ['service-account.create', 'four/ci', { description: 'another' }],
  ],
  'user.absent': [['user.delete', 'none', {}]],
  'user.exists': [
    organisation('five'),
    ['user.create', 'same', { organisation: 'five' }],
    ['user.create', 'same', { organisation: 'five', displayName: 'Another' }],
  ],
  'user.lastAdministrator': [['user.delete', 'last', {}]],
};
