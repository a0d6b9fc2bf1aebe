import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { isLeft } from 'fp-ts/lib/Either';
import { base64url, exportSPKI, importJWK, jwtVerify, SignJWT, type JWK } from 'jose';
import { clusterSigning, signingKeyKind } from '#aggregates/iam/signing-key';
import type { Grant, Tokens } from '#gateways/identity';
import { identityStage, type IdentityStage } from '#harness/identity';

const issuer = 'https://cloud.example.org';
const password = 'correct horse battery';

let stage: IdentityStage;
let tokens: Tokens;

beforeAll(async () => {
  stage = await identityStage();
  stage.node.identity.serveAs(issuer);
  await stage.person('alice', password);
  tokens = await logIn();
});
afterAll(() => stage.stop());

const exchange = (grant: Grant) => stage.node.identity.exchange(grant, '192.0.2.1');

const logIn = async (user = 'alice'): Promise<Tokens> => {
  const found = await exchange({ kind: 'password', user, password, client: 'ultracloud-cli' });
  if (isLeft(found)) throw new Error(found.left);
  return found.right;
};

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

const headerOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Record<string, unknown>;

/** The cluster's own key, as only who has its keyring gets it. */
const ownKey = (): { readonly keyId: string; readonly key: ReturnType<typeof createPrivateKey> } => {
  const held = stage.node.engine.facts.get(signingKeyKind, clusterSigning)?.state.keys[0];
  if (held === undefined) throw new Error('no key');
  const der = stage.node.keyring.open(`signing-key/cluster/${held.keyId}`, held.sealedKey);
  return { keyId: held.keyId, key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) };
};

/** A token that we have signed, with other claims or another header than we would write. */
const signed = (claims: object, header: object = {}): Promise<string> => {
  const { keyId, key } = ownKey();
  return new SignJWT({ ...claimsOf(tokens.accessToken), ...claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: keyId, ...header })
    .sign(key);
};

const seconds = (): number => Math.floor(stage.now() / 1_000);

