import type { Id } from '#commands/codec/scalar';
import { organisation } from '#aggregates/iam/organisation';
import { project, type ProjectEvent } from '#aggregates/iam/project';
import { serviceAccount } from '#aggregates/iam/service-account';
import { decisions } from '#harness/decisions';
import { factsHolding, held } from '#harness/facts';

const id = 'shop' as Id<'project'>;
const acme = { organisation: 'acme' as Id<'organisation'> };
const create = (body = {}) => ({ kind: 'project.create' as const, id, body: { ...acme, ...body } });
const created = (body = {}): ProjectEvent => ({ kind: 'project.created', body: { ...acme, ...body } });
const update = (body: object) => ({ kind: 'project.update' as const, id, body });
const remove = { kind: 'project.delete' as const, id, body: {} };
const deleted: ProjectEvent = { kind: 'project.deleted', body: {} };
const labels = { environment: 'test' };
const inAcme = { facts: [held(organisation, 'acme', {})] };
const used = { facts: [held(serviceAccount, 'shop/ci', { project: 'shop', disabled: false })] };

decisions(project, [
  ['creates one in an organisation', [], create(), [created()], inAcme],
  ['creates one only once', [created({ labels })], create({ labels }), []],
  ['refuses another of the same id', [created()], create({ labels }), 'project.exists'],
  ['refuses one without its organisation', [], create(), 'organisation.absent'],
  ['changes its labels', [created()], update({ labels }), [{ kind: 'project.updated', body: { labels } }]],
  ['changes nothing twice', [created(), { kind: 'project.updated', body: { labels } }], update({ labels }), []],
  ['refuses to change what is not there', [], update({ labels }), 'project.absent'],
  ['deletes one in which nothing is left', [created()], remove, [deleted]],
  ['keeps one that has a service account', [created()], remove, 'project.inUse', used],
  ['refuses to delete what is not there', [created(), deleted], remove, 'project.absent'],
]);

test('a project belongs to its organisation, before it is there too', () => {
  const facts = factsHolding([held(project, 'shop', { organisation: 'acme' })]);
  expect(project.owners?.('shop', facts, { organisation: 'other' })).toEqual(['organisation/acme']);
  expect(project.owners?.('new', facts, { organisation: 'other' })).toEqual(['organisation/other']);
  expect(project.owners?.('none', facts)).toEqual([]);
});
