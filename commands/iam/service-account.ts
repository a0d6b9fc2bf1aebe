import { object, optional } from '#commands/codec/object';
import { boolean, integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Description, ServiceAccountId } from '#commands/iam/name';
import { ProjectId } from '#commands/tenant';
import { view } from '#commands/view';

export const createServiceAccount = command('service-account', 'create', {
  summary: 'Create a service account in a project: who a program is when it asks.',
  id: ServiceAccountId,
  body: { description: optional(Description) },
  examples: [{ title: 'For the build.', id: 'shop/ci', body: { description: 'Deploys the shop' } }],
});

export const disableServiceAccount = command('service-account', 'disable', {
  summary: 'Refuse everything that a service account asks for, from this position on.',
  id: ServiceAccountId,
  body: {},
});

export const enableServiceAccount = command('service-account', 'enable', {
  summary: 'Let a disabled service account do what was granted.',
  id: ServiceAccountId,
  body: {},
});

export const deleteServiceAccount = command('service-account', 'delete', {
  summary: 'Delete a service account, with what was granted to it.',
  id: ServiceAccountId,
  body: {},
});

export const ServiceAccountCreated = object({
  project: ProjectId,
  description: optional(Description),
});

export type ServiceAccountCommand = CommandOf<
  typeof createServiceAccount | typeof disableServiceAccount | typeof enableServiceAccount | typeof deleteServiceAccount
>;

export const serviceAccounts = view('service-account', {
  summary: 'Service accounts, each of one project.',
  id: ServiceAccountId,
  row: object({
    id: ServiceAccountId,
    description: optional(Description),
    disabled: boolean('disabled', { summary: 'Whether everything is refused that it asks for.' }),
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'SERVICE ACCOUNT', path: 'id' },
    { title: 'DISABLED', path: 'disabled' },
    { title: 'DESCRIPTION', path: 'description' },
  ],
});
