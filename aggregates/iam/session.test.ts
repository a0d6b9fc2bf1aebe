import type { Id } from '#commands/codec/scalar';
import { login, type Login } from '#aggregates/iam/login';
import { session, sessionKeeping, sessionKind, type Session, type SessionEvent } from '#aggregates/iam/session';
import { userOf } from '#aggregates/iam/user';
import { decisions, type Setting } from '#harness/decisions';
import { factsHolding, held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const id = '0'.repeat(32) as Id<'session'>;
const loginId = '1'.repeat(32) as Id<'login'>;
const [family, first, second, third] = ['f', 'a', 'b', 'c'].map((digit) => digit.repeat(64)) as [
  string,
  string,
  string,
  string,
];
const body = {
  principal: 'user/alice',
  method: 'federated' as const,
  client: 'ultracloud-cli',
  family,
  current: first,
};
const open = (more: object = {}) => ({ kind: 'session.open' as const, id, body: { ...body, ...more } });
const opened: SessionEvent = { kind: 'session.opened', body };
const refresh = (shown: string, of = family) => ({
  kind: 'session.refresh' as const,
  id,
  body: { family: of, shown, next: third },
});
const refreshed = (current: string): SessionEvent => ({ kind: 'session.refreshed', body: { current } });
const reused: SessionEvent = { kind: 'session.reused', body: {} };
const revoke = { kind: 'session.revoke' as const, id, body: {} };
const revoked: SessionEvent = { kind: 'session.revoked', body: {} };
const end = { kind: 'session.end' as const, id, body: {} };
const ended: SessionEvent = { kind: 'session.ended', body: {} };

const alice = (disabled = false) => held(userOf(fewWords), 'alice', { organisation: 'acme', disabled });
const there: Setting = { facts: [alice()] };
const day = 86_400_000;
const after = (ms: number): Setting => ({ facts: [alice()], moment: { now: ms } });
const approved: Login = {
  ...{ flow: 'code', client: 'ultracloud-cli', scope: 'openid', digest: first },
  ...{ status: 'approved', expiresMs: 3_600_001, principal: 'user/alice' },
};
const by = (state: Partial<Login>): Setting => ({ facts: [alice(), held(login, loginId, { ...approved, ...state })] });
const withCode = { method: 'code', login: loginId };

decisions(session, [
  ['opens one', [], open(), [opened], there],
  ['refuses an id that was used', [opened], open(), 'session.exists', there],
  ['refuses nobody', [], open(), 'session.principalGone'],
  ['refuses whoever is disabled', [], open(), 'session.principalGone', { facts: [alice(true)] }],
  [
    'opens one for an approved login',
    [],
    open(withCode),
    [{ kind: 'session.opened', body: { ...body, method: 'code', login: loginId } }],
    by({}),
  ],
  ['refuses a login that is not there', [], open(withCode), 'session.unapproved', there],
  ['refuses a login without its id', [], open({ method: 'device' }), 'session.unapproved', there],
  ['refuses a login beside a password', [], open({ login: loginId }), 'session.unapproved', by({})],
  [
    'refuses what somebody else of that name approved, who is gone',
    [],
    open(withCode),
    'session.unapproved',
    {
      facts: [
        held(userOf(fewWords), 'alice', { organisation: 'acme', disabled: false }, { createPosition: 9 }),
        held(login, loginId, approved, { modPosition: 8 }),
      ],
    },
  ],
  ['refuses a login that waits', [], open(withCode), 'session.unapproved', by({ status: 'pending' })],
  ['refuses a login of another', [], open(withCode), 'session.unapproved', by({ principal: 'user/bob' })],
  ['refuses a login of another client', [], open(withCode), 'session.unapproved', by({ client: 'other' })],
  ['refuses a login of another flow', [], open(withCode), 'session.unapproved', by({ flow: 'device' })],
  ['refuses a login whose time is over', [], open(withCode), 'session.unapproved', by({ expiresMs: 3_600_000 })],
  ['refuses the code of a login twice', [], open(withCode), 'session.codeUsed', by({ status: 'used' })],
  ['takes the newest token for a new one', [opened], refresh(first), [refreshed(third)], there],
  ['takes the next one', [opened, refreshed(second)], refresh(second), [refreshed(third)], there],
  ['ends with a token that was taken before', [opened, refreshed(second)], refresh(first), [reused], there],
  ['refuses the newest token then', [opened, refreshed(second), reused], refresh(second), 'session.over', there],
  ['refuses a token of no family, and goes on', [opened], refresh(first, second), 'session.wrongToken', there],
  ['refuses a token of no session', [], refresh(first), 'session.absent', there],
  ['refuses a token after it was revoked', [opened, revoked], refresh(first), 'session.over', there],
  ['refreshes up to a week later', [opened], refresh(first), [refreshed(third)], after(7 * day - 1)],
  ['is over after a week', [opened], refresh(first), 'session.over', after(7 * day)],
  [
    'refuses a token of whoever is disabled',
    [opened],
    refresh(first),
    'session.principalGone',
    { facts: [alice(true)] },
  ],
  ['revokes one', [opened], revoke, [revoked]],
  ['revokes only once', [opened, revoked], revoke, []],
  ['revokes nothing that is not there', [], revoke, 'session.absent'],
  ['removes one', [opened], end, [ended]],
  ['removes nothing twice', [opened, ended], end, []],
]);

describe('one session more than a client may have', () => {
  const state = (refreshedMs: number, client = 'etcd'): Session => ({
    ...{ principal: 'user/alice', method: 'password', client, family, current: first, generation: 0 },
    ...{ openedMs: 0, refreshedMs, expiresMs: 30 * day },
  });
  const sessionsOf = (count: number, client?: string) =>
    Array.from({ length: count }, (_, at) => held(session, `${client ?? 'etcd'}-${at}`, state(100 - at, client)));
  const after = (client: string, before: ReturnType<typeof sessionsOf>) => {
    const facts = factsHolding([...before, held(session, 'new', state(0, client))]);
    expect(facts.get(sessionKind, 'new')).toBeDefined();
    const happened = { kind: 'session.opened', id: 'new', body: { ...body, client } };
    const moment = { position: 2, now: 0, level: 1, principal: 'system', credential: 'process', address: '' };
    return sessionKeeping.flatMap(({ react }) => react(happened, facts, moment).map(({ kind, id: of }) => [kind, of]));
  };

  test('ends the one that was refreshed longest ago', () => {
    expect(after('etcd', sessionsOf(19))).toEqual([]);
    expect(after('etcd', sessionsOf(20))).toEqual([['session.end', 'etcd-19']]);
  });

  test('leaves those of other clients alone', () => {
    expect(after('ultracloud-cli', sessionsOf(20))).toEqual([]);
  });

  test('ends any when there are a hundred', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].flatMap((client) => sessionsOf(20, client));
    expect(after('ultracloud-cli', many)).toEqual([['session.end', 'a-19']]);
  });
});
