import { left, right } from 'fp-ts/lib/Either';
import type { Grant } from '#gateways/identity';
import { sessionsOf, type Sessions } from '#gateways/etcd/auth/sessions';

describe('a session', () => {
  const admin = { name: 'admin', credential: 'admin.token' };
  const calling = { ...admin, address: '192.0.2.1' };
  let valid: string;
  let asked: number;
  let nowMs: number;
  let ended: boolean;
  let sessions: Sessions;
  const alice = { name: 'user/alice', credential: 'session/1' };
  const shownGrants: Grant[] = [];
  const exchange = (grant: Grant) => {
    shownGrants.push(grant);
    const isRight = grant.kind === 'password' ? grant.password === 'right' : 'key' in grant && grant.key === 'right';
    const tokens = { principal: 'user/alice', accessToken: 'token of alice', expiresSeconds: 600, scope: '' };
    return Promise.resolve(isRight ? right(tokens) : left('wrong' as const));
  };

  beforeEach(() => {
    [valid, asked, nowMs, ended] = ['secret', 0, 1_000, false];
    sessions = sessionsOf(
      {
        admitted: () => undefined,
        authenticate: (token) => {
          asked++;
          return token === valid ? admin : token === 'token of alice' && !ended ? alice : undefined;
        },
        identity: { exchange },
      },
      () => nowMs,
    );
  });

  const shown = (fields: Readonly<Record<string, string>>) => ({
    metadata: (name: string) => fields[name],
    peer: '192.0.2.1:4000',
  });

  test('is opened by root with the break-glass token only', async () => {
    for (const wrong of ['wrong', '', 'token of alice']) {
      expect(await sessions.open('root', wrong, '192.0.2.1')).toBeUndefined();
    }
    expect(await sessions.open('somebody', 'secret', '192.0.2.1')).toBeUndefined();
    expect(await sessions.open('root', 'secret', '192.0.2.1')).toBe('secret');
  });

  test('is opened by a user with its password, and by a service account with an access key', async () => {
    shownGrants.length = 0;
    expect(await sessions.open('alice', 'right', '192.0.2.1')).toBe('token of alice');
    expect(await sessions.open('alice', 'wrong', '192.0.2.1')).toBeUndefined();
    expect(await sessions.open('service-account/shop/ci', 'right', '192.0.2.1')).toBe('token of alice');
    expect(shownGrants).toEqual([
      { kind: 'password', user: 'alice', password: 'right', client: 'etcd' },
      { kind: 'password', user: 'alice', password: 'wrong', client: 'etcd' },
      { kind: 'access-key', serviceAccount: 'shop/ci', key: 'right' },
    ]);
  });

  test('of a user ends with its token, without a second of trust', () => {
    const call = shown({ token: 'token of alice' });
    expect(sessions.caller(call)).toEqual({ ...alice, address: '192.0.2.1' });
    ended = true;
    expect(() => sessions.caller(call)).toThrow('etcdserver: invalid auth token');
  });

  test('names who calls, by its token in either field', async () => {
    const token = (await sessions.open('root', 'secret', '')) ?? '';
    expect(sessions.caller(shown({ token }))).toEqual(calling);
    expect(sessions.caller(shown({ authorization: token }))).toEqual(calling);
    expect(sessions.caller(shown({ authorization: `Bearer ${token}` }))).toEqual(calling);
  });

  test('goes on after a restart', async () => {
    const token = (await sessions.open('root', 'secret', '')) ?? '';
    const restarted = sessionsOf(
      {
        admitted: () => undefined,
        authenticate: (shownToken) => (shownToken === valid ? admin : undefined),
        identity: { exchange },
      },
      () => nowMs,
    );
    expect(restarted.caller(shown({ token }))).toEqual(calling);
  });

  test('is needed', () => {
    const userEmpty = expect.objectContaining({ code: 3, message: 'etcdserver: user name is empty' }) as unknown;
    const invalid = expect.objectContaining({ code: 16, message: 'etcdserver: invalid auth token' }) as unknown;
    const refusedWith = (fields: Readonly<Record<string, string>>): unknown => {
      try {
        return sessions.caller(shown(fields));
      } catch (error) {
        return error;
      }
    };
    expect(refusedWith({})).toEqual(userEmpty);
    expect(refusedWith({ token: '' })).toEqual(userEmpty);
    expect(refusedWith({ token: 'guessed' })).toEqual(invalid);
    expect(refusedWith({ token: 'guessed', authorization: 'Bearer secret' })).toEqual(invalid);
  });

  test('is looked at again after a second, and ends with its password', async () => {
    const call = shown({ token: (await sessions.open('root', 'secret', '')) ?? '' });
    for (let i = 0; i < 100; i++) sessions.caller(call);
    expect(asked).toBe(1);
    nowMs += 1_000;
    sessions.caller(call);
    expect(asked).toBe(2);
    valid = 'another';
    nowMs += 1_000;
    expect(() => sessions.caller(call)).toThrow('etcdserver: invalid auth token');
    valid = 'secret';
    expect(sessions.caller(call)).toEqual(calling);
  });
});
