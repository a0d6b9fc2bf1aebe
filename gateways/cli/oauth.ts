import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Post } from '#gateways/cli/exchange';
import { exitCodes } from '#gateways/cli/exit-code';
import { Failure, timedOut } from '#gateways/cli/failure';
import { numberAt, textAt } from '#gateways/cli/json';
import type { Login } from '#gateways/cli/login-file';

/** By this name the server knows the command line; it has no secret. */
const clientId = 'ultracloud-cli';

/** Where a server was reached. */
export interface Reached {
  readonly endpoint: URL;
}

/** A form of OAuth 2 (RFC 6749 appendix B). */
const form = (post: Post, path: string, fields: Readonly<Record<string, string>>): Promise<Answer> =>
  post({
    method: 'POST',
    path,
    body: Buffer.from(new URLSearchParams({ client_id: clientId, ...fields }).toString()),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });

/** The path of a published endpoint: it is asked where the server was reached, whatever the server calls itself. */
const endpointOf = async (post: Post, target: Reached, name: string): Promise<string> => {
  const { status, json } = await post({ method: 'GET', path: '/.well-known/openid-configuration' });
  const published = status === 200 ? textAt(json, name) : undefined;
  if (published === undefined || !URL.canParse(published, target.endpoint.href)) {
    throw new Failure({
      code: 'login.unsupported',
      category: 'unavailable',
      message: `${target.endpoint.origin} offers no ${name.replaceAll('_', ' ')} (${status}).`,
      fix: 'Name a server of UltraCloud with --endpoint.',
    });
  }
  return new URL(published, target.endpoint.href).pathname;
};

const refused = ({ status, json }: Answer): Failure =>
  new Failure(
    {
      code: `login.${textAt(json, 'error') ?? status}`,
      category: 'forbidden',
      message: textAt(json, 'error_description') ?? `The server answered ${status}.`,
      fix: 'Log in again: ultracloud login',
    },
    exitCodes.denied,
  );

/** Tokens as a token endpoint gives them. */
const loginIn = (target: Reached, principal: string, answer: Answer): Login => {
  const { status, json } = answer;
  const accessToken = textAt(json, 'access_token');
  if (status !== 200 || accessToken === undefined) throw refused(answer);
  return {
    endpoint: target.endpoint.origin,
    principal,
    accessToken,
    expiresMs: Date.now() + (numberAt(json, 'expires_in') ?? 0) * 1_000,
    refreshToken: textAt(json, 'refresh_token'),
  };
};

/** The login with another access token; refused when the session has ended. */
export const renewed = async (post: Post, target: Reached, login: Login): Promise<Login> => {
  const { refreshToken } = login;
  if (refreshToken === undefined) throw refused({ status: 401, json: {}, headers: {}, position: undefined, text: '' });
  const path = await endpointOf(post, target, 'token_endpoint');
  const answer = await form(post, path, { grant_type: 'refresh_token', refresh_token: refreshToken });
  return loginIn(target, login.principal, answer);
};

/** Ends the session of a login on the server. */
export const revoke = async (post: Post, target: Reached, { refreshToken, accessToken }: Login): Promise<void> => {
  const path = await endpointOf(post, target, 'revocation_endpoint');
  const answer = await form(post, path, { token: refreshToken ?? accessToken });
  if (answer.status !== 200) throw refused(answer);
};

/** What a person does elsewhere to let this command in. */
export interface DeviceCode {
  readonly userCode: string;
  readonly uri: string;
  readonly expiresSeconds: number;
}

/** Device login (RFC 8628): tells what to do, and waits until somebody has done it. */
export const deviceLogin = async (
  post: Post,
  target: Reached,
  tell: (code: DeviceCode) => void,
  signal: AbortSignal,
): Promise<Login> => {
  const started = await form(post, await endpointOf(post, target, 'device_authorization_endpoint'), {
    scope: 'openid offline_access',
  });
  const deviceCode = textAt(started.json, 'device_code');
  const userCode = textAt(started.json, 'user_code');
  if (started.status !== 200 || deviceCode === undefined || userCode === undefined) throw refused(started);
  const expiresSeconds = numberAt(started.json, 'expires_in') ?? 600;
  const uri =
    textAt(started.json, 'verification_uri_complete') ??
    textAt(started.json, 'verification_uri') ??
    target.endpoint.href;
  tell({ userCode, uri, expiresSeconds });
  const path = await endpointOf(post, target, 'token_endpoint');
  let intervalMs = (numberAt(started.json, 'interval') ?? 5) * 1_000;
  const deadline = performance.now() + expiresSeconds * 1_000;
  while (performance.now() < deadline) {
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new Failure({ code: 'login.interrupted', message: 'Interrupted before anybody agreed.' });
    const answer = await form(post, path, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: deviceCode,
    });
    const error = answer.status === 200 ? undefined : textAt(answer.json, 'error');
    if (error === 'slow_down') intervalMs += 5_000;
    if (error === 'slow_down' || error === 'authorization_pending' || error === 'temporarily_unavailable') continue;
    const login = loginIn(target, '', answer);
    return { ...login, principal: await principalOf(post, login) };
  }
  throw timedOut('Nobody agreed in time.', 'Begin again: ultracloud login');
};

const principalOf = async (post: Post, { accessToken }: Login): Promise<string> => {
  const answer = await post({ method: 'GET', path: '/v1/whoami', headers: { authorization: `Bearer ${accessToken}` } });
  return textAt(answer.json, 'principal') ?? '';
};

/** Whoever knows a password; undefined when a one-time code is needed beside it. */
export const passwordLogin = async (
  post: Post,
  target: Reached,
  shown: { readonly user: string; readonly password: string; readonly code?: string },
): Promise<Login | undefined> => {
  const { status, json } = await post({ method: 'POST', path: '/v1/login', body: { ...shown, client: clientId } });
  if (textAt(json, 'code') === 'login.codeNeeded') return undefined;
  const accessToken = textAt(json, 'accessToken');
  if (status !== 200 || accessToken === undefined) {
    const fix = textAt(json, 'fix');
    throw new Failure(
      {
        code: textAt(json, 'code') ?? `http.${status}`,
        category: textAt(json, 'category') ?? 'forbidden',
        message: textAt(json, 'message') ?? `The server answered ${status}.`,
        ...(fix === undefined ? {} : { fix }),
      },
      exitCodes.denied,
    );
  }
  return {
    endpoint: target.endpoint.origin,
    principal: textAt(json, 'principal') ?? `user/${shown.user}`,
    accessToken,
    expiresMs: Date.now() + (numberAt(json, 'expiresSeconds') ?? 0) * 1_000,
    refreshToken: textAt(json, 'refreshToken'),
  };
};
