import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import { approveLogin, denyLogin, endLogin, startLogin, useLogin, type LoginCommand } from '#commands/iam/login';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';

type Started = TypeOf<typeof startLogin.body>;
type Approved = TypeOf<typeof approveLogin.body>;
type Empty = Readonly<Record<string, never>>;

export interface Login extends Started {
  readonly status: 'pending' | 'approved' | 'denied' | 'used';
  readonly expiresMs: number;
  readonly principal?: string;
  /** When whoever approved it has shown who it is. */
  readonly approvedMs?: number;
  /** What it was used for. */
  readonly session?: string;
}

export const loginKind = kind<Login>('login');

/** By the digest of what is typed. */
export const loginsByUserCode = 'login.by-user-code';

const loginsByFlow = 'login.by-flow';

export const loginSeconds = { device: 600, code: 60 } as const;

/** A login that was used is known for so long after its time, to end the session when its code comes again. */
const rememberedMs = 600_000;

/** Logins of one flow that clients may wait for. */
const maxLogins = 2_000;

export type LoginEvent =
  | { readonly kind: 'login.started'; readonly body: Started }
  | { readonly kind: 'login.approved'; readonly body: Approved }
  | { readonly kind: 'login.denied'; readonly body: Empty }
  | { readonly kind: 'login.used'; readonly body: TypeOf<typeof useLogin.body> }
  | { readonly kind: 'login.ended'; readonly body: Empty };

const rejections = {
  'login.absent': {
    category: 'absent',
    summary: 'There is no such login, or its time is over.',
    fix: 'Begin again.',
  },
  'login.exists': {
    category: 'conflict',
    summary: 'A login of this id or code was begun before.',
    fix: 'Begin again.',
  },
  'login.settled': {
    category: 'conflict',
    summary: 'The login was approved, denied or used before.',
    fix: 'Begin again.',
  },
  'login.tooMany': {
    category: 'exhausted',
    summary: 'So many logins wait already that no other is begun.',
    fix: 'Try again in a few minutes.',
  },
} as const;

export const login: Aggregate<Login, LoginCommand, LoginEvent, keyof typeof rejections> = {
  kind: loginKind,
  summary: 'A login whose result a client asks for with a code.',
  commands: [startLogin, approveLogin, denyLogin, useLogin, endLogin],
  events: {
    'login.started': startLogin.body,
    'login.approved': approveLogin.body,
    'login.denied': object({}),
    'login.used': useLogin.body,
    'login.ended': object({}),
  },
  rejections,
  indexes: {
    [loginsByFlow]: ({ flow }) => [flow],
    [loginsByUserCode]: ({ userCode }) => (userCode === undefined ? [] : [userCode]),
  },
  due: ({ expiresMs }) => expiresMs + rememberedMs,
  onDue: endLogin.kind,

  decide(state, command, facts, { now }) {
    if (command.kind === 'login.start') {
      const { userCode, flow } = command.body;
      if (state !== undefined) return reject('login.exists');
      if (userCode !== undefined && facts.count(loginsByUserCode, userCode) > 0) return reject('login.exists');
      return facts.count(loginsByFlow, flow) >= maxLogins
        ? reject('login.tooMany')
        : accept({ kind: 'login.started', body: command.body });
    }
    if (command.kind === 'login.end') {
      return state === undefined ? accept() : accept({ kind: 'login.ended', body: {} });
    }
    if (state === undefined || now >= state.expiresMs) return reject('login.absent');
    switch (command.kind) {
      case 'login.approve':
        return state.status === 'pending'
          ? accept({ kind: 'login.approved', body: command.body })
          : reject('login.settled');
      case 'login.deny':
        return state.status === 'pending' ? accept({ kind: 'login.denied', body: {} }) : reject('login.settled');
      case 'login.use':
        return state.status === 'approved'
          ? accept({ kind: 'login.used', body: command.body })
          : reject('login.settled');
    }
  },

  evolve(state, event, { now }) {
    if (event.kind === 'login.started') {
      const { flow } = event.body;
      return { ...event.body, status: 'pending', expiresMs: now + loginSeconds[flow] * 1_000 };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'login.approved':
        return { ...state, status: 'approved', principal: event.body.principal, approvedMs: now };
      case 'login.denied':
        return { ...state, status: 'denied' };
      case 'login.used':
        return { ...state, status: 'used', session: event.body.session };
      case 'login.ended':
        return undefined;
    }
  },
};
