import { object, optional } from '#commands/codec/object';
import { text } from '#commands/codec/scalar';
import { accessKeyAbout } from '#commands/iam/access-key';
import { ClientId } from '#commands/iam/material';
import { ServiceAccountId, UserId } from '#commands/iam/name';
import { route, type FixedRoute } from '#gateways/fixed-route';
import { commandParameters } from '#gateways/query-parameters';

const Password = text('password', { summary: 'In clear; it is kept nowhere so.', minLength: 1, maxLength: 1_024 });
const OneTimeCode = text('one-time code', { summary: 'What the authenticator app shows.', pattern: '\\d{6}' });

export const LogIn = object({
  user: UserId,
  password: Password,
  code: optional(OneTimeCode),
  client: optional(ClientId),
});

export const ProviderSecret = object({
  secret: text('client secret', { summary: 'What the other issuer has given us.', minLength: 1, maxLength: 1_000 }),
});

export const NewAccessKey = object({ serviceAccount: ServiceAccountId, ...accessKeyAbout });

export const NewPassword = object({ password: Password });

export const ChangedPassword = object({ oldPassword: Password, password: Password });

export const ShownCode = object({ code: OneTimeCode });

export const UserCode = object({
  userCode: text('user code', { summary: 'What the other device shows.', pattern: '[A-Za-z -]{8,12}', maxLength: 12 }),
});

const user = { id: 'The name of the user.' };

const outcome = 'What a command answers.';

const signIn = (
  path: string,
  operation: string,
  about: Pick<FixedRoute, 'summary' | 'answer'> & Partial<FixedRoute>,
): FixedRoute => route('POST', path, operation, { tag: 'sign-in', ...about });

/** Of one user, for commands whose secrets the gateway seals. */
const ofUser = (verb: string, about: Pick<FixedRoute, 'summary' | 'answer'> & Partial<FixedRoute>): FixedRoute =>
  signIn(`/v1/authenticators/{id}/${verb}`, `authenticator.${verb}`, {
    pathParts: user,
    parameters: commandParameters,
    ...about,
  });

/** Logging in and what is needed for it, beside the surface of OpenID Connect, which describes itself. */
export const signInRoutes: readonly FixedRoute[] = [
  signIn('/v1/login', 'login', {
    summary: 'Log in with a password, and with a one-time code where one is asked for.',
    body: LogIn,
    answer: '`accessToken`, `expiresSeconds`, `refreshToken` and `principal`.',
    open: true,
  }),
  signIn('/v1/device-logins/approve', 'login.approve', {
    summary: 'Let the device that shows a code act for the caller, who is a user.',
    body: UserCode,
    answer: '`client`, which waited.',
  }),
  signIn('/v1/device-logins/deny', 'login.deny', {
    summary: 'Refuse the device that shows a code.',
    body: UserCode,
    answer: '`client`, which waited.',
  }),
  signIn('/v1/access-keys', 'access-key.create', {
    summary: 'Give a service account a key. It is shown in this answer and never again.',
    parameters: commandParameters,
    body: NewAccessKey,
    answer: 'What a command answers, with the `id` and the `key`.',
  }),
  signIn('/v1/identity-providers/{id}/setSecret', 'identity-provider.setSecret', {
    pathParts: { id: 'The id of the identity provider.' },
    parameters: commandParameters,
    summary: 'Set what we show to another issuer. It is kept sealed.',
    body: ProviderSecret,
    answer: outcome,
  }),
  ofUser('setPassword', {
    summary: 'Give a user a password; all its sessions end.',
    body: NewPassword,
    answer: outcome,
  }),
  ofUser('changePassword', {
    summary: 'Change a password, showing the old one; the other sessions of the user end.',
    body: ChangedPassword,
    answer: outcome,
  }),
  ofUser('enrolTotp', {
    summary: 'Begin to use one-time codes. The secret is shown in this answer and never again.',
    answer: 'What a command answers, with the `secret` and the `uri` for an authenticator app.',
  }),
  ofUser('confirmTotp', {
    summary: 'Ask for one-time codes at every login from now on.',
    body: ShownCode,
    answer: outcome,
  }),
  ofUser('removeTotp', {
    summary: 'Ask for one-time codes no longer.',
    body: ShownCode,
    answer: outcome,
  }),
];
