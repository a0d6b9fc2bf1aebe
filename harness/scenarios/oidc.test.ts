import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as client from 'openid-client';
import { onStage, type Stage } from '#harness/scenarios/stage';
import { codeOf, secretOf } from '#harness/totp';

/** A server, an administrator on it, and a browser without scripts. */
interface Cloud {
  readonly issuer: string;
  /** A command or another request of the API, as the break-glass account unless a token is given. */
  post(path: string, body?: object, token?: string): Promise<Record<string, unknown>>;
  /** Sends a form as a page has it; gives what came back. */
  submit(path: string, fields: Readonly<Record<string, string>>): Promise<Response>;
  configuration(id: string, secret?: string): Promise<client.Configuration>;
}

const password = 'correct horse battery staple';

const cloudOn = async (stage: Stage): Promise<Cloud> => {
  const { endpoints } = await stage.start();
  const issuer = endpoints.http;
  const post: Cloud['post'] = async (path, body = {}, token = stage.token()) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answered = await fetch(`${issuer}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const json = (await answered.json()) as Record<string, unknown>;
    if (answered.status !== 200) throw new Error(`${path}: ${answered.status} ${JSON.stringify(json)}`);
    return json;
  };
  await post('/v1/users/alice/create', { organisation: 'default', displayName: 'Alice', email: 'alice@example.org' });
  await post('/v1/authenticators/alice/setPassword', { password });
  await post('/v1/service-accounts/default%2Fci/create');
  return {
    issuer,
    post,
    submit: (path, fields) =>
      fetch(`${issuer}${path}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' }),
    configuration: (id, secret) =>
      client.discovery(
        new URL(issuer),
        id,
        undefined,
        secret === undefined ? client.None() : client.ClientSecretBasic(secret),
        { execute: [client.allowInsecureRequests] },
      ),
  };
};

const redirectUri = 'http://127.0.0.1:43210/callback';

/** Logs in on the page of an authorisation request; gives the address that the browser is sent to. */
const logInAt = async ({ submit }: Cloud, asked: URL, more: Readonly<Record<string, string>> = {}): Promise<string> => {
  const shown = await fetch(asked, { redirect: 'manual' });
  expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining('<form method="post"')]);
  const fields = { ...Object.fromEntries(asked.searchParams), user: 'alice', password, ...more };
  const sent = await submit(asked.pathname, fields);
  expect(sent.status).toBe(303);
  return sent.headers.get('location') ?? '';
};