describe('an access token', () => {
  test('is one that jose verifies with the published keys', async () => {
    const [jwk] = stage.node.identity.publicKeys();
    const verified = await jwtVerify(tokens.accessToken, await importJWK(jwk as JWK, 'EdDSA'), {
      issuer,
      audience: 'ultracloud',
      typ: 'at+jwt',
      currentDate: new Date(stage.now()),
    });
    expect(verified.payload).toMatchObject({ sub: 'user/alice', client_id: 'ultracloud-cli' });
    expect(verified.payload['cred']).toMatch(/^session\/[0-9a-f]{32}$/);
    expect((verified.payload.exp ?? 0) - (verified.payload.iat ?? 0)).toBe(600);
  });

  test('is taken for whom it names, and one that we sign again is too', async () => {
    const expected = { name: 'user/alice', credential: claimsOf(tokens.accessToken)['cred'] };
    expect(stage.node.authenticate(tokens.accessToken)).toEqual(expected);
    expect(stage.node.authenticate(await signed({}))).toEqual(expected);
  });

  test.each<readonly [string, () => object]>([
    ['has expired', () => ({ exp: seconds() })],
    ['is not valid yet', () => ({ nbf: seconds() + 60 })],
    ['never expires', () => ({ exp: undefined })],
    ['names its end as text', () => ({ exp: String(seconds() + 60) })],
    ['is of another issuer', () => ({ iss: 'https://other.example.org' })],
    ['is for another audience', () => ({ aud: 'ultracloud-cli' })],
    ['is for several audiences', () => ({ aud: ['ultracloud'] })],
    ['names a session of another', () => ({ sub: 'user/bob' })],
    ['names a session that never was', () => ({ cred: `session/${'0'.repeat(32)}` })],
    ['names a path for a session', () => ({ cred: `session/../${String(claimsOf(tokens.accessToken)['cred'])}` })],
    ['names the break-glass account', () => ({ sub: 'admin', cred: 'admin.token' })],
    ['names the process', () => ({ sub: 'system', cred: 'process' })],
    ['names a host', () => ({ sub: 'host/node1', cred: `certificate/${'0'.repeat(32)}` })],
    ['names nobody', () => ({ sub: undefined })],
  ])('is refused when it %s, though the signature is right', async (_, claims) => {
    expect(stage.node.authenticate(await signed(claims()))).toBeUndefined();
  });

  test.each<readonly [string, object]>([
    ['an unknown key', { kid: '0'.repeat(32) }],
    ['no key', { kid: undefined }],
    ['another type', { typ: 'JWT' }],
    ['something critical', { b64: true, crit: ['b64'] }],
    ['a key of its own', { jwk: { kty: 'OKP' } }],
  ])('is refused when its header names %s', async (_, header) => {
    expect(stage.node.authenticate(await signed({}, header))).toBeUndefined();
  });

  test('is refused when somebody else has signed it', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const foreign = await new SignJWT(claimsOf(tokens.accessToken))
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: ownKey().keyId })
      .sign(privateKey);
    expect(stage.node.authenticate(foreign)).toBeUndefined();
  });

  test('is refused without a signature, whatever it says of its algorithm', () => {
    const [head = '', body = '', signature = ''] = tokens.accessToken.split('.');
    const header = (more: object): string =>
      base64url.encode(JSON.stringify({ ...headerOf(tokens.accessToken), ...more }));
    for (const alg of ['none', 'None', 'NONE', '']) {
      for (const tail of ['', signature]) {
        expect(stage.node.authenticate(`${header({ alg })}.${body}.${tail}`)).toBeUndefined();
      }
    }
    expect(stage.node.authenticate(`${head}.${body}.`)).toBeUndefined();
    expect(stage.node.authenticate(`${head}.${body}`)).toBeUndefined();
  });

  test('is refused when the public key was taken for a shared secret', async () => {
    const [jwk] = stage.node.identity.publicKeys();
    const pem = await exportSPKI((await importJWK(jwk as JWK, 'EdDSA', { extractable: true })) as never);
    const secrets = [pem, pem.trim(), jwk?.['x'] ?? '', Buffer.from(jwk?.['x'] ?? '', 'base64url')];
    for (const secret of secrets) {
      const confused = await new SignJWT(claimsOf(tokens.accessToken))
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: ownKey().keyId })
        .sign(typeof secret === 'string' ? Buffer.from(secret) : secret);
      expect(stage.node.authenticate(confused)).toBeUndefined();
      expect(
        stage.node.authenticate(confused.replace(/^[^.]+/, tokens.accessToken.split('.')[0] ?? '')),
      ).toBeUndefined();
    }
  });

  test('is refused cut off anywhere, and with any character changed', () => {
    const { accessToken } = tokens;
    for (let length = 0; length < accessToken.length; length += 7) {
      expect(stage.node.authenticate(accessToken.slice(0, length))).toBeUndefined();
    }
    for (let at = 0; at < accessToken.length; at += 5) {
      const other = accessToken[at] === 'A' ? 'B' : 'A';
      expect(
        stage.node.authenticate(`${accessToken.slice(0, at)}${other}${accessToken.slice(at + 1)}`),
      ).toBeUndefined();
    }
    for (const more of [`${accessToken}=`, `${accessToken}A`, ` ${accessToken}`, `${accessToken}.`]) {
      expect(stage.node.authenticate(more)).toBeUndefined();
    }
  });

  test('ends with its time, also when it was taken before', async () => {
    const { accessToken } = await logIn();
    expect(stage.node.authenticate(accessToken)).toBeDefined();
    stage.pass(599_000);
    expect(stage.node.authenticate(accessToken)).toBeDefined();
    stage.pass(1_000);
    expect(stage.node.authenticate(accessToken)).toBeUndefined();
    tokens = await logIn();
  });

  test('ends at the position at which its session is revoked', async () => {
    const { accessToken, refreshToken = '' } = await logIn();
    const credential = String(claimsOf(accessToken)['cred']);
    expect(stage.node.authenticate(accessToken)).toBeDefined();
    // A command that is queued before the revocation is decided before it; one behind it is refused.
    const asAlice = { principal: 'user/alice', credential, source: 'http', address: '' };
    const id = credential.slice('session/'.length);
    const [revoked, after] = await Promise.all([
      stage.node.engine.submit({ ...asAlice, kind: 'session.revoke', id, body: {} }),
      stage.node.engine.submit({ ...asAlice, kind: 'user.update', id: 'alice', body: { displayName: 'A' } }),
    ]);
    expect(revoked.result).toMatchObject({ status: 'accepted' });
    expect(after.result).toMatchObject({ code: 'credential.ended', detail: { reason: 'session.revoked' } });
    expect(stage.node.authenticate(accessToken)).toBeUndefined();
    expect(await exchange({ kind: 'refresh', token: refreshToken, client: undefined })).toEqual({
      _tag: 'Left',
      left: 'wrong',
    });
  });

  test('ends when its user is disabled, and when it is deleted', async () => {
    await stage.person('carol', password);
    const { accessToken } = await logIn('carol');
    expect(stage.node.authenticate(accessToken)).toBeDefined();
    await stage.send('user.disable', 'carol');
    expect(stage.node.authenticate(accessToken)).toBeUndefined();
    await stage.send('user.enable', 'carol');
    expect(stage.node.authenticate(accessToken)).toBeDefined();
    await stage.send('user.delete', 'carol');
    expect(stage.node.authenticate(accessToken)).toBeUndefined();
    // Who comes by the name again is another one.
    await stage.send('user.create', 'carol', { organisation: 'acme' });
    expect(stage.node.authenticate(accessToken)).toBeUndefined();
    expect(await exchange({ kind: 'password', user: 'carol', password, client: 'x' })).toMatchObject({ left: 'wrong' });
  });

  test('ends with a new password, but for the session that set it', async () => {
    const [one, other] = [await logIn(), await logIn()];
    const sealed = await stage.node.identity.sealPassword('alice', `${password}!`);
    if (isLeft(sealed)) throw new Error(sealed.left);
    const credential = String(claimsOf(one.accessToken)['cred']);
    await stage.send('authenticator.changePassword', 'alice', { password: sealed.right }, 'user/alice', credential);
    expect(stage.node.authenticate(one.accessToken)).toBeDefined();
    expect(stage.node.authenticate(other.accessToken)).toBeUndefined();
    await stage.setPassword('alice', password);
    tokens = await logIn();
  });
});

