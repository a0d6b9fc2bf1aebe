import type { Id } from '#commands/codec/scalar';
import { project } from '#aggregates/iam/project';
import { serviceAccount, type ServiceAccountEvent } from '#aggregates/iam/service-account';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const id = 'shop/ci' as Id<'service-account'>;
const ask = (verb: 'disable' | 'enable' | 'delete') => ({ kind: `service-account.${verb}` as const, id, body: {} });
const create = (body = {}) => ({ kind: 'service-account.create' as const, id, body });
const created: ServiceAccountEvent = {
  kind: 'service-account.created',
  body: { project: 'shop' as Id<'project'> },
};
const disabled: ServiceAccountEvent = { kind: 'service-account.disabled', body: {} };
const enabled: ServiceAccountEvent = { kind: 'service-account.enabled', body: {} };
const deleted: ServiceAccountEvent = { kind: 'service-account.deleted', body: {} };
const inShop = { facts: [held(project, 'shop', { organisation: 'acme' })] };

decisions(serviceAccount, [
  ['creates one in a project', [], create(), [created], inShop],
  ['creates one only once', [created], create(), []],
  ['refuses another of the same id', [created], create({ description: 'x' }), 'service-account.exists'],
  ['refuses one without its project', [], create(), 'project.absent'],
  ['disables one', [created], ask('disable'), [disabled]],
  ['disables only once', [created, disabled], ask('disable'), []],
  ['enables one', [created, disabled], ask('enable'), [enabled]],
  ['enables only once', [created], ask('enable'), []],
  ['deletes one', [created], ask('delete'), [deleted]],
  ['refuses what is not there', [created, deleted], ask('delete'), 'service-account.absent'],
]);
