import { isLeft } from 'fp-ts/lib/Either';
import type { ObjectCodec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { only } from '#aggregates/access';
import { malformed, refusal, type Answer, type Ask } from '#gateways/http/answer';
import { commandRoute } from '#gateways/http/command-route';
import type { Forms } from '#gateways/http/event-form';
import { judged } from '#gateways/http/judge';
import type { Patience } from '#gateways/http/patience';
import type { Route } from '#gateways/http/route';
import type { Node } from '#gateways/node';

/** No cache on the way may keep what is shown once. */
export const unkept = { 'cache-control': 'no-store' };

/** What is sent in place of what was asked, and what only the caller is shown. */
export interface Stamped {
  readonly id: string;
  /** In JSON form. */
  readonly body: object;
  readonly shown?: object;
}

type Stamp<A> = (body: A, id: string, ask: Ask) => Promise<Stamped | Answer>;

const isAnswer = (made: Stamped | Answer): made is Answer => 'status' in made;

/** Routes of commands that are stamped, at the path of the command unless another is given. */
export const stampedRoutes =
  (node: Node, forms: Forms, patience: Patience) =>
  <A>(kind: string, path: string | undefined, codec: ObjectCodec<A>, stamp: Stamp<A>): Route => {
    const spec = node.engine.vocabulary.commands.get(kind);
    if (spec === undefined) throw new Error(`the catalogue has no ${kind}`);
    const send = commandRoute(node, forms, patience, spec);
    return {
      method: 'POST',
      path: path ?? spec.route,
      handle: async (ask) => {
        const body = decode(codec, ask.body === undefined ? {} : ask.body);
        if (isLeft(body)) return malformed(body.left);
        const named = spec.id === undefined || path !== undefined ? undefined : decode(spec.id, idIn(ask));
        if (named !== undefined && isLeft(named)) return malformed(named.left);
        // Nobody learns from a secret of somebody else, be it right or wrong, and none is sealed in vain.
        const { permission } = spec;
        const target = named === undefined ? undefined : only(spec.noun, named.right as string);
        const refused =
          target === undefined || permission === undefined
            ? undefined
            : judged(node, ask.principal, permission, target);
        if (refused !== undefined) return refused;
        const { keyring } = node;
        if (keyring.unavailable !== undefined) {
          return refusal('keyring.unavailable', { detail: { reason: keyring.unavailable } });
        }
        // Ids of these nouns are text.
        const made = await stamp(body.right, (named?.right ?? '') as string, ask);
        if (isAnswer(made)) return made;
        const answered = await send.handle({ ...ask, params: { id: made.id }, body: made.body });
        if (answered?.status !== 200 || made.shown === undefined) return answered;
        const text = JSON.stringify({ ...(JSON.parse(answered.text) as object), ...made.shown });
        return { ...answered, text, headers: unkept };
      },
    };
  };

const idIn = ({ params }: Ask): string => {
  try {
    return decodeURIComponent(params['id'] ?? '');
  } catch {
    return '';
  }
};