describe('a refresh token', () => {
  const refresh = (token: string | undefined, client?: string) =>
    exchange({ kind: 'refresh', token: token ?? '', client });

  test('is taken once, for tokens that go on', async () => {
    const first = await logIn();
    const second = await refresh(first.refreshToken, 'ultracloud-cli');
    if (isLeft(second)) throw new Error(second.left);
    expect(second.right.refreshToken).not.toBe(first.refreshToken);
    expect(stage.node.authenticate(second.right.accessToken)).toMatchObject({ name: 'user/alice' });
    expect(stage.node.authenticate(first.accessToken)).toMatchObject({ name: 'user/alice' });
  });

  test('that was taken before ends the session, and every token of it', async () => {
    const first = await logIn();
    const second = await refresh(first.refreshToken);
    if (isLeft(second)) throw new Error(second.left);
    expect(await refresh(first.refreshToken)).toMatchObject({ left: 'wrong' });
    expect(stage.node.authenticate(second.right.accessToken)).toBeUndefined();
    expect(await refresh(second.right.refreshToken)).toMatchObject({ left: 'wrong' });
    const session = String(claimsOf(first.accessToken)['cred']).slice('session/'.length);
    expect(stage.eventsOf(session)).toEqual(['session.opened', 'session.refreshed', 'session.reused']);
  });

  test('that two show at once is taken for one of them, and then ends the session', async () => {
    const first = await logIn();
    const both = await Promise.all([refresh(first.refreshToken), refresh(first.refreshToken)]);
    expect(both.filter((found) => !isLeft(found))).toHaveLength(1);
    expect(stage.node.authenticate(first.accessToken)).toBeUndefined();
  });

  test('is refused for another client, cut off, guessed and made up, without a trace in the log', async () => {
    const { refreshToken = '', accessToken } = await logIn();
    const { position } = stage.node.engine.head;
    const guessed = refreshToken.slice(0, 37) + 'A'.repeat(65);
    for (const wrong of [guessed, refreshToken.slice(0, -1), '', `ucr_${'0'.repeat(32)}_${'A'.repeat(65)}`]) {
      expect(await refresh(wrong)).toMatchObject({ left: 'wrong' });
    }
    expect(await refresh(refreshToken, 'ultracloud-console')).toMatchObject({ left: 'wrong' });
    expect(stage.node.engine.head.position).toBe(position);
    expect(stage.node.authenticate(accessToken)).toBeDefined();
    expect(stage.node.authenticate(refreshToken)).toBeUndefined();
  });

  test('ends after a week without use', async () => {
    const first = await logIn();
    stage.pass(6 * 86_400_000);
    const second = await refresh(first.refreshToken);
    if (isLeft(second)) throw new Error(second.left);
    stage.pass(7 * 86_400_000);
    expect(await refresh(second.right.refreshToken)).toMatchObject({ left: 'wrong' });
    tokens = await logIn();
  });
});

