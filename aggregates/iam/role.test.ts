import type { Id } from '#commands/codec/scalar';
import { bindingOf } from '#aggregates/iam/binding';
import { organisation } from '#aggregates/iam/organisation';
import { roleOf, type RoleEvent } from '#aggregates/iam/role';
import { decisions, type Setting } from '#harness/decisions';
import { held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const role = roleOf(fewWords);
const id = 'acme/deployer' as Id<'role'>;
const owner = { organisation: 'acme' as Id<'organisation'> };
const ask = (verb: 'create' | 'update', permissions: readonly string[], name: string = id) => ({
  kind: `role.${verb}` as const,
  id: name as Id<'role'>,
  body: { permissions },
});
const created = (permissions: readonly string[], of: object = owner): RoleEvent => ({
  kind: 'role.created',
  body: { ...of, permissions },
});
const updated = (permissions: readonly string[]): RoleEvent => ({ kind: 'role.updated', body: { permissions } });
const remove = { kind: 'role.delete' as const, id, body: {} };
const deleted: RoleEvent = { kind: 'role.deleted', body: {} };
const admin: Setting = { facts: [held(organisation, 'acme', {})], moment: { principal: 'admin' } };
const bound = { facts: [held(bindingOf(fewWords), 'b', { subject: 'everyone', role: id })] };

decisions(role, [
  [
    'creates one, in order and once each',
    [],
    ask('create', ['vm.read', 'key.*', 'vm.read']),
    [created(['key.*', 'vm.read'])],
    admin,
  ],
  ['creates one of the cluster', [], ask('create', ['*'], 'everything'), [created(['*'], {})], admin],
  ['creates one only once', [created(['vm.read'])], ask('create', ['vm.read']), [], admin],
  ['refuses another of the same name', [created(['vm.read'])], ask('create', ['key.put']), 'role.exists', admin],
  ['refuses the name of one that is built in', [], ask('create', ['vm.read'], 'owner'), 'role.builtin', admin],
  [
    'refuses one without its organisation',
    [],
    ask('create', ['vm.read']),
    'organisation.absent',
    { moment: { principal: 'admin' } },
  ],
  ['refuses what nothing asks for', [], ask('create', ['vm.raed']), 'role.permissionUnknown', admin],
  ['refuses a noun that is not there', [], ask('create', ['cow.*']), 'role.permissionUnknown', admin],
  ['refuses a verb that is not there', [], ask('create', ['*.milk']), 'role.permissionUnknown', admin],
  ['lets nobody make what they lack', [], ask('create', ['vm.read']), 'iam.escalation', { facts: admin.facts ?? [] }],
  ['changes what it permits', [created(['vm.read'])], ask('update', ['vm.*']), [updated(['vm.*'])], admin],
  ['changes nothing twice', [created(['vm.read'])], ask('update', ['vm.read']), [], admin],
  ['lets nobody add what they lack', [created(['vm.read'])], ask('update', ['*']), 'iam.escalation'],
  ['keeps what it was changed to', [created(['vm.read']), updated(['*'])], ask('update', ['*']), [], admin],
  ['keeps one that is bound', [created(['vm.read'])], remove, 'role.inUse', bound],
  ['deletes one', [created(['vm.read'])], remove, [deleted]],
  ['refuses what is not there', [created(['vm.read']), deleted], remove, 'role.absent'],
]);
