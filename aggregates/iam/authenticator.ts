import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  AuthenticatorFailed,
  changePassword,
  confirmTotp,
  enrolTotp,
  failAuthenticator,
  passAuthenticator,
  removeTotp,
  resetAuthenticator,
  setPassword,
  type AuthenticatorCommand,
} from '#commands/iam/authenticator';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { ceilingOf, escalation } from '#aggregates/iam/ceiling';
import { userOwners } from '#aggregates/iam/owners';
import { userAbsent, userKind } from '#aggregates/iam/user';
import type { Words } from '#aggregates/iam/words';

type Empty = Readonly<Record<string, never>>;
type Step = TypeOf<typeof confirmTotp.body>;

export interface Authenticator {
  /** PHC text, sealed. */
  readonly password?: string;
  readonly passwordMs?: number;
  /** The secret of one-time codes, sealed. */
  readonly totp?: string;
  /** Codes are asked for: one was shown. */
  readonly totpConfirmed: boolean;
  /** The newest step whose code was shown. */
  readonly lastStep: number;
  readonly failures: number;
  readonly lockedUntilMs: number;
}

export const authenticatorKind = kind<Authenticator>('authenticator');

export type AuthenticatorEvent =
  | { readonly kind: 'authenticator.passwordSet'; readonly body: TypeOf<typeof setPassword.body> }
  | { readonly kind: 'authenticator.totpEnrolled'; readonly body: TypeOf<typeof enrolTotp.body> }
  | { readonly kind: 'authenticator.totpConfirmed'; readonly body: Step }
  | { readonly kind: 'authenticator.totpRemoved'; readonly body: Empty }
  | { readonly kind: 'authenticator.failed'; readonly body: TypeOf<typeof AuthenticatorFailed> }
  | { readonly kind: 'authenticator.passed'; readonly body: TypeOf<typeof passAuthenticator.body> }
  | { readonly kind: 'authenticator.removed'; readonly body: Empty };

const rejections = {
  ...escalation,
  ...userAbsent,
  'authenticator.absent': {
    category: 'absent',
    summary: 'The user has no password.',
    fix: 'Ask an administrator to set one.',
  },
  'authenticator.codeMissing': {
    category: 'forbidden',
    summary: 'A one-time code must be shown.',
    fix: 'Log in with the code that the authenticator app shows.',
  },
  'authenticator.codeUsed': {
    category: 'forbidden',
    summary: 'This one-time code, or a later one, was shown before.',
    fix: 'Wait for the next code.',
  },
  'authenticator.enrolled': {
    category: 'conflict',
    summary: 'One-time codes are asked for already.',
    fix: 'Remove them first, showing a code.',
  },
  'authenticator.locked': {
    category: 'forbidden',
    summary: 'The user is locked for a while, after wrong passwords or codes.',
    fix: 'Wait, or ask an administrator to set a new password.',
  },
  'authenticator.unenrolled': {
    category: 'conflict',
    summary: 'No one-time codes were begun.',
    fix: 'Begin with `iam totp enrol`.',
  },
} as const;

type Code = keyof typeof rejections;

/** Wrong ones before the first pause. */
const freeFailures = 5;
const firstLockMs = 30_000;
const longestLockMs = 3_600_000;

const lockMs = (failures: number): number =>
  failures < freeFailures ? 0 : Math.min(longestLockMs, firstLockMs * 2 ** Math.min(20, failures - freeFailures));

const none: Authenticator = { totpConfirmed: false, lastStep: 0, failures: 0, lockedUntilMs: 0 };

