import type { Id } from '#commands/codec/scalar';
import { bindingOf } from '#aggregates/iam/binding';
import { organisation } from '#aggregates/iam/organisation';
import { user, type UserEvent } from '#aggregates/iam/user';
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
const binding = bindingOf(fewWords);
const administrator = (name: string) => held(binding, `owner-${name}`, { subject: `user/${name}`, role: 'owner' });
const bob = (isDisabled: boolean) => held(user, 'bob', { organisation: 'acme', disabled: isDisabled });
const alone = { facts: [administrator('alice')] };
const beside = (isDisabled: boolean) => ({ facts: [administrator('alice'), administrator('bob'), bob(isDisabled)] });

decisions(user, [
  ['creates one in an organisation', [], create(), [created], { facts: [held(organisation, 'acme', {})] }],
  ['creates one only once, disabled or not', [created, disabled], create(), []],
  ['refuses another of the same name', [created], create(email), 'user.exists'],
  ['refuses one without its organisation', [], create(), 'organisation.absent'],
  ['changes an address', [created], update, [updated]],
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
