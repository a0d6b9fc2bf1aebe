import { many, together, type Asked } from '#harness/why/asked';

const id = (digit: string): string => digit.repeat(32);
const digest = (digit: string): string => digit.repeat(64);
const sealed = `sealed:v1:${'a'.repeat(16)}:${'a'.repeat(16)}:${'b'.repeat(30)}`;

const user = (name: string): readonly Asked[] => [
  ['organisation.create', name, {}],
  ['user.create', name, { organisation: name }],
];
const withPassword = (name: string): readonly Asked[] => [
  ...user(name),
  ['authenticator.setPassword', name, { password: sealed }],
];
const withCodes = (name: string): readonly Asked[] => [
  ...withPassword(name),
  ['authenticator.enrolTotp', name, { secret: sealed }],
  ['authenticator.confirmTotp', name, { step: 100 }],
];
const open = (name: string, session: string, more: object = {}): Asked => [
  'session.open',
  session,
  {
    ...{ principal: `user/${name}`, method: 'federated', client: 'ultracloud-cli' },
    ...{ family: digest('f'), current: digest('1'), ...more },
  },
];
const refresh = (session: string, more: object = {}): Asked => [
  'session.refresh',
  session,
  { family: digest('f'), shown: digest('1'), next: digest('2'), ...more },
];
const start = (login: string, more: object = {}): Asked => [
  'login.start',
  login,
  { flow: 'device', client: 'ultracloud-cli', scope: '', digest: digest('1'), ...more },
];
const approve = (login: string, name: string): Asked => [
  'login.approve',
  login,
  { principal: `user/${name}`, method: 'session' },
];
const account = (name: string): readonly Asked[] => [
  ['organisation.create', name, {}],
  ['project.create', name, { organisation: name }],
  ['service-account.create', `${name}/ci`, {}],
];
const key = (name: string, at: string, more: object = {}): Asked => [
  'access-key.create',
  at,
  { serviceAccount: `${name}/ci`, digest: digest('1'), ...more },
];
const signing = (digit: string) => ({ keyId: id(digit), publicKey: 'x'.repeat(43), sealedKey: sealed });

const provider = { issuer: 'https://id.example.org', clientId: 'ultracloud', userBy: 'email' };

const link = (name: string, subject: string, at = ''): Asked => [
  'user.link',
  name,
  { issuer: `https://id.example.org${at}`, subject },
];

/** How the refusals of sessions, keys, passwords and logins come about. */
export const signInRefusals: Readonly<Record<string, readonly Asked[]>> = {
  'access-key.absent': [['access-key.delete', id('0'), {}]],
  'access-key.accountAbsent': [key('nowhere', id('0'))],
  'access-key.ended': [...account('sa-ended'), key('sa-ended', id('0'), { expiresAt: 1 })],
  'access-key.exists': [
    ...account('sa-exists'),
    key('sa-exists', id('1')),
    key('sa-exists', id('1'), { digest: digest('2') }),
  ],
  'access-key.tooMany': [
    ...account('sa-many'),
    ...many(20, (at): Asked => key('sa-many', `${at}`.padStart(32, 'a'))),
    key('sa-many', id('2')),
  ],
  'authenticator.absent': [...user('no-password'), ['authenticator.pass', 'no-password', {}]],
  'authenticator.codeMissing': [...withCodes('no-code'), ['authenticator.pass', 'no-code', {}]],
  'authenticator.codeUsed': [...withCodes('same-code'), ['authenticator.pass', 'same-code', { step: 100 }]],
  'authenticator.enrolled': [...withCodes('enrolled'), ['authenticator.enrolTotp', 'enrolled', { secret: sealed }]],
  'authenticator.locked': [
    ...withPassword('locked'),
    ...many(5, (): Asked => ['authenticator.fail', 'locked', {}]),
    ['authenticator.pass', 'locked', {}],
  ],
  'authenticator.unenrolled': [...withPassword('unenrolled'), ['authenticator.confirmTotp', 'unenrolled', { step: 1 }]],
  'identity-provider.absent': [['identity-provider.delete', 'none', {}]],
  'identity-provider.exists': [
    ['identity-provider.create', 'company', provider],
    ['identity-provider.create', 'company', { ...provider, clientId: 'other' }],
  ],
  'identity-provider.unclear': [['identity-provider.create', 'unclear', { ...provider, createUsers: true }]],
  'login.absent': [['login.deny', id('0'), {}]],
  'login.exists': [start(id('1')), start(id('1'))],
  'login.settled': [start(id('2')), ['login.deny', id('2'), {}], ['login.deny', id('2'), {}]],
  'login.tooMany': [
    ...many(2, (batch) =>
      together('login.start', 1_000, (at) => ({
        id: `${batch}${at}`.padStart(32, 'b'),
        body: { flow: 'code', client: 'ultracloud-cli', scope: '', digest: digest('1') },
      })),
    ).map(([kind, of, body, more]): Asked => [kind, of, body, { ...more, principal: 'system' }]),
    start(id('3'), { flow: 'code' }),
  ],
  'session.absent': [['session.revoke', id('0'), {}]],
  'session.codeUsed': [
    ...user('code-used'),
    start(id('4')),
    approve(id('4'), 'code-used'),
    open('code-used', id('1'), { method: 'device', login: id('4') }),
    open('code-used', id('2'), { method: 'device', login: id('4') }),
  ],
  'session.exists': [...user('session-exists'), open('session-exists', id('3')), open('session-exists', id('3'))],
  'session.over': [
    ...user('session-over'),
    open('session-over', id('4')),
    ['session.revoke', id('4'), {}],
    refresh(id('4')),
  ],
  'session.principalGone': [open('nobody', id('5'))],
  'session.unapproved': [...user('unapproved'), open('unapproved', id('6'), { method: 'code' })],
  'session.wrongToken': [
    ...user('wrong-token'),
    open('wrong-token', id('7')),
    refresh(id('7'), { family: digest('0') }),
  ],
  'signing-key.absent': [['signing-key.retire', 'cluster', { keyId: id('9') }]],
  'signing-key.settled': [
    ['signing-key.add', 'cluster', signing('1')],
    ['signing-key.add', 'cluster', signing('2')],
  ],
  'signing-key.current': [['signing-key.retire', 'cluster', { keyId: id('1') }]],
  'signing-key.crowded': [
    // At one position, or the process would make a key of its own meanwhile.
    ...['2', '3', '4', '5'].map((digit): Asked => [
      'batch.apply',
      '',
      undefined,
      {
        principal: 'system',
        body: {
          commands: [
            { command: 'signing-key.rotate', id: 'cluster', body: {} },
            { command: 'signing-key.add', id: 'cluster', body: signing(digit) },
          ],
        },
      },
    ]),
    ['signing-key.rotate', 'cluster', {}],
  ],
  'user.linkedOtherwise': [...user('linked'), link('linked', '1'), link('linked', '2')],
  'user.linksFull': [...user('full'), ...many(21, (at) => link('full', '1', `/${at}`))],
  'user.subjectTaken': [...user('first'), ...user('second'), link('first', '3'), link('second', '3')],
};
