import { object, optional } from '#commands/codec/object';
import { choice, id, integer, text, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { ClientId, Digest, randomId, totpStepSummary } from '#commands/iam/material';
import { Member } from '#commands/iam/name';
import { view } from '#commands/view';

const LoginId = id('login', {
  summary: 'The id of a login, made by the gateway.',
  pattern: randomId,
  minLength: 32,
  maxLength: 32,
  example: '1d2e3f405162738495a6b7c8d9e0f102',
});

const flow = choice('flow', {
  summary: 'A code that is typed on another device, or one that the browser brings back.',
  values: ['device', 'code'],
});

const scope = text('scope', {
  summary: 'What the client asked for.',
  pattern: '[a-z0-9_.:/-]*(?: [a-z0-9_.:/-]+)*',
  maxLength: 200,
});

const approval = {
  method: choice('method', {
    summary: 'How whoever approves it has shown who it is.',
    values: ['password', 'federated', 'session'],
  }),
  step: optional(integer('step', { summary: totpStepSummary, unit: 'count' })),
};

const started = {
  flow,
  client: ClientId,
  scope,
  digest: Digest,
  userCode: optional(Digest),
  redirectUri: optional(text('redirect URI', { summary: 'Where the browser goes on.', maxLength: 1_000 })),
  challenge: optional(
    text('challenge', {
      summary: 'The SHA-256 of what the client will show (PKCE, RFC 7636).',
      pattern: '[A-Za-z0-9_-]{43}',
      maxLength: 43,
    }),
  ),
  nonce: optional(text('nonce', { summary: 'What the client finds again in its token.', maxLength: 256 })),
};

export const startLogin = command('login', 'start', {
  summary: 'Begin a login whose result a client will ask for with a code.',
  id: LoginId,
  internal: true,
  body: started,
  examples: [
    {
      title: 'By a code that is typed on another device.',
      id: '1d2e3f405162738495a6b7c8d9e0f102',
      body: {
        flow: 'device',
        client: 'ultracloud-cli',
        scope: 'openid',
        digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        userCode: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
      },
    },
  ],
});

export const approveLogin = command('login', 'approve', {
  summary: 'Let the client of a login act for whoever approves it.',
  id: LoginId,
  internal: true,
  body: { principal: Member, ...approval },
  examples: [
    {
      title: 'By somebody who is logged in.',
      id: '1d2e3f405162738495a6b7c8d9e0f102',
      body: { principal: 'user/alice', method: 'session' },
    },
  ],
});

export const denyLogin = command('login', 'deny', {
  summary: 'Refuse the client of a login.',
  id: LoginId,
  internal: true,
  body: {},
});

export const useLogin = command('login', 'use', {
  summary: 'Take the code of an approved login for a session, once.',
  id: LoginId,
  internal: true,
  body: { session: id('session', { pattern: randomId, minLength: 32, maxLength: 32 }) },
});

export const endLogin = command('login', 'end', {
  summary: 'Forget a login whose time is over.',
  id: LoginId,
  internal: true,
  body: {},
});

export type LoginCommand = CommandOf<
  typeof startLogin | typeof approveLogin | typeof denyLogin | typeof useLogin | typeof endLogin
>;

export const logins = view('login', {
  summary: 'Logins that clients wait for; never a code.',
  id: LoginId,
  row: object({
    id: LoginId,
    flow,
    client: ClientId,
    scope,
    status: choice('status', {
      summary: 'How far it is.',
      values: ['pending', 'approved', 'denied', 'used'],
    }),
    principal: optional(Member),
    expiresAt: time('expiry', { summary: 'It cannot be approved or used from then on.' }),
  }),
  columns: [
    { title: 'LOGIN', path: 'id' },
    { title: 'FLOW', path: 'flow' },
    { title: 'CLIENT', path: 'client' },
    { title: 'STATUS', path: 'status' },
    { title: 'PRINCIPAL', path: 'principal' },
    { title: 'EXPIRES', path: 'expiresAt' },
  ],
});
