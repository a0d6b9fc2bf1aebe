import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  endSession,
  maxSessions,
  maxSessionsPerClient,
  openSession,
  refreshSession,
  revokeSession,
  SessionRefreshed,
  type SessionCommand,
} from '#commands/iam/session';
import type { AnyCommand } from '#commands/command';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { principalGone } from '#aggregates/iam/credential';
import { loginKind } from '#aggregates/iam/login';
import { principalOwners } from '#aggregates/iam/owners';
import { named } from '#aggregates/named';
import type { Reaction } from '#aggregates/procedure';

type Opened = TypeOf<typeof openSession.body>;
type Empty = Readonly<Record<string, never>>;

const dayMs = 86_400_000;

/** A session ends after this, however often it is refreshed: somebody has to log in again. */
const sessionMs = 30 * dayMs;

/** A session that nobody refreshes for so long ends. */
const idleMs = 7 * dayMs;

export interface Session extends Pick<Opened, 'principal' | 'method' | 'client'> {
  /** Of the part that all its refresh tokens have: whoever shows it has had one of them. */
  readonly family: string;
  /** Of the part that only the newest one has. */
  readonly current: string;
  readonly generation: number;
  readonly openedMs: number;
  readonly refreshedMs: number;
  readonly expiresMs: number;
  readonly revokedMs?: number;
}

export const sessionKind = kind<Session>('session');

export const sessionsByPrincipal = 'session.by-principal';

export type SessionEvent =
  | { readonly kind: 'session.opened'; readonly body: Opened }
  | { readonly kind: 'session.refreshed'; readonly body: TypeOf<typeof SessionRefreshed> }
  | { readonly kind: 'session.reused'; readonly body: Empty }
  | { readonly kind: 'session.revoked'; readonly body: Empty }
  | { readonly kind: 'session.ended'; readonly body: Empty };

const rejections = {
  'session.absent': {
    category: 'absent',
    summary: 'There is no such session.',
    fix: 'Log in again; the sessions that you have are listed with `session list`.',
  },
  'session.codeUsed': {
    category: 'forbidden',
    summary: 'The code of this login was used before.',
    fix: 'Log in again. If you did not use it yourself, look at the sessions that you have.',
  },
  'session.exists': {
    category: 'conflict',
    summary: 'A session of this id was begun before.',
    fix: 'Log in again.',
  },
  'session.over': {
    category: 'forbidden',
    summary: 'The session has ended, or was ended.',
    fix: 'Log in again.',
  },
  'session.principalGone': {
    category: 'forbidden',
    summary: 'Whoever the session is for does not exist, or is disabled.',
    fix: 'Ask an administrator to enable it.',
  },
  'session.unapproved': {
    category: 'forbidden',
    summary: 'Nobody has approved this login.',
    fix: 'Log in again.',
  },
  'session.wrongToken': {
    category: 'forbidden',
    summary: 'The refresh token was never one of this session.',
    fix: 'Log in again.',
  },
} as const;

/** When it ends unless it is refreshed. */
export const idleEndOf = ({ refreshedMs, expiresMs }: Session): number => Math.min(refreshedMs + idleMs, expiresMs);

