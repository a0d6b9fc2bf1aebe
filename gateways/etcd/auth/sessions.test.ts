import { sessionsOf, type Sessions } from '#gateways/etcd/auth/sessions';

describe('a session', () => {
  const admin = { name: 'admin', credential: 'admin.token' };
  const calling = { ...admin, address: '192.0.2.1' };
  let valid: string;
  let asked: number;
  let nowMs: number;
  let sessions: Sessions;

  beforeEach(() => {
    [valid, asked, nowMs] = ['secret', 0, 1_000];
    sessions = sessionsOf(
      {
        authenticate: (token) => {
          asked++;
          return token === valid ? admin : undefined;
        },
      },
      () => nowMs,
    );
  });

  const shown = (fields: Readonly<Record<string, string>>) => ({
    metadata: (name: string) => fields[name],
    peer: '192.0.2.1:4000',
  });

  test('is opened by root with a valid password only', () => {
    expect(sessions.open('root', 'wrong')).toBeUndefined();
    expect(sessions.open('root', '')).toBeUndefined();
    expect(sessions.open('somebody', 'secret')).toBeUndefined();
    expect(sessions.open('root', 'secret')).toBeDefined();
  });

  test('names who calls, by its token in either field', () => {
    const token = sessions.open('root', 'secret') ?? '';
    expect(sessions.caller(shown({ token }))).toEqual(calling);
    expect(sessions.caller(shown({ authorization: token }))).toEqual(calling);
    expect(sessions.caller(shown({ authorization: `Bearer ${token}` }))).toEqual(calling);
  });

  test('goes on after a restart', () => {
    const token = sessions.open('root', 'secret') ?? '';
    const restarted = sessionsOf(
      { authenticate: (shownToken) => (shownToken === valid ? admin : undefined) },
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

  test('is looked at again after a second, and ends with its password', () => {
    const call = shown({ token: sessions.open('root', 'secret') ?? '' });
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
