import type { Id } from '#commands/codec/scalar';
import { maxLinks } from '#commands/iam/user';
import { bindingOf } from '#aggregates/iam/binding';
import { organisation } from '#aggregates/iam/organisation';
import { userOf, type UserEvent } from '#aggregates/iam/user';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const id = 'alice' as Id<'user'>;
const acme = { organisation: 'acme' as Id<'organisation'> };
const ask = (verb: 'disable' | 'enable' | 'delete') => ({ kind: `user.${verb}` as const, id, body: {} });
const create = (body = {}) => ({ kind: 'user.create' as const, id, body: { ...acme, ...body } });
const created: UserEvent = { kind: 'user.created', body: acme };
const disabled: UserEvent = { kind: 'user.disabled', body: {} };
const enabled: UserEvent = { kind: 'user.enabled', body: {} };
const deleted: UserEvent = { kind: 'user.deleted', body: {} };
const email = { email: 'alice@example.org' };
const update = { kind: 'user.update' as const, id, body: email };
const updated: UserEvent = { kind: 'user.updated', body: email };
const user = userOf(fewWords);
const binding = bindingOf(fewWords);
const administrator = (name: string) => held(binding, `owner-${name}`, { subject: `user/${name}`, role: 'owner' });
const bob = (isDisabled: boolean) => held(user, 'bob', { organisation: 'acme', disabled: isDisabled });
const alone = { facts: [administrator('alice')] };
const beside = (isDisabled: boolean) => ({ facts: [administrator('alice'), administrator('bob'), bob(isDisabled)] });

const issuer = 'https://id.example.org';
const link = (subject = '42') => ({ kind: 'user.link' as const, id, body: { issuer, subject } });
const linked: UserEvent = { kind: 'user.linked', body: { issuer, subject: '42' } };
const unlink = { kind: 'user.unlink' as const, id, body: { issuer } };
const unlinked: UserEvent = { kind: 'user.unlinked', body: { issuer } };
const many = Array.from({ length: maxLinks }, (_, at): UserEvent => {
  return { kind: 'user.linked', body: { issuer: `${issuer}/${at}`, subject: '42' } };
});
const taken = held(user, 'bob', { organisation: 'acme', disabled: false, outside: { [issuer]: '42' } });
const byBob = { moment: { principal: 'user/bob', credential: 'session/bob' } };
const asAdmin = { moment: { principal: 'admin' } };
const byAlice = { moment: { principal: 'user/alice', credential: 'session/alice' }, ...alone };

decisions(user, [
  ['creates one in an organisation', [], create(), [created], { facts: [held(organisation, 'acme', {})] }],
  ['creates one only once, disabled or not', [created, disabled], create(), []],
  ['refuses another of the same name', [created], create(email), 'user.exists'],
  ['refuses one without its organisation', [], create(), 'organisation.absent'],
  ['changes an address', [created], update, [updated]],
  ['lets nobody log in as who holds more', [created], update, 'iam.escalation', { ...alone, ...byBob }],
  ['lets whoever holds all change an address', [created], update, [updated], { ...alone, ...asAdmin }],
  ['lets everybody change its own', [created], update, [updated], byAlice],
  ['links one with an issuer', [created], link(), [linked]],
  ['links only once', [created, linked], link(), []],
  ['refuses another of the same issuer', [created, linked], link('43'), 'user.linkedOtherwise'],
  ['refuses whoever another user is', [created], link(), 'user.subjectTaken', { facts: [taken] }],
  ['links one with so many issuers', [created, ...many], link(), 'user.linksFull'],
  ['forgets a link', [created, linked], unlink, [unlinked]],
  ['forgets what is not there', [created], unlink, []],
  ['links again what was forgotten', [created, linked, unlinked], link('43'), [{ ...linked, body: link('43').body }]],
  ['lets nobody unlink who holds more', [created, linked], unlink, 'iam.escalation', { ...alone, ...byBob }],
  ['changes nothing twice', [created, updated], update, []],
  ['disables one', [created], ask('disable'), [disabled]],
  ['disables only once', [created, disabled], ask('disable'), []],
  ['enables one', [created, disabled], ask('enable'), [enabled]],
  ['enables only once', [created, disabled, enabled], ask('enable'), []],
  ['deletes one', [created], ask('delete'), [deleted]],
  ['refuses what is not there', [created, deleted], ask('delete'), 'user.absent'],
  ['keeps the last administrator', [created], ask('delete'), 'user.lastAdministrator', alone],
  ['keeps the last administrator enabled', [created], ask('disable'), 'user.lastAdministrator', alone],
  ['lets an administrator go beside another', [created], ask('delete'), [deleted], beside(false)],
  ['does not count one who is disabled', [created], ask('delete'), 'user.lastAdministrator', beside(true)],
]);
