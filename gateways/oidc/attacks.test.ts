import { createHash, randomBytes } from 'node:crypto';
import { startHttpGateway, type HttpGateway } from '#gateways/http/gateway';
import { oidcRoutes } from '#gateways/oidc/routes';
import { identityStage, type IdentityStage } from '#harness/identity';
import { codeOf } from '#harness/totp';

const password = 'correct horse battery';
const redirectUri = 'http://127.0.0.1:43210/callback';

let stage: IdentityStage;
let gateway: HttpGateway;
let issuer: string;

beforeEach(async () => {
  stage = await identityStage();
  const routes = oidcRoutes(stage.node.identity);
  gateway = await startHttpGateway(stage.node, { host: '127.0.0.1', port: 0, routes });
  issuer = `http://127.0.0.1:${gateway.port}`;
  stage.node.identity.serveAs(issuer);
  await stage.person('alice', password);
});
afterEach(async () => {
  await gateway.close();
  await stage.stop();
});

interface Came {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

const came = async (response: Response): Promise<Came> => {
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
};

type Sent = Readonly<Record<string, string>> | string;

const submit = async (path: string, fields: Sent, headers: Readonly<Record<string, string>> = {}): Promise<Came> => {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString();
  const all = { ...type, ...headers };
  return came(await fetch(`${issuer}${path}`, { method: 'POST', headers: all, body, redirect: 'manual' }));
};

const token = (fields: Sent, headers?: Readonly<Record<string, string>>): Promise<Came> =>
  submit('/oauth2/token', fields, headers);

const s256 = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

const asked = (verifier: string) => ({
  ...{ response_type: 'code', client_id: 'ultracloud-cli', redirect_uri: redirectUri, scope: 'openid', state: 's' },
  ...{ code_challenge: s256(verifier), code_challenge_method: 'S256' },
});

const newVerifier = (): string => randomBytes(32).toString('base64url');

const signedIn = { user: 'alice', password };

const codeFor = async (verifier: string, more: object = {}): Promise<string> => {
  const sent = await submit('/oauth2/authorize', { ...asked(verifier), ...signedIn, ...more });
  expect(sent.status).toBe(303);
  return new URL(sent.headers.get('location') ?? '').searchParams.get('code') ?? '';
};

const exchange = (code: string, verifier: string, more: object = {}) =>
  token({
    ...{ grant_type: 'authorization_code', client_id: 'ultracloud-cli', redirect_uri: redirectUri },
    ...{ code, code_verifier: verifier, ...more },
  });

const authenticates = (came: Came): unknown => stage.node.authenticate(String(came.json['access_token']));

describe('an authorisation code', () => {
  test('is taken once; shown again it ends what it was taken for', async () => {
    const verifier = newVerifier();
    const code = await codeFor(verifier);
    const tokens = await exchange(code, verifier);
    expect(authenticates(tokens)).toMatchObject({ name: 'user/alice' });
    expect(await exchange(code, verifier)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
    expect(authenticates(tokens)).toBeUndefined();
  });

  test('that two show at once is taken for one of them', async () => {
    const verifier = newVerifier();
    const code = await codeFor(verifier);
    const both = await Promise.all([exchange(code, verifier), exchange(code, verifier)]);
    expect(both.filter(({ status }) => status === 200).length).toBeLessThan(2);
  });

  test.each<readonly [string, object]>([
    ['without a verifier', { code_verifier: '' }],
    ['with another verifier', { code_verifier: newVerifier() }],
    ['with a verifier that is too short', { code_verifier: 'short' }],
    ['for another redirect URI', { redirect_uri: 'http://127.0.0.1:43211/callback' }],
    ['without a redirect URI', { redirect_uri: '' }],
    ['for another client', { client_id: 'ultracloud-console' }],
    ['for a client that is not there', { client_id: 'somebody' }],
    ['as a device code', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code' }],
  ])('is refused %s, and is still good for its own client', async (_, more) => {
    const verifier = newVerifier();
    const code = await codeFor(verifier);
    expect((await exchange(code, verifier, more)).status).toBeGreaterThanOrEqual(400);
    expect((await exchange(code, verifier)).status).toBe(200);
  });

  test('is refused with the challenge as its verifier', async () => {
    const verifier = newVerifier();
    const code = await codeFor(verifier);
    expect(await exchange(code, s256(verifier))).toMatchObject({ json: { error: 'invalid_grant' } });
  });

  test('is refused after a minute', async () => {
    const verifier = newVerifier();
    const code = await codeFor(verifier);
    stage.pass(60_000);
    expect(await exchange(code, verifier)).toMatchObject({ json: { error: 'invalid_grant' } });
  });

  test('is refused cut off and made up', async () => {
    const verifier = newVerifier();
    const code = await codeFor(verifier);
    for (const wrong of [code.slice(0, -1), `${code.slice(0, 32)}${'A'.repeat(43)}`, '0'.repeat(75), '']) {
      expect(await exchange(wrong, verifier)).toMatchObject({ json: { error: 'invalid_grant' } });
    }
  });
});

describe('an authorisation request', () => {
  const ask = async (fields: object): Promise<Came> =>
    came(
      await fetch(`${issuer}/oauth2/authorize?${new URLSearchParams({ ...fields }).toString()}`, {
        redirect: 'manual',
      }),
    );

  test.each([
    'https://evil.example.org/callback',
    'http://127.0.0.1:43210/callback/../evil',
    'http://127.0.0.1:43210/callback?more',
    'http://127.0.0.1:43210/callback#more',
    'http://127.0.0.1@evil.example.org/callback',
    'http://127.0.0.1:43210@evil.example.org/callback',
    'http://localhost:43210/callback',
    'http://127.0.0.1.evil.example.org:1/callback',
    'http://127.0.0.1:99999/callback',
    'https://127.0.0.1:43210/callback',
    'javascript:alert(1)',
    '',
  ])('is told on the page, and sent nowhere, when it is to be answered at %p', async (uri) => {
    const shown = await ask({ ...asked(newVerifier()), redirect_uri: uri });
    expect([shown.status, shown.headers.get('location')]).toEqual([400, null]);
    const sent = await submit('/oauth2/authorize', { ...asked(newVerifier()), ...signedIn, redirect_uri: uri });
    expect([sent.status, sent.headers.get('location')]).toEqual([400, null]);
  });

  test.each<readonly [string, object, string]>([
    ['has no challenge', { code_challenge: '' }, 'invalid_request'],
    ['has a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['leaves the method to us', { code_challenge_method: '' }, 'invalid_request'],
    ['has half a challenge', { code_challenge: 'abc' }, 'invalid_request'],
    ['asks for a token at once', { response_type: 'token' }, 'unsupported_response_type'],
  ])('is sent back when it %s, with the password or without', async (_, more, error) => {
    const fields = { ...asked(newVerifier()), ...more };
    for (const answered of [await ask(fields), await submit('/oauth2/authorize', { ...fields, ...signedIn })]) {
      const location = new URL(answered.headers.get('location') ?? '');
      expect(location.href.startsWith(`${redirectUri}?`)).toBe(true);
      expect(Object.fromEntries(location.searchParams)).toMatchObject({ error, state: 's', iss: issuer });
      expect(location.searchParams.get('code')).toBeNull();
    }
  });

  test('with a field twice is refused', async () => {
    const query = new URLSearchParams(asked(newVerifier())).toString();
    const twice = await fetch(`${issuer}/oauth2/authorize?${query}&redirect_uri=https://evil.example.org/`);
    expect(twice.status).toBe(400);
    expect((await token('grant_type=client_credentials&grant_type=refresh_token')).json).toMatchObject({
      error: 'invalid_request',
    });
  });

  test('cannot put anything into the page', async () => {
    const evil = '"><script>alert(1)</script>\'<b>';
    const shown = await ask({ ...asked(newVerifier()), state: evil, nonce: evil });
    expect(shown.text).not.toContain('<script');
    expect(shown.text).not.toContain('<b>');
    expect(shown.text).toContain('&lt;script&gt;');
    expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(shown.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(shown.headers.get('cache-control')).toBe('no-store');
    const device = await fetch(`${issuer}/oauth2/device?user_code=${encodeURIComponent(evil)}`);
    expect(await device.text()).not.toContain('<script');
  });

  test('sent from another site is refused', async () => {
    const fields = { ...asked(newVerifier()), ...signedIn };
    const sent = await submit('/oauth2/authorize', fields, { 'sec-fetch-site': 'cross-site' });
    expect([sent.status, sent.headers.get('location')]).toEqual([403, null]);
  });
});

describe('a password', () => {
  const logIn = (shown: object): Promise<Came> => submit('/v1/login', JSON.stringify(shown));

  test('that is guessed locks the user for longer and longer, whoever is right meanwhile', async () => {
    for (let at = 0; at < 5; at++) {
      expect(await logIn({ user: 'alice', password: `wrong ${at}` })).toMatchObject({ status: 401 });
    }
    expect(await logIn(signedIn)).toMatchObject({ status: 401, json: { code: 'login.refused' } });
    const { position } = stage.node.engine.head;
    await logIn({ user: 'alice', password: 'wrong' });
    expect(stage.node.engine.head.position).toBe(position);
    stage.pass(30_000);
    expect(await logIn({ user: 'alice', password: 'wrong' })).toMatchObject({ status: 401 });
    stage.pass(59_000);
    expect(await logIn(signedIn)).toMatchObject({ status: 401 });
    stage.pass(1_000);
    expect(await logIn(signedIn)).toMatchObject({ status: 200 });
    expect(await logIn({ user: 'alice', password: 'wrong' })).toMatchObject({ status: 401 });
    expect(await logIn(signedIn)).toMatchObject({ status: 200 });
  });

  test('is refused in one way, be there such a user, a password or none', async () => {
    await stage.send('user.create', 'bare', { organisation: 'acme' });
    await stage.person('gone', password);
    await stage.send('user.disable', 'gone');
    const answers = [];
    for (const user of ['alice', 'nobody', 'bare', 'gone', 'admin']) {
      const { status, json } = await logIn({ user, password: 'not this one either' });
      answers.push([status, json]);
    }
    expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(await logIn({ user: 'gone', password })).toMatchObject({ status: 401 });
  });

  test('cannot be tried without end from one address', async () => {
    const came: number[] = [];
    for (let at = 0; at < 30; at++) came.push((await logIn({ user: `nobody-${at}`, password: 'x' })).status);
    expect(came.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(came).toContain(429);
  });

  test('that is too easy is not taken', async () => {
    for (const weak of ['short', 'aaaaaaaaaaaaaaaa', 'alice-alice-alice', 'x'.repeat(257)]) {
      const sealed = await stage.node.identity.sealPassword('alice', weak);
      expect(sealed._tag).toBe('Left');
    }
  });
});

describe('a one-time code', () => {
  const logIn = (code?: string): Promise<Came> =>
    submit('/v1/login', JSON.stringify({ ...signedIn, ...(code === undefined ? {} : { code }) }));

  test('is needed beside the password, taken once, and locks when it is guessed', async () => {
    const tokens = await logIn();
    const headers = { authorization: `Bearer ${String(tokens.json['accessToken'])}` };
    const enrolled = await submit('/v1/authenticators/alice/enrolTotp', '{}', headers);
    const secret = String(enrolled.json['secret']);
    expect(enrolled.json['uri']).toBe(`otpauth://totp/UltraCloud:alice?secret=${secret}&issuer=UltraCloud`);
    // Nothing is asked for before a first code has shown that the app has the secret.
    expect((await logIn()).status).toBe(200);
    const confirm = (code: string) => submit('/v1/authenticators/alice/confirmTotp', JSON.stringify({ code }), headers);
    expect((await confirm('000000')).status).toBe(401);
    const first = codeOf(secret, stage.now());
    expect(await confirm(first)).toMatchObject({ status: 200 });
    expect(await logIn()).toMatchObject({ status: 401, json: { code: 'login.codeNeeded' } });
    expect(await logIn(first)).toMatchObject({ status: 401 });
    stage.pass(30_000);
    const second = codeOf(secret, stage.now());
    const both = await Promise.all([logIn(second), logIn(second)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect(await logIn(second)).toMatchObject({ status: 401 });
    for (let at = 0; at < 5; at++) await logIn('123456');
    stage.pass(29_000);
    expect(await logIn(codeOf(secret, stage.now()))).toMatchObject({ status: 401 });
    stage.pass(1_000);
    expect(await logIn(codeOf(secret, stage.now()))).toMatchObject({ status: 200 });
  });
});

describe('a device code', () => {
  const begin = async (): Promise<Readonly<Record<string, string>>> => {
    const { json } = await submit('/oauth2/device_authorization', { client_id: 'ultracloud-cli' });
    return json as Readonly<Record<string, string>>;
  };
  const poll = (code: string | undefined, client = 'ultracloud-cli') =>
    token({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: client,
      device_code: code ?? '',
    });
  const approve = (userCode: string | undefined, more: object = {}) =>
    submit('/oauth2/device', { user_code: userCode ?? '', ...signedIn, action: 'approve', ...more });

  test('is asked with slowly, approved once and taken once', async () => {
    const begun = await begin();
    expect(await poll(begun['device_code'])).toMatchObject({ status: 400, json: { error: 'authorization_pending' } });
    expect(await poll(begun['device_code'])).toMatchObject({ json: { error: 'slow_down' } });
    expect(await poll(begun['device_code'], 'ultracloud-console')).toMatchObject({ json: { error: 'invalid_grant' } });
    expect(await poll(begun['user_code'])).toMatchObject({ json: { error: 'invalid_grant' } });
    expect((await approve(begun['user_code'], { password: 'wrong' })).status).toBe(401);
    expect((await approve(begun['user_code'])).status).toBe(200);
    expect((await approve(begun['user_code'])).text).not.toContain('Done');
    const tokens = await poll(begun['device_code']);
    expect(authenticates(tokens)).toMatchObject({ name: 'user/alice' });
    expect(await poll(begun['device_code'])).toMatchObject({ json: { error: 'invalid_grant' } });
    expect(authenticates(tokens)).toBeUndefined();
  });

  test('ends after ten minutes', async () => {
    const begun = await begin();
    stage.pass(600_000);
    expect((await approve(begun['user_code'])).text).not.toContain('Done');
    expect(await poll(begun['device_code'])).toMatchObject({ json: { error: 'expired_token' } });
  });

  test('cannot be approved by guesses, which soon have to wait, also when one is right', async () => {
    const begun = await begin();
    const statuses: number[] = [];
    for (let at = 0; at < 15; at++) {
      const letters = 'BCDFGHJKLMNPQRSTVWXZ'.slice(at, at + 4);
      statuses.push((await fetch(`${issuer}/oauth2/device?user_code=${letters}-${letters}`)).status);
    }
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(statuses).toContain(429);
    // So many more that those which were regained meanwhile are used up too.
    for (let at = 0; at < 40; at++) {
      const shown = await approve('BBBB-BBBB');
      if (shown.status === 429) break;
    }
    expect((await approve(begun['user_code'])).status).toBe(429);
    expect((await poll(begun['device_code'])).json).toMatchObject({ error: 'authorization_pending' });
  });

  test('cannot be begun without end, and by nobody that is not one of ours', async () => {
    expect(await submit('/oauth2/device_authorization', { client_id: 'somebody' })).toMatchObject({ status: 401 });
    const statuses: number[] = [];
    for (let at = 0; at < 30; at++) {
      statuses.push((await submit('/oauth2/device_authorization', { client_id: 'ultracloud-cli' })).status);
    }
    expect(statuses).toContain(429);
  });
});

describe('a client', () => {
  test('shows its secret in one way, and the right one', async () => {
    const { id, key, digest } = stage.node.identity.makeAccessKey();
    await stage.send('access-key.create', id, { serviceAccount: 'shop/ci', digest });
    const grant = { grant_type: 'client_credentials' };
    const basic = (client: string, secret: string) => ({
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(client)}:${secret}`).toString('base64')}`,
    });
    expect((await token(grant, basic('shop/ci', key))).status).toBe(200);
    expect((await token({ ...grant, client_id: 'shop/ci', client_secret: key })).status).toBe(200);
    const both = await token({ ...grant, client_secret: key }, basic('shop/ci', key));
    expect(both).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
    const other = await token({ ...grant, client_id: 'shop/cd' }, basic('shop/ci', key));
    expect(other).toMatchObject({ status: 400 });
    const wrong = await token(grant, basic('shop/cd', key));
    expect(wrong).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
    expect(wrong.headers.get('www-authenticate')).toBe('Basic realm="ultracloud"');
    for (const more of [{}, { client_id: 'shop/ci' }, { client_id: 'ultracloud-cli' }]) {
      expect(await token({ ...grant, ...more })).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
    }
    expect(await token({ grant_type: 'password', ...signedIn })).toMatchObject({
      json: { error: 'unsupported_grant_type' },
    });
    expect(await submit('/oauth2/introspect', { token: key })).toMatchObject({ status: 401 });
  });

  test('learns nothing from the end of what it has never had', async () => {
    for (const wrong of ['x', `ucr_${'0'.repeat(32)}_${'A'.repeat(65)}`, stage.node.token]) {
      expect(await submit('/oauth2/revoke', { token: wrong })).toMatchObject({ status: 200, text: '{}' });
    }
    expect(await came(await fetch(`${issuer}/oauth2/userinfo`))).toMatchObject({ status: 401 });
  });
});