export const session: Aggregate<Session, SessionCommand, SessionEvent, keyof typeof rejections> = {
  kind: sessionKind,
  summary: 'Somebody who has logged in.',
  commands: [openSession, refreshSession, revokeSession, endSession],
  events: {
    'session.opened': openSession.body,
    'session.refreshed': SessionRefreshed,
    'session.reused': object({}),
    'session.revoked': object({}),
    'session.ended': object({}),
  },
  rejections,
  indexes: { [sessionsByPrincipal]: ({ principal }) => [principal] },
  due: idleEndOf,
  onDue: 'session.end',

  owners(id, facts) {
    const principal = facts.get(sessionKind, id)?.state.principal;
    return principal === undefined ? [] : principalOwners(principal, facts);
  },

  decide(state, command, facts, { now }) {
    switch (command.kind) {
      case 'session.open': {
        const { principal, method, login } = command.body;
        if (state !== undefined) return reject('session.exists');
        const gone = principalGone(facts, principal);
        if (gone !== undefined) return reject('session.principalGone', { reason: gone });
        if (method !== 'device' && method !== 'code') {
          return login === undefined
            ? accept({ kind: 'session.opened', body: command.body })
            : reject('session.unapproved');
        }
        const known = login === undefined ? undefined : facts.get(loginKind, login);
        const approved = known?.state;
        if (approved?.status === 'used') return reject('session.codeUsed');
        const isSame =
          approved?.principal === principal && approved.client === command.body.client && approved.flow === method;
        // Whoever has come by the name since then did not approve it.
        const isLater = (named(facts, principal)?.createPosition ?? 0) > (known?.modPosition ?? 0);
        return isSame && !isLater && approved.status === 'approved' && now < approved.expiresMs
          ? accept({ kind: 'session.opened', body: command.body })
          : reject('session.unapproved');
      }
      case 'session.refresh': {
        const { family, shown, next } = command.body;
        if (state === undefined) return reject('session.absent');
        if (family !== state.family) return reject('session.wrongToken');
        if (state.revokedMs !== undefined || now >= idleEndOf(state)) return reject('session.over');
        const gone = principalGone(facts, state.principal);
        if (gone !== undefined) return reject('session.principalGone', { reason: gone });
        // Whoever shows a former token, or the one who was first to, has stolen it. Nobody can tell which.
        return shown === state.current
          ? accept({ kind: 'session.refreshed', body: { current: next } })
          : accept({ kind: 'session.reused', body: {} });
      }
      case 'session.revoke':
        if (state === undefined) return reject('session.absent');
        return state.revokedMs === undefined ? accept({ kind: 'session.revoked', body: {} }) : accept();
      case 'session.end':
        return state === undefined ? accept() : accept({ kind: 'session.ended', body: {} });
    }
  },

  evolve(state, event, { now }) {
    if (event.kind === 'session.opened') {
      const { principal, method, client, family, current } = event.body;
      const from = { openedMs: now, refreshedMs: now, expiresMs: now + sessionMs };
      return { principal, method, client, family, current, generation: 0, ...from };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'session.refreshed':
        return { ...state, current: event.body.current, generation: state.generation + 1, refreshedMs: now };
      case 'session.reused':
      case 'session.revoked':
        return { ...state, revokedMs: now };
      case 'session.ended':
        return undefined;
    }
  },
};

/** Ends what somebody has, but for one. */
export const endSessions = (facts: Facts, principal: string, but?: string): readonly AnyCommand[] =>
  sessionsOf(facts, principal)
    .filter((id) => id !== but)
    .map((id) => ({ kind: endSession.kind, id, body: {} }));

const sessionsOf = (facts: Facts, principal: string): readonly string[] =>
  facts
    .index(sessionsByPrincipal, { from: principal, to: `${principal}\0`, limit: maxSessions + 1 })
    .map(({ id }) => id);

/** One session more with a client than may be ends that which was refreshed longest ago; other clients keep theirs. */
export const sessionKeeping: readonly Reaction[] = [
  {
    on: 'session.opened',
    react: ({ id, body }, facts) => {
      const { principal, client } = body as Opened;
      if (facts.count(sessionsByPrincipal, principal) <= maxSessionsPerClient) return [];
      const others = sessionsOf(facts, principal).flatMap((each) => {
        const state = each === id ? undefined : facts.get(sessionKind, each)?.state;
        return state === undefined ? [] : [{ each, isSame: state.client === client, at: state.refreshedMs }];
      });
      const isFull = others.length >= maxSessions;
      const alike = others.filter(({ isSame }) => isSame);
      const [first, ...rest] = isFull ? others : alike.length >= maxSessionsPerClient ? alike : [];
      if (first === undefined) return [];
      const oldest = rest.reduce((known, other) => (other.at < known.at ? other : known), first);
      return [{ kind: endSession.kind, id: oldest.each, body: {} }];
    },
  },
];
