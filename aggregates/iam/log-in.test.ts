import { loggingIn } from '#aggregates/iam/log-in';
import { session } from '#aggregates/iam/session';
import { factsHolding, held } from '#harness/facts';

const moment = { position: 9, now: 0, level: 1, principal: 'system', credential: 'session/kept', address: '' };
const facts = factsHolding(
  ['kept', 'other'].map((id) =>
    held(session, id, {
      ...{ principal: 'user/alice', method: 'password', client: 'ultracloud-cli', family: '', current: '' },
      ...{ generation: 0, openedMs: 0, refreshedMs: 0, expiresMs: 1 },
    }),
  ),
);

const following = (kind: string, id: string, body: object): readonly unknown[] =>
  loggingIn
    .filter(({ on }) => on === kind)
    .flatMap(({ react }) => react({ kind, id, body }, facts, moment))
    .map(({ kind: next, id: of, body: with_ }) => [next, of, with_]);

const principal = 'user/alice';

test.each<readonly [string, string, string, object, readonly unknown[]]>([
  [
    'a session by password takes the password and the code',
    'session.opened',
    's',
    { principal, method: 'password', step: 7 },
    [['authenticator.pass', 'alice', { step: 7 }]],
  ],
  [
    'a session by password alone takes the password',
    'session.opened',
    's',
    { principal, method: 'password' },
    [['authenticator.pass', 'alice', {}]],
  ],
  ['a session of another issuer takes nothing', 'session.opened', 's', { principal, method: 'federated' }, []],
  [
    'a session of a login uses the login',
    'session.opened',
    's',
    { principal, method: 'code', login: 'l' },
    [['login.use', 'l', { session: 's' }]],
  ],
  [
    'a login by password takes the password and the code',
    'login.approved',
    'l',
    { principal, method: 'password', step: 7 },
    [['authenticator.pass', 'alice', { step: 7 }]],
  ],
  ['a login by a session takes nothing', 'login.approved', 'l', { principal, method: 'session' }, []],
  [
    'a new password ends every session but that which set it',
    'authenticator.passwordSet',
    'alice',
    { password: '' },
    [['session.end', 'other', {}]],
  ],
  ['a user that goes takes its password along', 'user.deleted', 'alice', {}, [['authenticator.reset', 'alice', {}]]],
])('%s', (_, kind, id, body, expected) => expect(following(kind, id, body)).toEqual(expected));
