import { object, optional } from '#commands/codec/object';
import { boolean, id, integer, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Sealed, totpStepSummary } from '#commands/iam/material';
import { view } from '#commands/view';

const AuthenticatorId = id('authenticator', { summary: 'The user whose it is.', example: 'alice' });

const Step = integer('step', { summary: totpStepSummary, unit: 'count' });

const password = { password: Sealed };
const sealed = 'sealed:v1:5f2d1c9a7b3e4860:bm9uY2Vub25jZW5v:Y2lwaGVydGV4dGFuZHRhZ29mMTY';

export const setPassword = command('authenticator', 'setPassword', {
  summary: 'Give a user a password; all its sessions end. Only its sealed digest is kept.',
  id: AuthenticatorId,
  stamped: true,
  body: password,
  examples: [{ title: 'What the gateway has sealed.', id: 'alice', body: { password: sealed } }],
});

export const changePassword = command('authenticator', 'changePassword', {
  summary: 'Change the own password, showing the old one; the other sessions end.',
  id: AuthenticatorId,
  stamped: true,
  body: password,
  examples: [{ title: 'What the gateway has sealed.', id: 'alice', body: { password: sealed } }],
});

export const enrolTotp = command('authenticator', 'enrolTotp', {
  summary: 'Begin to use one-time codes. They are asked for once a first one was shown.',
  id: AuthenticatorId,
  stamped: true,
  body: { secret: Sealed },
  examples: [{ title: 'What the gateway has made and sealed.', id: 'alice', body: { secret: sealed } }],
});

export const confirmTotp = command('authenticator', 'confirmTotp', {
  summary: 'Ask for one-time codes at every login from now on, a first one having been shown.',
  id: AuthenticatorId,
  stamped: true,
  body: { step: Step },
  examples: [{ title: 'The step of the code.', id: 'alice', body: { step: 56_666_666 } }],
});

export const removeTotp = command('authenticator', 'removeTotp', {
  summary: 'Ask for one-time codes no longer, one having been shown.',
  id: AuthenticatorId,
  stamped: true,
  body: { step: Step },
  examples: [{ title: 'The step of the code.', id: 'alice', body: { step: 56_666_667 } }],
});

export const resetAuthenticator = command('authenticator', 'reset', {
  summary: 'Remove the password and the one-time codes of a user, who cannot log in by them any more.',
  id: AuthenticatorId,
  body: {},
  examples: [{ title: 'A lost phone.', id: 'alice', body: {} }],
});

export const failAuthenticator = command('authenticator', 'fail', {
  summary: 'Count a wrong password or code; after five of them the user is locked for a while.',
  id: AuthenticatorId,
  internal: true,
  body: {},
});

export const passAuthenticator = command('authenticator', 'pass', {
  summary: 'Take a password, and a code where they are asked for, for shown.',
  id: AuthenticatorId,
  internal: true,
  body: { step: optional(Step) },
  examples: [{ title: 'With a code.', id: 'alice', body: { step: 56_666_668 } }],
});

export const AuthenticatorFailed = object({
  failures: integer('failures', { summary: 'Wrong ones since the last right one.', unit: 'count' }),
  lockedUntil: optional(time('locked until', { summary: 'Nothing is taken before.' })),
});

export type AuthenticatorCommand = CommandOf<
  | typeof setPassword
  | typeof changePassword
  | typeof enrolTotp
  | typeof confirmTotp
  | typeof removeTotp
  | typeof resetAuthenticator
  | typeof failAuthenticator
  | typeof passAuthenticator
>;

export const authenticators = view('authenticator', {
  summary: 'How users log in, and who is locked; never a secret.',
  id: AuthenticatorId,
  row: object({
    id: AuthenticatorId,
    password: boolean('password', { summary: 'Whether there is a password.' }),
    passwordAt: optional(time('time set', { summary: 'When the password was set.' })),
    totp: boolean('one-time codes', { summary: 'Whether they are asked for.' }),
    failures: integer('failures', { summary: 'Wrong ones since the last right one.', unit: 'count' }),
    lockedUntil: optional(time('locked until', { summary: 'Nothing is taken before.' })),
  }),
  columns: [
    { title: 'USER', path: 'id' },
    { title: 'PASSWORD', path: 'password' },
    { title: 'CODES', path: 'totp' },
    { title: 'FAILURES', path: 'failures' },
    { title: 'LOCKED UNTIL', path: 'lockedUntil' },
  ],
});
