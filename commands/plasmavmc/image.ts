import { object, optional } from '#commands/codec/object';
import { choice, integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { CreatePosition, Description, Digest, ImageId, ModPosition, Reason } from '#commands/plasmavmc/name';
import { view } from '#commands/view';

const Format = choice('image format', {
  summary: 'What the file is: a disk, or a kernel that is booted by itself.',
  values: ['qcow2', 'raw', 'kernel'],
});

const SourceBytes = integer('file size', {
  summary: 'What the file takes.',
  unit: 'bytes',
  min: 1,
  max: 16 * 2 ** 40,
});

const MinimumDiskBytes = integer('minimum disk', {
  summary: 'How large a disk that begins with the image must be.',
  unit: 'bytes',
  max: 64 * 2 ** 40,
});

const CommandLine = text('command line', {
  summary: 'What the kernel is told.',
  pattern: '[ -~]*',
  maxLength: 2_000,
  example: 'console=ttyS0 root=/dev/vda1',
});

const OsName = text('operating system', {
  summary: 'What is in the image, as os-release calls it.',
  pattern: '[a-z0-9][a-z0-9._-]*',
  maxLength: 63,
  example: 'debian',
});

const about = {
  format: Format,
  digest: Digest,
  sizeBytes: SourceBytes,
  minimumDiskBytes: optional(MinimumDiskBytes),
  initrdDigest: optional(Digest),
  commandLine: optional(CommandLine),
  os: optional(OsName),
  description: optional(Description),
};

const visibilities = ['project', 'organisation', 'cluster'] as const;

const Visibility = choice('visibility', {
  summary: 'Whose machines may begin with it: those of its project, of the organisation, or all.',
  values: visibilities,
});

export const createImage = command('image', 'create', {
  summary: 'Begin to import an image. The file must have the digest and the size that are named.',
  id: ImageId,
  body: about,
  examples: [
    {
      title: 'A disk.',
      id: 'shop/debian',
      body: {
        format: 'qcow2',
        digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        sizeBytes: 333_447_168,
        minimumDiskBytes: 3_221_225_472,
        os: 'debian',
      },
    },
  ],
});

export const readyImage = command('image', 'ready', {
  summary: 'Record that the file was checked and can be used.',
  id: ImageId,
  internal: true,
  body: { digest: Digest, minimumDiskBytes: MinimumDiskBytes },
});

export const failImage = command('image', 'failed', {
  summary: 'Record that the file cannot be used, and why.',
  id: ImageId,
  internal: true,
  body: { digest: Digest, reason: Reason },
});

export const promoteImage = command('image', 'promote', {
  summary: 'Say whose machines may begin with an image.',
  id: ImageId,
  body: { visibility: Visibility },
  examples: [
    { title: 'For every project of the organisation.', id: 'shop/debian', body: { visibility: 'organisation' } },
  ],
});

export const deleteImage = command('image', 'delete', {
  summary: 'Delete an image that no disk or machine rests on.',
  id: ImageId,
  body: {},
});

export const removedImage = command('image', 'removed', {
  summary: 'Record that no file is left of an image that is to be deleted.',
  id: ImageId,
  internal: true,
  body: {},
});

export const ImageImported = object({ minimumDiskBytes: MinimumDiskBytes });
export const ImageImportFailed = object({ reason: Reason });

export type ImageCommand = CommandOf<
  | typeof createImage
  | typeof readyImage
  | typeof failImage
  | typeof promoteImage
  | typeof deleteImage
  | typeof removedImage
>;

export const images = view('image', {
  summary: 'Images, each of one project.',
  id: ImageId,
  row: object({
    id: ImageId,
    ...about,
    visibility: Visibility,
    phase: choice('phase', {
      summary: 'How far it is.',
      values: ['importing', 'ready', 'failed', 'deleting'],
    }),
    reason: optional(Reason),
    usedBy: integer('used by', { summary: 'How many disks and machines rest on it.', unit: 'count' }),
    createPosition: CreatePosition,
    modPosition: ModPosition,
  }),
  columns: [
    { title: 'IMAGE', path: 'id' },
    { title: 'PHASE', path: 'phase' },
    { title: 'FORMAT', path: 'format' },
    { title: 'SIZE', path: 'sizeBytes' },
    { title: 'VISIBILITY', path: 'visibility' },
    { title: 'OS', path: 'os', wide: true },
    { title: 'USED BY', path: 'usedBy', wide: true },
  ],
});
