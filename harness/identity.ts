import { isLeft } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { administrator } from '#gateways/server/policy';
import type { Outcome } from '#log/outcome';
import { startTestNode, type TestNode } from '#harness/node';

/** A node with the organisation `acme`, its project `shop` and its service accounts `shop/ci` and `shop/cd`. */
export interface IdentityStage {
  readonly node: TestNode;
  /** The clock of the node, which stands still but for `pass`. */
  now(): number;
  pass(ms: number): void;
  /** Sends a command in its JSON form, as the break-glass account unless told otherwise; throws when it is refused. */
  send(kind: string, id: string, body?: object, principal?: string, credential?: string): Promise<Outcome>;
  /** A user of `acme` with a password. */
  person(name: string, password: string): Promise<void>;
  setPassword(name: string, password: string): Promise<void>;
  /** What happened to the object of an id, in order. */
  eventsOf(id: string): readonly string[];
  until(holds: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

const startMs = 1_700_000_000_000;

export const identityStage = async (): Promise<IdentityStage> => {
  let nowMs = startMs;
  const node = await startTestNode({ now: () => nowMs });
  const { engine } = node;
  const send: IdentityStage['send'] = async (
    kind,
    id,
    body = {},
    principal = administrator.name,
    credential = 'test',
  ) => {
    const spec = engine.vocabulary.commands.get(kind);
    if (spec === undefined) throw new Error(`there is no command ${kind}`);
    const decoded = decode(spec.body, body);
    if (isLeft(decoded)) throw new Error(`${kind}: ${JSON.stringify(decoded.left)}`);
    const asked = { kind, id, body: decoded.right, principal, credential, source: 'http', address: '' };
    const outcome = await engine.submit(asked);
    if (outcome.result.status !== 'accepted') throw new Error(`${kind}: ${JSON.stringify(outcome.result)}`);
    return outcome;
  };
  const setPassword = async (name: string, password: string): Promise<void> => {
    const sealed = await node.identity.sealPassword(name, password);
    if (isLeft(sealed)) throw new Error(sealed.left);
    await send('authenticator.setPassword', name, { password: sealed.right });
  };
  await send('organisation.create', 'acme');
  await send('project.create', 'shop', { organisation: 'acme' });
  for (const account of ['shop/ci', 'shop/cd']) await send('service-account.create', account);
  return {
    node,
    now: () => nowMs,
    pass: (ms) => (nowMs += ms),
    send,
    setPassword,
    person: async (name, password) => {
      await send('user.create', name, { organisation: 'acme' });
      await setPassword(name, password);
    },
    eventsOf: (id) => {
      const events: string[] = [];
      for (const { result } of engine.outcomes(1, 1_000_000)) {
        if (result.status !== 'accepted') continue;
        events.push(...result.events.filter((event) => event.id === id).map(({ kind }) => kind));
      }
      return events;
    },
    until: async (holds) => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    stop: () => node.stop(),
  };
};
