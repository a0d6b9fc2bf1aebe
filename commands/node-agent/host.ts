import { list, object, optional } from '#commands/codec/object';
import { boolean, choice, id, integer, text, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Digest } from '#commands/iam/material';
import { Description } from '#commands/iam/name';
import { Labels } from '#commands/iam/project';
import { view } from '#commands/view';

export const HostId = id('host', {
  summary: 'The name of a host, a DNS label of its own in the cluster.',
  example: 'node1',
});

const ttlSeconds = integer('time to live', {
  summary: 'How long a host is waited for that is not heard of, before it is lost; 30 seconds unless given.',
  unit: 'seconds',
  min: 5,
  max: 3_600,
});

const about = { description: optional(Description), labels: optional(Labels), ttlSeconds: optional(ttlSeconds) };

const Capacity = object({
  cpuCount: integer('CPU count', { summary: 'Logical processors.', unit: 'count', min: 1, max: 65_536 }),
  memoryBytes: integer('memory size', { summary: 'Memory of the machine.', unit: 'bytes', min: 1 }),
  diskBytes: integer('disk size', { summary: 'Room where guests keep their disks.', unit: 'bytes' }),
});

const feature = (name: string, summary: string) =>
  text(name, { summary, pattern: '[a-z0-9][a-z0-9.-]*', minLength: 1, maxLength: 63, example: 'qcow2' });

const Capabilities = object({
  accelerators: list(feature('accelerator', 'How guests may run, the fastest first, such as kvm or tcg.'), {
    summary: 'What guests were seen to run with.',
    maxItems: 8,
  }),
  diskFormats: list(feature('disk format', 'A format of disks.'), { summary: 'Of disks.', maxItems: 16 }),
  features: list(feature('feature', 'Something that the host was seen to be able to do.'), {
    summary: 'Such as bridge, vxlan or nftables.',
    maxItems: 64,
  }),
});

const agentVersion = text('agent version', {
  summary: 'Of the program that reports.',
  maxLength: 64,
  example: '0.1.0',
});

const epoch = integer('epoch', {
  summary: 'The position at which the host last came; what it says of an older one is not heard.',
  unit: 'position',
});

export const createHost = command('host', 'create', {
  summary: 'Make a host known by its name, before its machine is asked in with `host invite`.',
  id: HostId,
  body: about,
  examples: [{ title: 'A machine in a rack.', id: 'node1', body: { labels: { zone: 'a', rack: 'a1' } } }],
});

export const updateHost = command('host', 'update', {
  summary: 'Change the labels, the description or the patience of a host; what is left out stays.',
  id: HostId,
  body: about,
  examples: [{ title: 'It was moved.', id: 'node1', body: { labels: { zone: 'b', rack: 'b3' } } }],
});

/** What a caller says of an invitation; the gateway makes the token. */
export const invitationAbout = {
  lifetimeSeconds: optional(
    integer('lifetime', {
      summary: 'How long the invitation can be taken; an hour unless given.',
      unit: 'seconds',
      min: 60,
      max: 604_800,
    }),
  ),
};

export const inviteHost = command('host', 'invite', {
  summary: 'Ask a machine in: the gateway makes a token and shows it once, for which a certificate is given, once.',
  id: HostId,
  stamped: true,
  body: { digest: Digest, ...invitationAbout },
  examples: [
    {
      title: 'For an hour.',
      id: 'node1',
      body: { digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' },
    },
  ],
});

export const enrolHost = command('host', 'enrol', {
  summary: 'Take an invitation: its token was shown, and is worth nothing from now on.',
  id: HostId,
  internal: true,
  body: { digest: Digest },
  examples: [
    {
      title: 'The token of before.',
      id: 'node1',
      body: { digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' },
    },
  ],
});

export const joinHost = command('host', 'join', {
  summary: 'Come, or come back after being lost: the host itself says that nothing of an older epoch runs on it.',
  id: HostId,
  body: {},
});

export const reportHost = command('host', 'report', {
  summary: 'Say what the machine has and can do; the host itself reports it.',
  id: HostId,
  body: { epoch, capacity: Capacity, capabilities: Capabilities, agentVersion },
  examples: [
    {
      title: 'A small machine.',
      id: 'node1',
      body: {
        epoch: 12,
        capacity: { cpuCount: 8, memoryBytes: 34_359_738_368, diskBytes: 500_000_000_000 },
        capabilities: { accelerators: ['kvm', 'tcg'], diskFormats: ['qcow2', 'raw'], features: ['bridge'] },
        agentVersion: '0.1.0',
      },
    },
  ],
});

export const loseHost = command('host', 'lose', {
  summary: 'Count a host as lost that was not heard of for its time to live.',
  id: HostId,
  internal: true,
  body: {
    epoch,
    holderPosition: integer('holder position', {
      summary: 'Where the sender became the holder of the liveness duty; an older holder is refused.',
      unit: 'position',
    }),
  },
});

export const cordonHost = command('host', 'cordon', {
  summary: 'Place nothing more on a host; what runs there stays.',
  id: HostId,
  body: { reason: optional(Description) },
  examples: [{ title: 'Before a repair.', id: 'node1', body: { reason: 'New memory on Friday' } }],
});

export const uncordonHost = command('host', 'uncordon', {
  summary: 'Let things be placed on a host again.',
  id: HostId,
  body: {},
});

export const deleteHost = command('host', 'delete', {
  summary: 'Forget a host that is not up; its certificates are revoked, and what was granted to it ends.',
  id: HostId,
  body: {},
});

export type HostCommand = CommandOf<
  | typeof createHost
  | typeof updateHost
  | typeof inviteHost
  | typeof enrolHost
  | typeof joinHost
  | typeof reportHost
  | typeof loseHost
  | typeof cordonHost
  | typeof uncordonHost
  | typeof deleteHost
>;

export const hosts = view('host', {
  summary: 'Machines that take part, and what they have.',
  id: HostId,
  row: object({
    id: HostId,
    phase: choice('phase', {
      summary: '`joining` before it first came, `up` while it is heard of, `lost` when it was not for too long.',
      values: ['joining', 'up', 'lost'],
    }),
    schedulable: boolean('schedulable', {
      summary: 'Whether something may be placed there: not while it is cordoned.',
    }),
    cordonReason: optional(Description),
    epoch,
    description: optional(Description),
    labels: optional(Labels),
    ttlSeconds,
    invitedUntil: optional(time('invited until', { summary: 'Until when an invitation can be taken.' })),
    capacity: optional(Capacity),
    capabilities: optional(Capabilities),
    agentVersion: optional(agentVersion),
    changedAt: time('changed at', { summary: 'Since when its phase is what it is.' }),
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'HOST', path: 'id' },
    { title: 'PHASE', path: 'phase' },
    { title: 'SCHEDULABLE', path: 'schedulable' },
    { title: 'CPUS', path: 'capacity.cpuCount' },
    { title: 'MEMORY', path: 'capacity.memoryBytes' },
    { title: 'SINCE', path: 'changedAt' },
    { title: 'EPOCH', path: 'epoch', wide: true },
    { title: 'AGENT', path: 'agentVersion', wide: true },
  ],
});