test('openid-client logs in by code and PKCE, goes on with refresh tokens, and ends it', () =>
  onStage(async (stage) => {
    const cloud = await cloudOn(stage);
    const config = await cloud.configuration('ultracloud-cli');
    expect(config.serverMetadata()).toMatchObject({ issuer: cloud.issuer, code_challenge_methods_supported: ['S256'] });

    const verifier = client.randomPKCECodeVerifier();
    const [state, nonce] = [client.randomState(), client.randomNonce()];
    const asked = client.buildAuthorizationUrl(config, {
      ...{ redirect_uri: redirectUri, scope: 'openid profile email', state, nonce },
      ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    });
    const location = new URL(await logInAt(cloud, asked));
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
    const tokens = await client.authorizationCodeGrant(config, location, checks);
    expect(tokens.claims()).toMatchObject({
      ...{ iss: cloud.issuer, sub: 'user/alice', aud: 'ultracloud-cli', nonce },
      ...{ name: 'Alice', preferred_username: 'alice', email: 'alice@example.org' },
    });
    expect(await client.fetchUserInfo(config, tokens.access_token, 'user/alice')).toEqual({
      ...{ sub: 'user/alice', name: 'Alice', preferred_username: 'alice', email: 'alice@example.org' },
    });
    const own = await fetch(`${cloud.issuer}/v1/users/alice`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(await own.json()).toMatchObject({ id: 'alice' });

    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    await client.tokenRevocation(config, next.refresh_token ?? '');
    await expect(client.refreshTokenGrant(config, next.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    const after = await fetch(`${cloud.issuer}/v1/users/alice`, {
      headers: { authorization: `Bearer ${next.access_token}` },
    });
    expect([after.status, after.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="ultracloud", error="invalid_token"',
    ]);
  }));

test('openid-client gets tokens for a service account, and introspects them', () =>
  onStage(async (stage) => {
    const cloud = await cloudOn(stage);
    const made = await cloud.post('/v1/access-keys', { serviceAccount: 'default/ci' });
    const config = await cloud.configuration('default/ci', String(made['key']));
    const tokens = await client.clientCredentialsGrant(config);
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 600 });
    expect(tokens.refresh_token).toBeUndefined();
    expect(await client.tokenIntrospection(config, tokens.access_token)).toMatchObject({
      ...{ active: true, sub: 'service-account/default/ci', client_id: 'default/ci', iss: cloud.issuer },
    });
    await cloud.post(`/v1/access-keys/${String(made['id'])}/delete`);
    await expect(client.clientCredentialsGrant(config)).rejects.toMatchObject({ status: 401 });
  }));

test(
  'openid-client logs in a device while somebody approves it on another',
  () =>
    onStage(async (stage) => {
      const cloud = await cloudOn(stage);
      const config = await cloud.configuration('ultracloud-cli');
      const begun = await client.initiateDeviceAuthorization(config, { scope: 'openid' });
      expect(begun.user_code).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
      const polling = client.pollDeviceAuthorizationGrant(config, begun);
      const shown = await fetch(begun.verification_uri_complete ?? '');
      expect(await shown.text()).toContain('ultracloud-cli asks to act for you');
      const approved = await cloud.submit('/oauth2/device', {
        ...{ user_code: begun.user_code.toLowerCase(), user: 'alice', password, action: 'approve' },
      });
      expect(await approved.text()).toContain('The device is logged in.');
      const tokens = await polling;
      expect(tokens.claims()).toMatchObject({ sub: 'user/alice', aud: 'ultracloud-cli' });

      const denied = await client.initiateDeviceAuthorization(config, {});
      await cloud.post('/v1/device-logins/deny', { userCode: denied.user_code }, tokens.access_token);
      await expect(client.pollDeviceAuthorizationGrant(config, denied)).rejects.toMatchObject({
        error: 'access_denied',
      });
    }),
  120_000,
);

test(
  'no secret that was used is found in what the server has written',
  () =>
    onStage(async (stage) => {
      const cloud = await cloudOn(stage);
      const config = await cloud.configuration('ultracloud-cli');
      const login = await cloud.post('/v1/login', { user: 'alice', password });
      const token = String(login['accessToken']);
      const key = String((await cloud.post('/v1/access-keys', { serviceAccount: 'default/ci' }))['key']);
      const enrolled = await cloud.post('/v1/authenticators/alice/enrolTotp', {}, token);
      const totp = String(enrolled['secret']);
      await cloud.post('/v1/authenticators/alice/confirmTotp', { code: codeOf(totp, Date.now()) }, token);
      const refreshed = await client.refreshTokenGrant(config, String(login['refreshToken']));
      const verifier = client.randomPKCECodeVerifier();
      const challenge = await client.calculatePKCECodeChallenge(verifier);
      const asked = client.buildAuthorizationUrl(config, {
        ...{ redirect_uri: redirectUri, code_challenge: challenge, code_challenge_method: 'S256' },
      });
      // The code of this half a minute was used up.
      const next = codeOf(totp, Date.now() + 30_000);
      const location = new URL(await logInAt(cloud, asked, { code: next }));
      const tokens = await client.authorizationCodeGrant(config, location, { pkceCodeVerifier: verifier });
      const device = await client.initiateDeviceAuthorization(config, {});
      await expect(cloud.post('/v1/login', { user: 'alice', password: 'a wrong password' })).rejects.toThrow('401');
      await sleep(1_500);

      const secrets = {
        password,
        wrong: 'a wrong password',
        break: stage.token(),
        access: token,
        key: key.slice(-43),
        totp,
        totpBytes: secretOf(totp),
        refresh: String(login['refreshToken']).slice(-65),
        refreshOwn: String(login['refreshToken']).slice(-43),
        next: String(refreshed.refresh_token).slice(-43),
        last: String(tokens.refresh_token).slice(-43),
        verifier,
        code: (location.searchParams.get('code') ?? '').slice(-43),
        device: device.device_code.slice(-43),
        userCode: device.user_code.replace('-', ''),
      };
      for (const secret of Object.values(secrets)) expect(secret.length).toBeGreaterThan(7);
      const written = filesBelow(stage.data).filter((file) => !/keyring|admin\.token/.test(file));
      const bytes = written.map((file) => [file, readFileSync(file)] as const);
      // What is searched is what was written: names are found.
      expect(bytes.filter(([, content]) => content.includes('alice@example.org')).length).toBeGreaterThan(1);
      const found = Object.entries(secrets).flatMap(([name, secret]) =>
        bytes.filter(([, content]) => content.includes(secret)).map(([file]) => [name, file]),
      );
      expect(found).toEqual([]);
      const seen = await fetch(`${cloud.issuer}/v1/log?limit=1000`, {
        headers: { authorization: `Bearer ${stage.token()}` },
      });
      const log = await seen.text();
      expect(log).toContain('authenticator.passwordSet');
      for (const secret of Object.values(secrets)) expect(log.includes(secret.toString())).toBe(false);
    }),
  60_000,
);

const filesBelow = (directory: string): readonly string[] =>
  readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
