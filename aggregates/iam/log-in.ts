import type { TypeOf } from '#commands/codec/codec';
import { passAuthenticator, resetAuthenticator } from '#commands/iam/authenticator';
import type { approveLogin } from '#commands/iam/login';
import { useLogin } from '#commands/iam/login';
import type { openSession } from '#commands/iam/session';
import type { AnyCommand } from '#commands/command';
import type { Reaction } from '#aggregates/procedure';
import { endSessions } from '#aggregates/iam/session';

/** A password is taken, and a one-time code used up, with what it is shown for: both happen, or neither. */
const passed = (principal: string, step: number | undefined): AnyCommand => ({
  kind: passAuthenticator.kind,
  id: principal.slice('user/'.length),
  body: step === undefined ? {} : { step },
});

/** What follows when somebody logs in, or may no longer log in as before. */
export const loggingIn: readonly Reaction[] = [
  {
    on: 'session.opened',
    react: ({ id, body }) => {
      const { principal, method, login, step } = body as TypeOf<typeof openSession.body>;
      if (login !== undefined) return [{ kind: useLogin.kind, id: login, body: { session: id } }];
      return method === 'password' ? [passed(principal, step)] : [];
    },
  },
  {
    on: 'login.approved',
    react: ({ body }) => {
      const { principal, method, step } = body as TypeOf<typeof approveLogin.body>;
      return method === 'password' ? [passed(principal, step)] : [];
    },
  },
  {
    // Whoever knows the old password may have sessions; whoever sets the new one keeps its own.
    on: 'authenticator.passwordSet',
    react: ({ id }, facts, { credential }) => endSessions(facts, `user/${id}`, credential.replace(/^session\//, '')),
  },
  {
    on: 'user.deleted',
    react: ({ id }) => [{ kind: resetAuthenticator.kind, id, body: {} }],
  },
];
