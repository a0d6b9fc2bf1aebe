import type { Id } from '#commands/codec/scalar';
import { maxMembers } from '#commands/iam/group';
import { bindingOf } from '#aggregates/iam/binding';
import { groupOf, type GroupEvent } from '#aggregates/iam/group';
import { organisation } from '#aggregates/iam/organisation';
import { userOf } from '#aggregates/iam/user';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';
import { knownHost } from '#harness/known-host';

const group = groupOf(fewWords);
const id = 'acme/developers' as Id<'group'>;
const create = (body = {}) => ({ kind: 'group.create' as const, id, body });
const created: GroupEvent = { kind: 'group.created', body: { organisation: 'acme' as Id<'organisation'> } };
const change = (verb: 'add' | 'remove', member = 'user/alice') => ({
  kind: `group.${verb}` as const,
  id,
  body: { member },
});
const joined = (member = 'user/alice'): GroupEvent => ({ kind: 'group.joined', body: { member } });
const left: GroupEvent = { kind: 'group.left', body: { member: 'user/alice' } };
const remove = { kind: 'group.delete' as const, id, body: {} };
const deleted: GroupEvent = { kind: 'group.deleted', body: {} };
const alice = held(userOf(fewWords), 'alice', { organisation: 'acme', disabled: false });
const boss = held(bindingOf(fewWords), 'boss', { subject: `group/${id}`, role: 'owner' });
const byAdmin = { facts: [alice, boss], moment: { principal: 'admin' } };
const full = Array.from({ length: maxMembers }, (_, at) => joined(`host/h${at}`));

decisions(group, [
  ['creates one in an organisation', [], create(), [created], { facts: [held(organisation, 'acme', {})] }],
  ['creates one only once', [created], create(), []],
  ['refuses another of the same id', [created], create({ description: 'x' }), 'group.exists'],
  ['refuses one without its organisation', [], create(), 'organisation.absent'],
  ['adds a member', [created], change('add'), [joined()], { facts: [alice] }],
  ['adds a member only once', [created, joined()], change('add'), []],
  ['refuses a member that is not there', [created], change('add', 'user/bob'), 'member.absent'],
  ['adds a host', [created], change('add', 'host/n1'), [joined('host/n1')], { facts: [knownHost('n1')] }],
  ['refuses more than a group may have', [created, ...full], change('add'), 'group.full', { facts: [alice] }],
  ['lets nobody hand on what they lack', [created], change('add'), 'iam.escalation', { facts: [alice, boss] }],
  ['lets the break-glass token hand on everything', [created], change('add'), [joined()], byAdmin],
  ['removes a member', [created, joined()], change('remove'), [left]],
  ['removes a member only once', [created, joined(), left], change('remove'), []],
  ['deletes one', [created], remove, [deleted]],
  ['refuses what is not there', [created, deleted], remove, 'group.absent'],
]);
