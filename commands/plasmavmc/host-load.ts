import { list, object } from '#commands/codec/object';
import { boolean, integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { HostId, HostLabels } from '#commands/plasmavmc/name';

const Thing = text('thing', {
  summary: 'What takes room on the host: a virtual machine or a disk.',
  pattern: '(?:vm|disk)/[a-z0-9-]{1,63}/[a-z0-9-]{1,63}',
  maxLength: 132,
  example: 'vm/shop/web1',
});

const QualifiedGroup = text('group', {
  summary: 'A project and a label with its value, as in `shop role=web`.',
  maxLength: 200,
  example: 'shop role=web',
});

const resources = {
  cpuCount: integer('processors', { summary: 'Virtual processors.', unit: 'count' }),
  memoryBytes: integer('memory', { summary: 'Memory of guests.', unit: 'bytes' }),
  diskBytes: integer('disk', { summary: 'Room for disks.', unit: 'bytes' }),
};

const groups = list(QualifiedGroup, { summary: 'The groups that it belongs to.', maxItems: 16 });

export const offerHost = command('host-load', 'offer', {
  summary: 'Offer what a host has for placement, as the host is now.',
  id: HostId,
  internal: true,
  body: {},
});

export const reserveOnHost = command('host-load', 'reserve', {
  summary: 'Hold room on a host for one thing, or change how much is held for it.',
  id: HostId,
  internal: true,
  body: { thing: Thing, ...resources, groups },
});

export const releaseOnHost = command('host-load', 'release', {
  summary: 'Give back what is held on a host for one thing.',
  id: HostId,
  internal: true,
  body: { thing: Thing },
});

const Resources = object(resources);

export const HostOffered = object({
  open: boolean('open', { summary: 'Whether something new may come to it.' }),
  room: Resources,
  labels: HostLabels,
  accelerators: list(text('accelerator', { summary: 'How it runs guests.', maxLength: 63 }), {
    summary: 'How it runs guests.',
    maxItems: 8,
  }),
});

export type HostLoadCommand = CommandOf<typeof offerHost | typeof reserveOnHost | typeof releaseOnHost>;
