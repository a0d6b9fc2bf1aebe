import type { Id } from '#commands/codec/scalar';
import { organisation, type OrganisationEvent } from '#aggregates/iam/organisation';
import { project } from '#aggregates/iam/project';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const id = 'acme' as Id<'organisation'>;
const create = (displayName?: string) => ({
  kind: 'organisation.create' as const,
  id,
  body: displayName === undefined ? {} : { displayName },
});
const created = (displayName?: string): OrganisationEvent => ({
  kind: 'organisation.created',
  body: displayName === undefined ? {} : { displayName },
});
const update = (displayName: string) => ({ kind: 'organisation.update' as const, id, body: { displayName } });
const remove = { kind: 'organisation.delete' as const, id, body: {} };
const updated: OrganisationEvent = { kind: 'organisation.updated', body: { displayName: 'Acme' } };
const deleted: OrganisationEvent = { kind: 'organisation.deleted', body: {} };
const withProject = { facts: [held(project, 'shop', { organisation: 'acme' })] };

decisions(organisation, [
  ['creates one', [], create('Acme'), [created('Acme')]],
  ['creates one only once', [created()], create(), []],
  ['refuses another of the same id', [created()], create('Acme'), 'organisation.exists'],
  ['gives it another name', [created()], update('Acme'), [updated]],
  ['gives it a name only once', [created(), updated], update('Acme'), []],
  ['refuses to name what is not there', [], update('Acme'), 'organisation.absent'],
  ['deletes one in which nothing is left', [created()], remove, [deleted]],
  ['keeps one that has a project', [created()], remove, 'organisation.inUse', withProject],
  ['refuses to delete what is not there', [created(), deleted], remove, 'organisation.absent'],
]);
