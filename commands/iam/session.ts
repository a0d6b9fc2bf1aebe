import { object, optional } from '#commands/codec/object';
import { choice, id, integer, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { ClientId, Digest, randomId, totpStepSummary } from '#commands/iam/material';
import { Member } from '#commands/iam/name';
import { view } from '#commands/view';

const SessionId = id('session', {
  summary: 'The id of a session, made by the gateway.',
  pattern: randomId,
  minLength: 32,
  maxLength: 32,
  example: '4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f',
});

/** Sessions that one principal may have, in all and with one client; one more ends the oldest. */
export const maxSessions = 100;
export const maxSessionsPerClient = 20;

const method = choice('method', {
  summary: 'How whoever has it has shown who it is.',
  values: ['password', 'device', 'code', 'federated'],
});

export const openSession = command('session', 'open', {
  summary: 'Begin a session of somebody who has logged in.',
  id: SessionId,
  internal: true,
  body: {
    principal: Member,
    method,
    client: ClientId,
    family: Digest,
    current: Digest,
    login: optional(
      id('login', { summary: 'What it was approved by.', pattern: randomId, minLength: 32, maxLength: 32 }),
    ),
    step: optional(integer('step', { summary: totpStepSummary, unit: 'count' })),
  },
  examples: [
    {
      title: 'With a password.',
      id: '4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f',
      body: {
        principal: 'user/alice',
        method: 'federated',
        client: 'ultracloud-cli',
        family: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        current: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
      },
    },
  ],
});

export const refreshSession = command('session', 'refresh', {
  summary: 'Take a refresh token for a new one. One that was taken before ends the session.',
  id: SessionId,
  internal: true,
  body: { family: Digest, shown: Digest, next: Digest },
  examples: [
    {
      title: 'The newest token.',
      id: '4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f',
      body: {
        family: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        shown: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
        next: 'fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13',
      },
    },
  ],
});

export const revokeSession = command('session', 'revoke', {
  summary: 'End a session: whoever shows it is refused from this position on.',
  id: SessionId,
  body: {},
  examples: [{ title: 'A lost laptop.', id: '4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f', body: {} }],
});

export const endSession = command('session', 'end', {
  summary: 'Remove a session whose time is over, or whose user is gone.',
  id: SessionId,
  internal: true,
  body: {},
});

export const SessionRefreshed = object({ current: Digest });

export type SessionCommand = CommandOf<
  typeof openSession | typeof refreshSession | typeof revokeSession | typeof endSession
>;

export const sessions = view('session', {
  summary: 'Who is logged in, how and until when; never a token.',
  id: SessionId,
  row: object({
    id: SessionId,
    principal: Member,
    method,
    client: ClientId,
    openedAt: time('time opened', { summary: 'When it began.' }),
    refreshedAt: time('time refreshed', { summary: 'When a token of it was last asked for.' }),
    expiresAt: time('expiry', { summary: 'It ends then, however often it is refreshed.' }),
    idleAt: time('idle end', { summary: 'It ends then unless it is refreshed.' }),
    revokedAt: optional(time('time revoked', { summary: 'When it was ended before its time.' })),
    generation: integer('generation', { summary: 'How often it was refreshed.', unit: 'count' }),
  }),
  filters: { principal: optional(Member) },
  columns: [
    { title: 'SESSION', path: 'id' },
    { title: 'PRINCIPAL', path: 'principal' },
    { title: 'METHOD', path: 'method' },
    { title: 'CLIENT', path: 'client' },
    { title: 'REFRESHED', path: 'refreshedAt' },
    { title: 'EXPIRES', path: 'expiresAt' },
    { title: 'REVOKED', path: 'revokedAt' },
  ],
});
