import { isLeft, type Either } from 'fp-ts/lib/Either';
import type { ObjectCodec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { encode } from '#commands/codec/encode';
import { plainAddress } from '#gateways/address';
import { answer, malformed, refusal, type Answer, type Ask } from '#gateways/http/answer';
import type { Forms } from '#gateways/http/event-form';
import type { Patience } from '#gateways/http/patience';
import { queryReader } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import { stampedRoutes, unkept, type Stamped } from '#gateways/http/stamped-route';
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