export const authenticatorOf = (
  words: Words,
): Aggregate<Authenticator, AuthenticatorCommand, AuthenticatorEvent, Code> => ({
  kind: authenticatorKind,
  summary: 'How a user shows who it is.',
  commands: [
    ...[setPassword, changePassword, enrolTotp, confirmTotp, removeTotp],
    ...[resetAuthenticator, failAuthenticator, passAuthenticator],
  ],
  events: {
    'authenticator.passwordSet': setPassword.body,
    'authenticator.totpEnrolled': enrolTotp.body,
    'authenticator.totpConfirmed': confirmTotp.body,
    'authenticator.totpRemoved': object({}),
    'authenticator.failed': AuthenticatorFailed,
    'authenticator.passed': passAuthenticator.body,
    'authenticator.removed': object({}),
  },
  rejections,
  owners: userOwners,

  decide(state, command, facts, moment) {
    const { now } = moment;
    if (command.kind === 'authenticator.reset') {
      return state === undefined ? accept() : accept({ kind: 'authenticator.removed', body: {} });
    }
    if (command.kind === 'authenticator.fail') {
      if (state === undefined) return reject('authenticator.absent');
      if (now < state.lockedUntilMs) return accept();
      const failures = state.failures + 1;
      const pause = lockMs(failures);
      const body = pause === 0 ? { failures } : { failures, lockedUntil: now + pause };
      return accept({ kind: 'authenticator.failed', body });
    }
    if (command.kind === 'authenticator.pass') {
      if (state?.password === undefined) return reject('authenticator.absent');
      if (now < state.lockedUntilMs) return reject('authenticator.locked');
      const { step } = command.body;
      if (state.totpConfirmed && step === undefined) return reject('authenticator.codeMissing');
      if (step !== undefined && step <= state.lastStep) return reject('authenticator.codeUsed');
      const isNews = step !== undefined || state.failures > 0;
      return isNews ? accept({ kind: 'authenticator.passed', body: command.body }) : accept();
    }
    if (facts.get(userKind, command.id) === undefined) return reject('user.absent');
    const held = ceilingOf(facts, words, moment).principal(`user/${command.id}`);
    if (isLeft(held)) return held;
    switch (command.kind) {
      case 'authenticator.setPassword':
      case 'authenticator.changePassword':
        return accept({ kind: 'authenticator.passwordSet', body: command.body });
      case 'authenticator.enrolTotp':
        return state?.totpConfirmed === true
          ? reject('authenticator.enrolled')
          : accept({ kind: 'authenticator.totpEnrolled', body: command.body });
      case 'authenticator.confirmTotp':
        if (state?.totp === undefined) return reject('authenticator.unenrolled');
        if (state.totpConfirmed) return accept();
        return command.body.step <= state.lastStep
          ? reject('authenticator.codeUsed')
          : accept({ kind: 'authenticator.totpConfirmed', body: command.body });
      case 'authenticator.removeTotp':
        if (state?.totp === undefined) return reject('authenticator.unenrolled');
        return state.totpConfirmed && command.body.step <= state.lastStep
          ? reject('authenticator.codeUsed')
          : accept({ kind: 'authenticator.totpRemoved', body: {} });
    }
  },

  evolve(state, event, { now }) {
    if (event.kind === 'authenticator.passwordSet') {
      return { ...(state ?? none), ...event.body, passwordMs: now, failures: 0, lockedUntilMs: 0 };
    }
    if (event.kind === 'authenticator.totpEnrolled') {
      return { ...(state ?? none), totp: event.body.secret, totpConfirmed: false };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'authenticator.totpConfirmed':
        return { ...state, totpConfirmed: true, lastStep: event.body.step };
      case 'authenticator.totpRemoved': {
        const { totp: _gone, ...rest } = state;
        return { ...rest, totpConfirmed: false };
      }
      case 'authenticator.failed': {
        const { failures, lockedUntil = 0 } = event.body;
        return { ...state, failures, lockedUntilMs: lockedUntil };
      }
      case 'authenticator.passed':
        return { ...state, lastStep: event.body.step ?? state.lastStep, failures: 0, lockedUntilMs: 0 };
      case 'authenticator.removed':
        return undefined;
    }
  },
});
