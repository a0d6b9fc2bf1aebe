import { list, object, optional } from '#commands/codec/object';
import { choice, integer, text, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { BindingId, OrganisationId, RoleId, Subject } from '#commands/iam/name';
import { Labels } from '#commands/iam/project';
import { ProjectId } from '#commands/tenant';
import { view } from '#commands/view';

const Minute = (name: string, summary: string) =>
  text(name, { summary, pattern: '(?:[01]\\d|2[0-3]):[0-5]\\d', maxLength: 5, example: '08:00' });

const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** Where it holds. Given none of them, it holds everywhere in the cluster. */
const where = {
  organisation: optional(OrganisationId),
  project: optional(ProjectId),
  noun: optional(
    text('noun', {
      summary: 'The noun of single objects, with `object` or `prefix`.',
      pattern: '[a-z][a-z-]{0,62}',
      maxLength: 63,
      example: 'key',
    }),
  ),
  object: optional(
    text('object', { summary: 'The id of one object of the noun.', minLength: 1, maxLength: 1_024, example: 'app/a' }),
  ),
  prefix: optional(
    text('prefix', {
      summary: 'All objects of the noun whose ids begin so.',
      minLength: 1,
      maxLength: 1_024,
      example: 'app/',
    }),
  ),
};

/** When it holds. Given none of them, it holds always. */
const when = {
  notBefore: optional(time('not before', { summary: 'It holds from then on.' })),
  expiresAt: optional(time('expiry', { summary: 'It is removed then.' })),
  dailyFrom: optional(Minute('daily from', 'It holds each day from this time on (UTC).')),
  dailyTo: optional(
    Minute('daily to', 'It holds each day up to this time (UTC); earlier than the begin: over midnight.'),
  ),
  days: optional(
    list(choice('day', { summary: 'A day of the week (UTC).', values: days }), {
      summary: 'It holds on these days only.',
      minItems: 1,
      maxItems: 7,
    }),
  ),
  networks: optional(
    list(
      text('network', {
        summary: 'Addresses in CIDR form.',
        pattern: '[0-9a-f.:]{2,39}/\\d{1,3}',
        maxLength: 43,
        example: '10.0.0.0/8',
      }),
      { summary: 'It holds for requests from these addresses only.', minItems: 1, maxItems: 32 },
    ),
  ),
  labels: optional(Labels),
};

const fields = {
  subject: Subject,
  role: RoleId,
  effect: optional(
    choice('effect', {
      summary: '`deny` refuses what the role permits, whatever else allows it.',
      values: ['allow', 'deny'],
    }),
  ),
  ...where,
  ...when,
};

export const createBinding = command('binding', 'create', {
  summary: 'Grant a role, or deny it. Nobody can grant what they are not allowed themselves.',
  id: BindingId,
  body: fields,
  examples: [
    { title: 'Edit one project.', id: 'shop-alice', body: { subject: 'user/alice', role: 'editor', project: 'shop' } },
    {
      title: 'Keys of one application.',
      id: 'app-keys',
      body: { subject: 'service-account/shop/ci', role: 'key-editor', noun: 'key', prefix: 'app/' },
    },
    {
      title: 'Look at everything, in working hours, from the office.',
      id: 'office',
      body: {
        subject: 'group/acme/developers',
        role: 'viewer',
        organisation: 'acme',
        dailyFrom: '08:00',
        dailyTo: '18:00',
        networks: ['192.0.2.0/24'],
      },
    },
  ],
});

export const deleteBinding = command('binding', 'delete', {
  summary: 'Take back what a binding grants, or end what it denies, from this position on.',
  id: BindingId,
  body: {},
});

export const endBinding = command('binding', 'end', {
  summary: 'Remove a binding whose time is over, or whose subject or place is gone.',
  id: BindingId,
  internal: true,
  body: {},
});

export type BindingCommand = CommandOf<typeof createBinding | typeof deleteBinding | typeof endBinding>;

export const bindings = view('binding', {
  summary: 'Who has which role, and where.',
  id: BindingId,
  row: object({
    id: BindingId,
    ...fields,
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
  }),
  filters: {
    subject: optional(Subject),
    role: optional(RoleId),
    project: optional(ProjectId),
    organisation: optional(OrganisationId),
  },
  columns: [
    { title: 'BINDING', path: 'id' },
    { title: 'SUBJECT', path: 'subject' },
    { title: 'ROLE', path: 'role' },
    { title: 'EFFECT', path: 'effect' },
    { title: 'ORGANISATION', path: 'organisation' },
    { title: 'PROJECT', path: 'project' },
    { title: 'NOUN', path: 'noun' },
    { title: 'PREFIX', path: 'prefix' },
    { title: 'OBJECT', path: 'object', wide: true },
    { title: 'EXPIRES', path: 'expiresAt', wide: true },
  ],
});
