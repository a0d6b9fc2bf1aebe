import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWK } from 'jose';
import { startHttpGateway, type HttpGateway } from '#gateways/http/gateway';
import { oidcRoutes } from '#gateways/oidc/routes';
import { identityStage, type IdentityStage } from '#harness/identity';

/** An issuer of another house: it gives one code, and an id token of the claims that a test sets. */
interface Outside {
  readonly server: Server;
  readonly url: string;
  claims: Record<string, unknown>;
  /** Signs; a test puts another in its place. */
  sign(claims: Record<string, unknown>): Promise<string> | string;
  /** Forms that its token endpoint got, with what it was shown. */
  readonly asked: { readonly form: URLSearchParams; readonly authorization: string | undefined }[];
  metadata: Record<string, unknown>;
}

const startOutside = async (): Promise<Outside> => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const answer = (body: unknown): void => void response.end(JSON.stringify(body));
      response.setHeader('content-type', 'application/json');
      if (request.url === '/.well-known/openid-configuration') return answer(outside.metadata);
      if (request.url === '/keys') return answer({ keys: [jwk] });
      if (request.url !== '/token') return answer({});
      outside.asked.push({ form: new URLSearchParams(text), authorization: request.headers.authorization });
      void Promise.resolve(outside.sign(outside.claims)).then((token) => answer({ id_token: token }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const outside: Outside = {
    ...{ server, url, asked: [] },
    claims: {},
    metadata: {
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/keys`,
    },
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey),
  };
  return outside;
};

let stage: IdentityStage;
let gateway: HttpGateway;
let outside: Outside;
let issuer: string;

beforeEach(async () => {
  outside = await startOutside();
  stage = await identityStage();
  const routes = oidcRoutes(stage.node.identity);
  gateway = await startHttpGateway(stage.node, { host: '127.0.0.1', port: 0, routes });
  issuer = `http://127.0.0.1:${gateway.port}`;
  stage.node.identity.serveAs(issuer);
  await stage.send('user.create', 'alice', { organisation: 'acme', email: 'Alice@example.org' });
  await stage.send('group.create', 'acme/developers');
  await provider('create');
});
afterEach(async () => {
  await gateway.close();
  await stage.stop();
  outside.server.closeAllConnections();
  await new Promise((resolve) => outside.server.close(resolve));
});

const provider = async (verb: 'create' | 'update', more: object = {}): Promise<void> => {
  const body = { issuer: outside.url, clientId: 'ultracloud', userBy: 'email', organisation: 'acme', ...more };
  await stage.send(`identity-provider.${verb}`, 'company', body);
};

const redirectUri = 'http://127.0.0.1:43210/callback';

interface Begun {
  /** What the other issuer was asked for. */
  readonly asked: URLSearchParams;
  readonly cookie: string;
  readonly verifier: string;
}

const begin = async (): Promise<Begun> => {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: 'ultracloud-cli', redirect_uri: redirectUri, state: 's', scope: 'openid' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const page = await (await fetch(`${issuer}/oauth2/authorize?${query.toString()}`)).text();
  const link = /href="([^"]*federate[^"]*)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const sent = await fetch(`${issuer}${link}`, { redirect: 'manual' });
  expect(sent.status).toBe(303);
  const asked = new URL(sent.headers.get('location') ?? '');
  expect(asked.href.startsWith(`${outside.url}/authorize?`)).toBe(true);
  const set = sent.headers.get('set-cookie') ?? '';
  expect(set).toMatch(/; Path=\/oauth2\/callback; Max-Age=600; HttpOnly; SameSite=Lax$/);
  return { asked: asked.searchParams, cookie: set.split(';')[0] ?? '', verifier };
};

const usualClaims = (begun: Begun): Record<string, unknown> => {
  const now = Math.floor(Date.now() / 1_000);
  return {
    ...{ iss: outside.url, aud: 'ultracloud', sub: '42', iat: now, exp: now + 60, nonce: begun.asked.get('nonce') },
    ...{ email: 'alice@example.org', email_verified: true, preferred_username: 'alice', name: 'Alice' },
  };
};

const comeBack = (begun: Begun, more: Readonly<Record<string, string>> = {}, cookie = begun.cookie) => {
  const query = new URLSearchParams({ code: 'given', state: begun.asked.get('state') ?? '', ...more });
  return fetch(`${issuer}/oauth2/callback?${query.toString()}`, { redirect: 'manual', headers: { cookie } });
};

/** Who is logged in at the end. */
const logIn = async (claims: object = {}): Promise<string | undefined> => {
  const begun = await begin();
  outside.claims = { ...usualClaims(begun), ...claims };
  const back = await comeBack(begun);
  if (back.status !== 303) return undefined;
  const location = new URL(back.headers.get('location') ?? '');
  expect(location.searchParams.get('state')).toBe('s');
  const body = new URLSearchParams({
    ...{ grant_type: 'authorization_code', client_id: 'ultracloud-cli', redirect_uri: redirectUri },
    ...{ code: location.searchParams.get('code') ?? '', code_verifier: begun.verifier },
  });
  const tokens = (await (await fetch(`${issuer}/oauth2/token`, { method: 'POST', body })).json()) as object;
  return stage.node.authenticate(String((tokens as { access_token?: string }).access_token))?.name;
};

test('whoever another issuer names by a verified address is logged in', async () => {
  expect(await logIn()).toBe('user/alice');
  const [asked] = outside.asked;
  expect(Object.fromEntries(asked?.form ?? [])).toMatchObject({
    ...{ grant_type: 'authorization_code', code: 'given', client_id: 'ultracloud' },
    redirect_uri: `${issuer}/oauth2/callback`,
  });
});

test('the secret that was set is shown to that issuer, and to no other', async () => {
  const secret = stage.node.identity.sealProviderSecret('company', 'a secret of ours');
  await stage.send('identity-provider.setSecret', 'company', { secret });
  expect(await logIn()).toBe('user/alice');
  const basic = Buffer.from('ultracloud:a%20secret%20of%20ours').toString('base64');
  expect(outside.asked[0]?.authorization).toBe(`Basic ${basic}`);
});

test('whoever is not there is created in the organisation and joins groups, where the provider says so', async () => {
  const bob = { email: 'bob.b@example.org', groups: ['devs', 'others'] };
  expect(await logIn(bob)).toBeUndefined();
  await provider('update', { createUsers: true, groupsClaim: 'groups', groups: { devs: 'acme/developers' } });
  expect(await logIn(bob)).toBe('user/bob-b');
  expect(stage.eventsOf('acme/developers')).toEqual(['group.created', 'group.joined']);
  expect(await logIn(bob)).toBe('user/bob-b');
  expect(await logIn({ ...bob, groups: [] })).toBe('user/bob-b');
  expect(stage.eventsOf('acme/developers')).toEqual(['group.created', 'group.joined', 'group.left']);
});

describe('whoever has logged in once', () => {
  const carol = { preferred_username: 'Carol.Smith', email: 'carol@example.org' };

  test('is let in again by what the issuer never gives to anybody else', async () => {
    await provider('update', { userBy: 'name', createUsers: true });
    expect(await logIn(carol)).toBe('user/carol-smith');
    expect(await logIn(carol)).toBe('user/carol-smith');
    expect(await logIn({ ...carol, preferred_username: 'carol.jones' })).toBe('user/carol-smith');
    expect(stage.eventsOf('carol-smith')).toEqual(['user.created', 'user.linked']);
  });

  test('is not mistaken for another who has come by the name or the address', async () => {
    expect(await logIn()).toBe('user/alice');
    expect(await logIn({ sub: '43' })).toBeUndefined();
    expect(stage.node.notices().join()).toContain(
      'user/alice is not let in. The user is somebody else at this issuer.',
    );
    await stage.send('user.unlink', 'alice', { issuer: outside.url });
    expect(await logIn({ sub: '43' })).toBe('user/alice');
    expect(await logIn()).toBeUndefined();
  });

  test('is not mistaken for another whose name comes to the same here', async () => {
    await provider('update', { userBy: 'name', createUsers: true });
    expect(await logIn(carol)).toBe('user/carol-smith');
    expect(await logIn({ sub: '43', preferred_username: 'carol_smith' })).toBeUndefined();
    expect(await logIn({ sub: '44', preferred_username: 'carol-smith' })).toBeUndefined();
  });
});

test('an issuer that answers without end is not listened to', async () => {
  outside.metadata = { ...outside.metadata, more: 'x'.repeat(300_000) };
  const begun = begin();
  await expect(begun).rejects.toThrow();
  expect(stage.node.notices().join()).toContain('answers too much');
});

test.each<readonly [string, object]>([
  ['has an address that nobody verified', { email_verified: false }],
  ['has an address that may be verified', { email_verified: undefined }],
  ['has no address', { email: undefined }],
  ['has the address of nobody', { email: 'nobody@example.org' }],
  ['is for another client', { aud: 'another' }],
  ['is for several clients', { aud: ['ultracloud', 'another'] }],
  ['was given to another client', { azp: 'another' }],
  ['is of another issuer', { iss: 'https://evil.example.org' }],
  ['is for another login', { nonce: 'another' }],
  ['is for no login', { nonce: undefined }],
  ['has expired', { exp: 1_600_000_000 }],
  ['never expires', { exp: undefined }],
  ['is not valid yet', { nbf: 4_000_000_000 }],
  ['names nobody', { sub: undefined }],
])('an id token that %s lets nobody in', async (_, claims) => {
  expect(await logIn(claims)).toBeUndefined();
});

test('an id token that is signed by nobody, or by a shared secret, lets nobody in', async () => {
  outside.sign = (claims) => new UnsecuredJWT(claims).encode();
  expect(await logIn()).toBeUndefined();
  outside.sign = (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32, 1));
  expect(await logIn()).toBeUndefined();
  const { privateKey } = await generateKeyPair('ES256');
  outside.sign = (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey);
  expect(await logIn()).toBeUndefined();
});

test('whoever belongs to another organisation, or is disabled, is not let in', async () => {
  await stage.send('user.disable', 'alice');
  expect(await logIn()).toBeUndefined();
  await stage.send('organisation.create', 'other');
  await stage.send('user.create', 'carol', { organisation: 'other', email: 'carol@example.org' });
  expect(await logIn({ email: 'carol@example.org' })).toBeUndefined();
});

test('a browser goes on with what it began itself, once', async () => {
  const [mine, other] = [await begin(), await begin()];
  outside.claims = usualClaims(mine);
  expect((await comeBack(mine, {}, other.cookie)).status).toBe(401);
  expect((await comeBack(mine, {}, '')).status).toBe(401);
  expect((await comeBack(mine, { state: 'made-up' })).status).toBe(401);
  expect((await comeBack(mine, { iss: 'https://evil.example.org' })).status).toBe(401);
  const again = await begin();
  outside.claims = usualClaims(again);
  expect((await comeBack(again)).status).toBe(303);
  expect((await comeBack(again)).status).toBe(401);
});

test('an issuer that names another, or an endpoint that is none, is not asked', async () => {
  const query = 'response_type=code&client_id=ultracloud-cli&provider=company&code_challenge_method=S256';
  const uri = `redirect_uri=${encodeURIComponent(redirectUri)}&code_challenge=${'a'.repeat(43)}`;
  for (const wrong of [{ issuer: 'https://evil.example.org' }, { token_endpoint: 'file:///etc/passwd' }]) {
    outside.metadata = { ...outside.metadata, ...wrong };
    const sent = await fetch(`${issuer}/oauth2/federate?${query}&${uri}`, { redirect: 'manual' });
    expect([sent.status, sent.headers.get('location')]).toEqual([401, null]);
  }
  expect(stage.node.notices().join()).toContain('Nobody could log in with the identity provider company');
});
