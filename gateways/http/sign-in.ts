import { isLeft, type Either } from 'fp-ts/lib/Either';
import type { ObjectCodec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { encode } from '#commands/codec/encode';
import { only } from '#aggregates/access';
import { plainAddress } from '#gateways/address';
import { answer, malformed, refusal, type Answer, type Ask } from '#gateways/http/answer';
import { commandRoute } from '#gateways/http/command-route';
import type { Forms } from '#gateways/http/event-form';
import { judged } from '#gateways/http/judge';
import type { Patience } from '#gateways/http/patience';
import { queryReader } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import { unrecorded } from '#gateways/http/unrecorded';
import type { LoginFault } from '#gateways/identity';
import type { Node } from '#gateways/node';
import { Nothing } from '#gateways/fixed-routes';
import {
  ChangedPassword,
  LogIn,
  NewAccessKey,
  NewPassword,
  ProviderSecret,
  ShownCode,
  UserCode,
} from '#gateways/sign-in-routes';

const readNothing = queryReader({});

/** The program that a session is for, unless it names itself. */
const usualClient = 'ultracloud-cli';

/** Logging in, and commands whose secrets are made or sealed here before they are sent as the caller's. */
export const signInRoutes = (node: Node, forms: Forms, patience: Patience): readonly Route[] => {
  const stamped = stampedRoutes(node, forms, patience);
  const { identity } = node;
  return [
    {
      method: 'POST',
      path: '/v1/login',
      open: true,
      handle: reading(LogIn, async ({ client = usualClient, ...shown }, ask) => {
        const found = await identity.exchange({ kind: 'password', client, ...shown }, addressOf(ask));
        if (isLeft(found)) return faultAnswer(found.left);
        const { principal, accessToken, expiresSeconds, refreshToken } = found.right;
        return { ...answer({ principal, accessToken, expiresSeconds, refreshToken }), headers: unkept };
      }),
    },
    ...(['approve', 'deny'] as const).map((verb): Route => ({
      method: 'POST',
      path: `/v1/device-logins/${verb}`,
      handle: reading(UserCode, async ({ userCode }, { principal: caller }) => {
        const { name: principal, address } = caller;
        if (!principal.startsWith('user/')) return refusal('login.nobody');
        const found = identity.deviceClient(userCode, address);
        if (isLeft(found)) return faultAnswer(found.left);
        const by = verb === 'deny' ? verb : ({ kind: 'session', principal } as const);
        const settled = await identity.settleDevice(userCode, by, address);
        return isLeft(settled) ? faultAnswer(settled.left) : answer(found.right);
      }),
    })),
    stamped('access-key.create', '/v1/access-keys', NewAccessKey, (body) => {
      const { id, key, digest } = identity.makeAccessKey();
      return Promise.resolve({ id, body: { ...encoded(NewAccessKey, body), digest }, shown: { id, key } });
    }),
    stamped('identity-provider.setSecret', undefined, ProviderSecret, ({ secret }, id) =>
      Promise.resolve({ id, body: { secret: identity.sealProviderSecret(id, secret) } }),
    ),
    stamped('authenticator.setPassword', undefined, NewPassword, async ({ password }, id) =>
      sealed(await identity.sealPassword(id, password), id),
    ),
    stamped('authenticator.changePassword', undefined, ChangedPassword, async (body, id, { principal }) => {
      const checked = await identity.checkPassword(id, body.oldPassword, principal.address);
      if (isLeft(checked)) return faultAnswer(checked.left);
      return sealed(await identity.sealPassword(id, body.password), id);
    }),
    stamped('authenticator.enrolTotp', undefined, Nothing, (_body, id) => {
      const { sealed: secret, ...shown } = identity.makeTotp(id);
      return Promise.resolve({ id, body: { secret }, shown });
    }),
    ...(['confirmTotp', 'removeTotp'] as const).map((verb) =>
      stamped(`authenticator.${verb}`, undefined, ShownCode, async ({ code }, id, { principal }) => {
        const step = await identity.checkTotp(id, code, principal.address);
        return isLeft(step) ? faultAnswer(step.left) : { id, body: { step: step.right } };
      }),
    ),
  ];
};

/** No cache on the way may keep what is shown once. */
const unkept = { 'cache-control': 'no-store' };

const encoded = <A>(codec: ObjectCodec<A>, value: A): object => encode(codec, value) as object;

const sealed = (password: Either<string, string>, id: string): Stamped | Answer =>
  isLeft(password)
    ? malformed([{ path: 'password', expected: password.left, got: 'another password' }])
    : { id, body: { password: password.right } };

const faultAnswer = (fault: LoginFault): Answer => {
  switch (fault) {
    case 'codeNeeded':
      return refusal('login.codeNeeded');
    case 'busy':
    case 'slowDown':
      return refusal('rate.exceeded', {}, { 'retry-after': '5' });
    case 'unavailable':
      return refusal('keyring.unavailable');
    case 'wrong':
    case 'pending':
    case 'denied':
    case 'expired':
      return refusal('login.refused');
  }
};

const addressOf = ({ response }: Ask): string => plainAddress(response.socket?.remoteAddress);

const reading =
  <A>(codec: ObjectCodec<A>, handle: (body: A, ask: Ask) => Promise<Answer>): Route['handle'] =>
  async (ask) => {
    const read = readNothing(ask.query);
    const body = decode(codec, ask.body === undefined ? {} : ask.body);
    if (isLeft(read)) return malformed(read.left);
    if (isLeft(body)) return malformed(body.left);
    try {
      return await handle(body.right, ask);
    } catch (error) {
      return unrecorded(error);
    }
  };

/** What is sent in place of what was asked, and what only the caller is shown. */
interface Stamped {
  readonly id: string;
  /** In JSON form. */
  readonly body: object;
  readonly shown?: object;
}

type Stamp<A> = (body: A, id: string, ask: Ask) => Promise<Stamped | Answer>;

const isAnswer = (made: Stamped | Answer): made is Answer => 'status' in made;

/** Routes of commands that are stamped, at the path of the command unless another is given. */
const stampedRoutes =
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
