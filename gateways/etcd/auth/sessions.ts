import { plainAddress } from '#gateways/address';
import type { Caller, Node, Principal } from '#gateways/node';
import type { GrpcCall } from '#gateways/etcd/http2/grpc-call';
import { refusal } from '#gateways/etcd/refusal';

/** The one user that etcd's clients name. */
const userName = 'root';

/** How long a token that was valid is taken for valid without asking again. */
const recheckMs = 1_000;

/** Tokens, which etcd's clients get for a password and show with every call. */
export interface Sessions {
  /** A token for whoever shows this password; undefined when user or password are wrong. */
  open(name: string, password: string): string | undefined;
  /** Who calls. Throws what etcd throws without a token, or with a wrong one. */
  caller(call: Pick<GrpcCall, 'metadata' | 'peer'>): Caller;
}

interface Checked {
  readonly principal: Principal;
  readonly atMs: number;
}

/**
 * The token is the password itself, so it holds on every node and after a restart. Tokens that ended with the process
 * would leave clients without their watches and renewals: those that ask for another one do so only when a unary call
 * is refused.
 */
export const sessionsOf = (node: Pick<Node, 'authenticate'>, now: () => number): Sessions => {
  /** Valid tokens only, so not many. */
  const checked = new Map<string, Checked>();
  const principalOf = (token: string): Principal | undefined => {
    const before = checked.get(token);
    if (before !== undefined && now() - before.atMs < recheckMs) return before.principal;
    const principal = node.authenticate(token);
    if (principal !== undefined) checked.set(token, { principal, atMs: now() });
    else if (before !== undefined) checked.delete(token);
    return principal;
  };
  return {
    open: (name, password) => (name === userName && principalOf(password) !== undefined ? password : undefined),
    caller: (call) => {
      const shown = call.metadata('token') ?? call.metadata('authorization')?.replace(/^Bearer /i, '');
      if (shown === undefined || shown === '') throw refusal('userEmpty');
      const principal = principalOf(shown);
      if (principal === undefined) throw refusal('invalidToken');
      return { ...principal, address: plainAddress(call.peer.slice(0, call.peer.lastIndexOf(':'))) };
    },
  };
};
