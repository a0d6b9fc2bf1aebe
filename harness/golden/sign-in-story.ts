import type { Entry } from '#log/entry';

type Written = Pick<Entry, 'kind' | 'id' | 'body'> & Partial<Entry>;

const id = (digit: string): string => digit.repeat(32);
const digest = (digit: string): string => digit.repeat(64);
const sealed = (digit: string): string => `sealed:v1:${digit.repeat(16)}:${'a'.repeat(16)}:${'b'.repeat(30)}`;
const beganMs = 1_700_000_000_000;
const dayMs = 86_400_000;

const alice = { principal: 'user/alice', credential: `session/${id('2')}` };
const authenticator = (verb: string, body: object = {}, by: Partial<Entry> = {}): Written => ({
  kind: `authenticator.${verb}`,
  id: 'alice',
  body,
  ...by,
});
const open = (digit: string, more: object = {}): Written => ({
  kind: 'session.open',
  id: id(digit),
  body: {
    ...{ principal: 'user/alice', method: 'password', client: 'ultracloud-cli' },
    ...{ family: digest('f'), current: digest('1'), ...more },
  },
});
const refresh = (digit: string, shown: string, next: string): Written => ({
  kind: 'session.refresh',
  id: id(digit),
  body: { family: digest('f'), shown: digest(shown), next: digest(next) },
});
const session = (verb: string, digit: string, by: Partial<Entry> = {}): Written => ({
  kind: `session.${verb}`,
  id: id(digit),
  body: {},
  ...by,
});
const login = (verb: string, digit: string, body: object = {}): Written => ({
  kind: `login.${verb}`,
  id: id(digit),
  body,
});
const waiting = (digit: string, flow: 'device' | 'code') =>
  login('start', digit, {
    ...{ flow, client: 'ultracloud-cli', scope: 'openid', digest: digest(digit) },
    ...(flow === 'device' ? { userCode: digest(digit) } : { redirectUri: 'http://127.0.0.1:1/callback' }),
  });
const byPassword = (step: number) => ({ principal: 'user/alice', method: 'password', step });
const key = (digit: string) => ({ keyId: id(digit), publicKey: 'x'.repeat(43), sealedKey: sealed(digit) });
const signing = (verb: string, body: object = {}): Written => ({ kind: `signing-key.${verb}`, id: 'cluster', body });

/** A user and a program log in, in every way, and out again; and what is tried by those who may not. */
export const signInStory: readonly Written[] = [
  signing('rotate'),
  signing('add', key('a')),
  signing('rotate'),
  signing('add', key('b')),
  signing('retire', { keyId: id('b') }),
  signing('rotate'),
  signing('add', key('c')),
  signing('retire', { keyId: id('b') }),
  { kind: 'organisation.create', id: 'acme', body: {} },
  { kind: 'project.create', id: 'shop', body: { organisation: 'acme' } },
  { kind: 'user.create', id: 'alice', body: { organisation: 'acme' } },
  { kind: 'service-account.create', id: 'shop/ci', body: {} },
  authenticator('fail'),
  open('1'),
  authenticator('setPassword', { password: sealed('1') }),
  open('1'),
  open('1'),
  open('2'),
  refresh('1', '1', '2'),
  refresh('1', '2', '3'),
  refresh('1', '2', '4'),
  refresh('1', '3', '4'),
  authenticator('enrolTotp', { secret: sealed('2') }, alice),
  authenticator('confirmTotp', { step: 100 }, alice),
  open('3'),
  open('3', { step: 100 }),
  open('3', { step: 101 }),
  ...Array.from({ length: 6 }, () => authenticator('fail')),
  open('4', { step: 102 }),
  authenticator('pass', { step: 103 }),
  authenticator('pass', { step: 103 }, { stampedAtMs: beganMs + 60_000 }),
  authenticator('changePassword', { password: sealed('3') }, { ...alice, stampedAtMs: beganMs + 61_000 }),
  session('revoke', '3', { stampedAtMs: beganMs + 62_000 }),
  waiting('5', 'device'),
  waiting('6', 'device'),
  waiting('7', 'code'),
  login('deny', '5'),
  login('approve', '6', byPassword(104)),
  login('approve', '6', byPassword(105)),
  login('approve', '7', byPassword(104)),
  login('approve', '7', byPassword(105)),
  open('8', { method: 'device' }),
  open('8', { method: 'device', login: id('5') }),
  open('8', { method: 'device', login: id('6') }),
  open('9', { method: 'device', login: id('6') }),
  waiting('8', 'device'),
  login('approve', '8', { principal: 'user/alice', method: 'session' }),
  login('use', '8', { session: id('9') }),
  authenticator('removeTotp', { step: 106 }, alice),
  {
    kind: 'access-key.create',
    id: id('a'),
    body: { serviceAccount: 'shop/ci', digest: digest('a'), expiresAt: beganMs + dayMs },
  },
  { kind: 'access-key.create', id: id('b'), body: { serviceAccount: 'shop/ci', digest: digest('b') } },
  { kind: 'access-key.delete', id: id('b'), body: {} },
  session('revoke', '2', alice),
  authenticator('changePassword', { password: sealed('4') }, alice),
  authenticator('reset'),
  { kind: 'clock.advance', id: '', body: {}, stampedAtMs: beganMs + 2 * dayMs },
  { kind: 'user.delete', id: 'alice', body: {}, stampedAtMs: beganMs + 3 * dayMs },
  { kind: 'clock.advance', id: '', body: {}, stampedAtMs: beganMs + 40 * dayMs },
];

const provider = { issuer: 'https://id.example.org', clientId: 'ultracloud', userBy: 'email', organisation: 'acme' };
const company = (verb: string, body: object = {}): Written => ({
  kind: `identity-provider.${verb}`,
  id: 'company',
  body,
});

const link = (id: string, subject: string): Written => ({
  kind: 'user.link',
  id,
  body: { issuer: provider.issuer, subject },
});

/** Another issuer whose users may log in: made known, changed, and forgotten. */
export const federationStory: readonly Written[] = [
  company('create', provider),
  { kind: 'organisation.create', id: 'acme', body: {} },
  company('create', provider),
  company('create', provider),
  company('create', { ...provider, userBy: 'name' }),
  company('setSecret', { secret: sealed('1') }),
  company('update', { ...provider, createUsers: true }),
  company('update', { ...provider, groupsClaim: 'groups' }),
  company('update', { ...provider, issuer: 'https://other.example.org' }),
  company('setSecret', { secret: sealed('1') }),
  { kind: 'user.create', id: 'alice', body: { organisation: 'acme' } },
  link('alice', '42'),
  link('alice', '42'),
  link('alice', '43'),
  { kind: 'user.unlink', id: 'alice', body: { issuer: provider.issuer } },
  link('alice', '43'),
  company('delete'),
  company('delete'),
];
