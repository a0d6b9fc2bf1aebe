import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import type { createBinding } from '#commands/iam/binding';
import { bindingOf, type BindingEvent } from '#aggregates/iam/binding';
import { maxBindingsPerSubject } from '#aggregates/iam/standing';
import { organisation } from '#aggregates/iam/organisation';
import { project } from '#aggregates/iam/project';
import { roleOf } from '#aggregates/iam/role';
import { userOf } from '#aggregates/iam/user';
import { decisions, type Setting } from '#harness/decisions';
import { factsHolding, held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';
import { knownHost } from '#harness/known-host';

type Body = TypeOf<typeof createBinding.body>;

const binding = bindingOf(fewWords);
const id = 'one' as Id<'binding'>;
const asked = (more: object = {}): Body => ({ subject: 'user/alice', role: 'viewer' as Id<'role'>, ...more });
const create = (more: object = {}) => ({ kind: 'binding.create' as const, id, body: asked(more) });
const created = (more: object = {}): BindingEvent => ({ kind: 'binding.created', body: asked(more) });
const remove = { kind: 'binding.delete' as const, id, body: {} };
const end = { kind: 'binding.end' as const, id, body: {} };
const deleted: BindingEvent = { kind: 'binding.deleted', body: {} };
const people = [
  held(organisation, 'acme', {}),
  held(project, 'shop', { organisation: 'acme' }),
  held(project, 'other', { organisation: 'others' }),
  held(roleOf(fewWords), 'acme/deployer', { organisation: 'acme', permissions: ['vm.create'] }),
  held(userOf(fewWords), 'alice', { organisation: 'acme', disabled: false }),
  held(userOf(fewWords), 'bob', { organisation: 'acme', disabled: false }),
];
const admin: Setting = { facts: people, moment: { principal: 'admin' } };
const bob: Setting = { facts: people, moment: { principal: 'user/bob', credential: 'none' } };
const shopOwner: Setting = {
  ...bob,
  facts: [...people, held(binding, 'bobs', { subject: 'user/bob', role: 'owner', project: 'shop' })],
};
const deniedBob: Setting = {
  ...shopOwner,
  facts: [...(shopOwner.facts ?? []), held(binding, 'no', { subject: 'user/bob', role: 'viewer', effect: 'deny' })],
};
const busy = Array.from({ length: maxBindingsPerSubject }, (_, at) =>
  held(binding, `b${at}`, { subject: 'user/alice', role: 'viewer' }),
);
const withHost: Setting = { ...admin, facts: [...(admin.facts ?? []), knownHost('n')] };
const keys = { noun: 'key', prefix: 'app/' };

decisions(binding, [
  ['grants a role in the cluster', [], create(), [created()], admin],
  ['grants once', [created()], create(), [], admin],
  ['refuses another of the same id', [created()], create(keys), 'binding.exists', admin],
  ['grants in a project', [], create({ project: 'shop' }), [created({ project: 'shop' })], admin],
  ['grants in an organisation', [], create({ organisation: 'acme' }), [created({ organisation: 'acme' })], admin],
  ['grants for some keys', [], create(keys), [created(keys)], admin],
  ['refuses a project that is not there', [], create({ project: 'x' }), 'project.absent', admin],
  ['refuses an organisation that is not there', [], create({ organisation: 'x' }), 'organisation.absent', admin],
  ['refuses a role that is not there', [], create({ role: 'x' }), 'binding.roleAbsent', admin],
  ['refuses somebody who is not there', [], create({ subject: 'user/x' }), 'binding.subjectAbsent', admin],
  ['takes a host', [], create({ subject: 'host/n' }), [created({ subject: 'host/n' })], withHost],
  ['refuses a host that is not there', [], create({ subject: 'host/x' }), 'binding.subjectAbsent', admin],
  ['takes everyone', [], create({ subject: 'everyone' }), [created({ subject: 'everyone' })], admin],
  ['refuses two places', [], create({ project: 'shop', organisation: 'acme' }), 'binding.placeUnclear', admin],
  ['refuses a noun without objects', [], create({ noun: 'key' }), 'binding.placeUnclear', admin],
  ['refuses objects without a noun', [], create({ prefix: 'app/' }), 'binding.placeUnclear', admin],
  ['refuses a noun that is not there', [], create({ noun: 'cow', object: 'a' }), 'binding.placeUnclear', admin],
  ['refuses what has ended', [], create({ expiresAt: 1 }), 'binding.ended', admin],
  ['refuses what ends first', [], create({ notBefore: 9e9, expiresAt: 8e9 }), 'binding.ended', admin],
  ['refuses no network', [], create({ networks: ['10/8'] }), 'binding.networkInvalid', admin],
  ['keeps a role inside its organisation', [], create({ role: 'acme/deployer' }), 'binding.foreignRole', admin],
  [
    'keeps a role out of other projects',
    [],
    create({ role: 'acme/deployer', project: 'other' }),
    'binding.foreignRole',
    admin,
  ],
  [
    'binds a role inside its organisation',
    [],
    create({ role: 'acme/deployer', project: 'shop' }),
    [created({ role: 'acme/deployer', project: 'shop' })],
    admin,
  ],
  [
    'refuses more than a subject may have',
    [],
    create(keys),
    'binding.tooMany',
    { ...admin, facts: [...people, ...busy] },
  ],
  ['lets nobody grant what they lack', [], create({ project: 'shop' }), 'iam.escalation', bob],
  ['lets an owner grant in its project', [], create({ project: 'shop' }), [created({ project: 'shop' })], shopOwner],
  ['lets no owner grant beyond its project', [], create(), 'iam.escalation', shopOwner],
  ['lets nobody grant what is denied to them', [], create({ project: 'shop' }), 'iam.escalation', deniedBob],
  [
    'lets an owner deny in its project',
    [],
    create({ project: 'shop', effect: 'deny' }),
    [created({ project: 'shop', effect: 'deny' })],
    shopOwner,
  ],
  ['takes back', [created()], remove, [deleted], admin],
  ['takes back only what is there', [created(), deleted], remove, 'binding.absent', admin],
  ['lets nobody lift what is denied to them', [created({ effect: 'deny' })], remove, 'iam.escalation', bob],
  ['keeps the last administrator', [created({ role: 'owner' })], remove, 'binding.lastAdministrator', admin],
  ['ends what is over', [created({ expiresAt: 2 })], end, [deleted]],
  ['ends only once', [], end, []],
]);

test('a binding is of where it holds', () => {
  const facts = factsHolding(people);
  const owners = (more: object) => binding.owners?.('new', facts, asked(more));
  expect(owners({})).toEqual([]);
  expect(owners({ organisation: 'acme' })).toEqual(['organisation/acme']);
  expect(owners({ project: 'shop' })).toEqual(['organisation/acme', 'project/shop']);
  expect(owners({ noun: 'vm', object: 'shop/web' })).toEqual(['organisation/acme', 'project/shop', 'vm/shop/web']);
  expect(owners({ noun: 'vm', prefix: 'shop/' })).toEqual(['organisation/acme', 'project/shop']);
  expect(binding.owners?.('none', facts)).toEqual([]);
});

test('a binding is due when it expires', () => {
  expect(binding.due?.(asked({ expiresAt: 7 }))).toBe(7);
  expect(binding.due?.(asked())).toBeUndefined();
});
