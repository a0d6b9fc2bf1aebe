import { isLeft } from 'fp-ts/lib/Either';
import { plainAddress } from '#gateways/address';
import type { Grant, Identity } from '#gateways/identity';
import type { Caller, Node, Principal } from '#gateways/node';
import { breakGlass } from '#log/authority';
import type { GrpcCall } from '#gateways/etcd/http2/grpc-call';
import { refusal } from '#gateways/etcd/refusal';

/** Who shows the break-glass token as its password. */
const rootName = 'root';

/** Whom the log lists as the program that a session is for. */
const client = 'etcd';

const serviceAccountPrefix = 'service-account/';

/** How long the break-glass token is taken for valid without asking again; any other is asked for each time. */
const recheckMs = 1_000;

/** Tokens, which etcd's clients get for a password and show with every call. */
export interface Sessions {
  /**
   * A token for whoever shows this password: root the break-glass token, a user its own, and a service account, which
   * is named with its noun, one of its access keys. Undefined when any of it is wrong.
   */
  open(name: string, password: string, address: string): Promise<string | undefined>;
  /** Who calls. Throws what etcd throws without a token, or with a wrong one. */
  caller(call: Pick<GrpcCall, 'metadata' | 'peer'>): Caller;
}

interface Checked {
  readonly principal: Principal;
  readonly atMs: number;
}

/**
 * The token of root is the password itself, so it holds on every node and after a restart; the others are access
 * tokens, which end. Clients ask for another one when a unary call is refused.
 */
export const sessionsOf = (
  node: Pick<Node, 'authenticate' | 'admitted'> & { readonly identity: Pick<Identity, 'exchange'> },
  now: () => number,
): Sessions => {
  /** Valid tokens only, so not many. */
  const checked = new Map<string, Checked>();
  /** From where the break-glass token was shown last, since it was looked at. */
  let lastAddress = '';
  const principalOf = (token: string): Principal | undefined => {
    const before = checked.get(token);
    if (before !== undefined && now() - before.atMs < recheckMs) return before.principal;
    lastAddress = '';
    const principal = node.authenticate(token);
    if (principal?.name === breakGlass) checked.set(token, { principal, atMs: now() });
    else if (before !== undefined) checked.delete(token);
    return principal;
  };
  return {
    open: async (name, password, address) => {
      if (name === rootName) return principalOf(password)?.name === breakGlass ? password : undefined;
      const grant: Grant = name.startsWith(serviceAccountPrefix)
        ? { kind: 'access-key', serviceAccount: name.slice(serviceAccountPrefix.length), key: password }
        : { kind: 'password', user: name, password, client };
      const tokens = await node.identity.exchange(grant, address);
      return isLeft(tokens) ? undefined : tokens.right.accessToken;
    },
    caller: (call) => {
      const shown = call.metadata('token') ?? call.metadata('authorization')?.replace(/^Bearer /i, '');
      if (shown === undefined || shown === '') throw refusal('userEmpty');
      const principal = principalOf(shown);
      if (principal === undefined) throw refusal('invalidToken');
      const caller = { ...principal, address: addressOf(call.peer) };
      if (caller.name === breakGlass && caller.address !== lastAddress) {
        lastAddress = caller.address;
        node.admitted(caller, 'etcd');
      }
      return caller;
    },
  };
};

/** The IP address of a peer, which is written with its port. */
export const addressOf = (peer: string): string => plainAddress(peer.slice(0, peer.lastIndexOf(':')));
