import { randomBytes } from 'node:crypto';
import type { Node, Principal } from '#gateways/node';
import type { GrpcCall } from '#gateways/etcd/http2/grpc-call';
import { refusal } from '#gateways/etcd/refusal';

/** The one user that etcd's clients name. */
const userName = 'root';

/** How long a session's password is taken for valid without asking again. */
const recheckMs = 1_000;

/** Session tokens, which etcd's clients get for a password and show with every call. */
export interface Sessions {
  /** A token for the session of this password; undefined when user or password are wrong. */
  open(name: string, password: string): string | undefined;
  /** Who calls. Throws what etcd throws without a token, or with a wrong one. */
  principal(call: Pick<GrpcCall, 'metadata'>): Principal;
}

interface Session {
  readonly password: string;
  principal: Principal;
  checkedMs: number;
}

/**
 * A password has one session, so that clients that log in again and again use no memory. Sessions end with the process;
 * clients that are told so log in again by themselves.
 */
export const sessionsOf = (node: Pick<Node, 'authenticate'>, now: () => number): Sessions => {
  const sessions = new Map<string, Session>();
  const tokens = new Map<string, string>();
  const valid = (token: string): Principal | undefined => {
    const session = sessions.get(token);
    // A credential itself is taken as well, for clients that cannot log in.
    if (session === undefined) return node.authenticate(token);
    if (now() - session.checkedMs < recheckMs) return session.principal;
    const principal = node.authenticate(session.password);
    if (principal === undefined) {
      sessions.delete(token);
      tokens.delete(session.password);
      return undefined;
    }
    session.principal = principal;
    session.checkedMs = now();
    return principal;
  };
  return {
    open: (name, password) => {
      const principal = name === userName ? node.authenticate(password) : undefined;
      if (principal === undefined) return undefined;
      const open = tokens.get(password);
      if (open !== undefined) return open;
      const token = randomBytes(18).toString('base64url');
      tokens.set(password, token);
      sessions.set(token, { password, principal, checkedMs: now() });
      return token;
    },
    principal: (call) => {
      const shown = call.metadata('token') ?? call.metadata('authorization')?.replace(/^Bearer /i, '');
      if (shown === undefined || shown === '') throw refusal('userEmpty');
      const principal = valid(shown);
      if (principal === undefined) throw refusal('invalidToken');
      return principal;
    },
  };
};
