import type { Id } from '#commands/codec/scalar';
import { login, type LoginEvent } from '#aggregates/iam/login';
import { decisions, type Setting } from '#harness/decisions';
import { held } from '#harness/facts';

const id = '0'.repeat(32) as Id<'login'>;
const session = '1'.repeat(32) as Id<'session'>;
const body = {
  ...{ flow: 'device' as const, client: 'ultracloud-cli', scope: 'openid' },
  ...{ digest: 'a'.repeat(64), userCode: 'b'.repeat(64) },
};
const start = { kind: 'login.start' as const, id, body };
const started: LoginEvent = { kind: 'login.started', body };
const approval = { principal: 'user/alice', method: 'password' as const };
const approve = { kind: 'login.approve' as const, id, body: approval };
const approved: LoginEvent = { kind: 'login.approved', body: approval };
const deny = { kind: 'login.deny' as const, id, body: {} };
const denied: LoginEvent = { kind: 'login.denied', body: {} };
const use = { kind: 'login.use' as const, id, body: { session } };
const used: LoginEvent = { kind: 'login.used', body: { session } };
const end = { kind: 'login.end' as const, id, body: {} };
const ended: LoginEvent = { kind: 'login.ended', body: {} };
const soon: Setting = { moment: { now: 599_999 } };
const late: Setting = { moment: { now: 600_000 } };
const other = held(login, 'other', { ...body, status: 'pending', expiresMs: 1 });
const many = Array.from({ length: 2_000 }, (_, at) =>
  held(login, `${at}`, { ...body, userCode: `${at}`, status: 'pending', expiresMs: 1 }),
);

decisions(login, [
  ['begins one', [], start, [started]],
  ['refuses an id that was used', [started], start, 'login.exists'],
  ['refuses what is typed already for another', [], start, 'login.exists', { facts: [other] }],
  ['refuses more than may wait', [], start, 'login.tooMany', { facts: many }],
  ['approves one', [started], approve, [approved], soon],
  ['approves only once', [started, approved], approve, 'login.settled', soon],
  ['approves none whose time is over', [started], approve, 'login.absent', late],
  ['denies one', [started], deny, [denied], soon],
  ['denies none that was approved', [started, approved], deny, 'login.settled', soon],
  ['uses one', [started, approved], use, [used], soon],
  ['uses only once', [started, approved, used], use, 'login.settled', soon],
  ['uses none that waits', [started], use, 'login.settled', soon],
  ['uses none that was denied', [started, denied], use, 'login.settled', soon],
  ['uses none whose time is over', [started, approved], use, 'login.absent', late],
  ['forgets one', [started], end, [ended]],
  ['forgets nothing twice', [started, ended], end, []],
]);
