import type { Codec, Optional } from '#commands/codec/codec';
import { object, optional } from '#commands/codec/object';
import { integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { amounts, limited, type Limited } from '#commands/quota';
import { ProjectId } from '#commands/tenant';
import { view } from '#commands/view';

type Limits = Readonly<Record<Limited, Optional<number>>>;

// Each of what is limited has one entry.
const limits = Object.fromEntries(limited.map((what) => [what, optional(amounts[what])])) as Limits;

export const beginQuota = command('quota', 'begin', {
  summary: 'Begin to count what a new project has.',
  id: ProjectId,
  internal: true,
  body: {},
});

export const setQuota = command('quota', 'set', {
  summary: 'Limit what a project may have; what is left out stays. Below what is in use nothing more can be made.',
  id: ProjectId,
  ofCluster: true,
  body: limits,
  examples: [{ title: 'Ten small machines.', id: 'shop', body: { vms: 10, vcpus: 20, memoryBytes: 42_949_672_960 } }],
});

export const clearQuota = command('quota', 'clear', {
  summary: 'Give a project the limits that every project has.',
  id: ProjectId,
  ofCluster: true,
  body: {},
  examples: [{ title: 'No limits of its own.', id: 'shop', body: {} }],
});

export const endQuota = command('quota', 'end', {
  summary: 'End the quota of a project that is deleted.',
  id: ProjectId,
  internal: true,
  body: {},
});

export const QuotaSet = object({ limits: object(limits, { summary: 'Limits of its own, all of them.' }) });

export type QuotaCommand = CommandOf<typeof beginQuota | typeof setQuota | typeof clearQuota | typeof endQuota>;

const each = (summary: string): Codec<Readonly<Record<Limited, number>>> => object({ ...amounts }, { summary });

export const quotas = view('quota', {
  summary: 'What projects may have, what they have, and what is left.',
  id: ProjectId,
  row: object({
    id: ProjectId,
    limits: each('What it may have.'),
    used: each('What it has.'),
    left: each('What it may have more of.'),
    own: object(limits, { summary: 'The limits that were set for it; the others are those of every project.' }),
    modPosition: integer('position', { summary: 'Where its limits were last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'PROJECT', path: 'id' },
    { title: 'VMS', path: 'used.vms' },
    { title: 'VMS LEFT', path: 'left.vms' },
    { title: 'VCPUS LEFT', path: 'left.vcpus' },
    { title: 'MEMORY LEFT', path: 'left.memoryBytes' },
    { title: 'DISK LEFT', path: 'left.diskBytes' },
    { title: 'PORTS LEFT', path: 'left.ports' },
    { title: 'FLOATING IPS LEFT', path: 'left.floatingIps', wide: true },
    { title: 'IMAGES LEFT', path: 'left.images', wide: true },
    { title: 'SNAPSHOTS LEFT', path: 'left.snapshots', wide: true },
  ],
});
