import { map } from '#commands/codec/object';
import { id, integer, text, time } from '#commands/codec/scalar';
import { label } from '#commands/tenant';

const ofProject = <const N extends string>(noun: N, name: string) =>
  id(noun, {
    summary: `The project and the name of a ${noun}, as in \`shop/${name}\`.`,
    pattern: `${label}/${label}`,
    maxLength: 127,
    example: `shop/${name}`,
  });

export const FlavourId = id('flavour', { summary: 'The name of a flavour.', example: 'small' });

export const ImageId = ofProject('image', 'debian');

export const DiskId = ofProject('disk', 'web1-root');

export const VmId = ofProject('vm', 'web1');

export const PortId = ofProject('port', 'web1-front');

export const HostId = id('host', {
  summary: 'The name of a host.',
  pattern: `${label}(?:\\.${label})*`,
  maxLength: 253,
  example: 'node1',
});

export const HostEpoch = integer('epoch', {
  summary: 'Which time the host has joined, so that one that was replaced is not heard.',
  unit: 'count',
  min: 1,
});

export const Generation = integer('generation', {
  summary: 'Which of the wishes, in their order, this is about.',
  unit: 'count',
});

export const CpuCount = integer('processors', { summary: 'Virtual processors.', unit: 'count', min: 1, max: 512 });

const MiB = 2 ** 20;

export const MemoryBytes = integer('memory', {
  summary: 'Memory of the guest.',
  unit: 'bytes',
  min: 64 * MiB,
  max: 4 * 2 ** 40,
});

export const DiskBytes = integer('disk size', {
  summary: 'What the guest sees of a disk.',
  unit: 'bytes',
  min: MiB,
  max: 64 * 2 ** 40,
});

export const DisplayName = text('display name', { summary: 'What people call it.', maxLength: 200, example: 'Web' });

export const Description = text('description', { summary: 'What it is for.', maxLength: 1_000 });

export const Reason = text('reason', { summary: 'Why, in a sentence for people.', maxLength: 1_000 });

const labelName = text('label name', {
  summary: 'The name of a label.',
  pattern: '[a-z0-9](?:[a-z0-9./-]{0,61}[a-z0-9])?',
  minLength: 1,
  maxLength: 63,
  example: 'role',
});

const labelValue = text('label', {
  summary: 'The value of a label.',
  pattern: '[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?',
  minLength: 1,
  maxLength: 63,
  example: 'web',
});

export const VmLabels = map(labelValue, {
  summary: 'Labels. Machines of a project with the same label are a group, which placement can ask for.',
  maxEntries: 16,
  key: labelName,
});

export const HostLabels = map(labelValue, {
  summary: 'Labels of a host.',
  maxEntries: 32,
  key: labelName,
});

/** A label with its value: whatever has it in one project is a group. */
export const Group = text('group', {
  summary: 'A label with its value, as in `role=web`: all machines of the project that have it.',
  pattern: '[a-z0-9][a-z0-9./-]{0,62}=[A-Za-z0-9][A-Za-z0-9._-]{0,62}',
  maxLength: 127,
  example: 'role=web',
});

export const Digest = text('digest', {
  summary: 'The SHA-256 of a file, in hexadecimal.',
  pattern: '[0-9a-f]{64}',
  minLength: 64,
  maxLength: 64,
  example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
});

export const CreatePosition = integer('position', { summary: 'Where it was created.', unit: 'position' });

export const ModPosition = integer('position', { summary: 'Where it was last changed.', unit: 'position' });

export const ObservedAt = time('time', { summary: 'When the log heard of it.' });