describe('an access key', () => {
  test('is shown as it is, or for an access token, until it is deleted', async () => {
    const { id, key, digest } = stage.node.identity.makeAccessKey();
    await stage.send('access-key.create', id, { serviceAccount: 'shop/ci', digest });
    const expected = { name: 'service-account/shop/ci', credential: `access-key/${id}` };
    expect(stage.node.authenticate(key)).toEqual(expected);
    const found = await exchange({ kind: 'access-key', serviceAccount: 'shop/ci', key });
    if (isLeft(found)) throw new Error(found.left);
    expect(found.right.refreshToken).toBeUndefined();
    expect(stage.node.authenticate(found.right.accessToken)).toEqual(expected);
    expect(await exchange({ kind: 'access-key', serviceAccount: 'shop/cd', key })).toMatchObject({ left: 'wrong' });
    for (const wrong of [`${key.slice(0, -1)}_`, key.slice(0, -1), `uck_${'0'.repeat(32)}_${'A'.repeat(43)}`, digest]) {
      expect(stage.node.authenticate(wrong)).toBeUndefined();
    }
    await stage.send('access-key.delete', id);
    expect(stage.node.authenticate(key)).toBeUndefined();
    expect(stage.node.authenticate(found.right.accessToken)).toBeUndefined();
  });
});

describe('signing keys', () => {
  test('overlap when they are rotated, and are refused at once when they are retired', async () => {
    const before = await logIn();
    const keyId = String(headerOf(before.accessToken)['kid']);
    await stage.send('signing-key.rotate', 'cluster');
    await stage.until(() => stage.node.identity.publicKeys()[0]?.['kid'] !== keyId);
    const after = await logIn();
    expect(headerOf(after.accessToken)['kid']).not.toBe(keyId);
    expect(stage.node.authenticate(before.accessToken)).toBeDefined();
    expect(stage.node.identity.publicKeys().map((key) => key['kid'])).toEqual([
      headerOf(after.accessToken)['kid'],
      keyId,
    ]);
    await stage.send('signing-key.retire', 'cluster', { keyId });
    expect(stage.node.authenticate(before.accessToken)).toBeUndefined();
    expect(stage.node.authenticate(after.accessToken)).toBeDefined();
    tokens = after;
  });
});
