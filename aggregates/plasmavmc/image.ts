import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  createImage,
  deleteImage,
  failImage,
  ImageImported,
  ImageImportFailed,
  promoteImage,
  readyImage,
  removedImage,
  type ImageCommand,
} from '#commands/plasmavmc/image';
import { projectIn } from '#commands/tenant';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { ownedByProject, projectAbsent, projectKind } from '#aggregates/owners';
import { inUse, quotaExceeded, usageKey, withinQuota } from '#aggregates/quota';
import { same } from '#aggregates/same';

type Created = TypeOf<typeof createImage.body>;
type Promoted = TypeOf<typeof promoteImage.body>;
type Empty = Readonly<Record<string, never>>;

export interface Image {
  /** As it was asked for. */
  readonly asked: Created;
  readonly visibility: Promoted['visibility'];
  readonly phase: 'importing' | 'ready' | 'failed' | 'deleting';
  /** Found in the file, when none was asked for. */
  readonly minimumDiskBytes: number;
  /** Why the import failed. */
  readonly reason?: string;
}

export const imageKind = kind<Image>('image');

/** Disks that begin with an image, and machines that boot its kernel, by the image. */
export const disksByImage = 'disk.by-image';
export const vmsByKernel = 'vm.by-kernel';

/** How many disks and machines rest on an image. */
export const usesOf = (facts: Facts, image: string): number =>
  facts.count(disksByImage, image) + facts.count(vmsByKernel, image);

export type ImageEvent =
  | { readonly kind: 'image.created'; readonly body: Created }
  | { readonly kind: 'image.imported'; readonly body: TypeOf<typeof ImageImported> }
  | { readonly kind: 'image.importFailed'; readonly body: TypeOf<typeof ImageImportFailed> }
  | { readonly kind: 'image.promoted'; readonly body: Promoted }
  | { readonly kind: 'image.deletionRequested'; readonly body: Empty }
  | { readonly kind: 'image.deleted'; readonly body: Empty };

export const imageAbsent = {
  'image.absent': {
    category: 'absent',
    summary: 'There is no such image, or it is not for this project.',
    fix: 'List the images of the project, or ask for the image to be promoted.',
  },
} as const;

const rejections = {
  ...projectAbsent,
  ...quotaExceeded,
  ...imageAbsent,
  'image.exists': {
    category: 'conflict',
    summary: 'An image of this id exists that was asked for otherwise.',
    fix: 'Choose another id; what an image is made of does not change.',
  },
  'image.inUse': {
    category: 'conflict',
    summary: 'Disks or machines rest on the image.',
    fix: 'Delete them first; the detail says how many there are.',
  },
  'image.otherFile': {
    category: 'conflict',
    summary: 'What was imported is not the file that was asked for.',
    fix: 'Import the file of the digest that the image names.',
  },
  'image.unbootable': {
    category: 'invalid',
    summary: 'An initial ram disk and a command line belong to a kernel, and to nothing else.',
    fix: 'Leave them out, or give the format `kernel`.',
  },
  'image.unready': {
    category: 'conflict',
    summary: 'The image is not ready.',
    fix: 'Wait until its import has ended well, or import it anew under another id.',
  },
} as const;

/** An image that something of a project may begin with; undefined when it is not there or not for the project. */
export const imageFor = (facts: Facts, image: string, project: string): Image | undefined => {
  const found = facts.get(imageKind, image)?.state;
  if (found === undefined) return undefined;
  const owner = projectIn(image);
  if (owner === project || found.visibility === 'cluster') return found;
  if (found.visibility === 'project') return undefined;
  const organisationOf = (of: string): string | undefined => facts.get(projectKind, of)?.state.organisation;
  const organisation = organisationOf(project);
  return organisation !== undefined && organisation === organisationOf(owner) ? found : undefined;
};

export const image: Aggregate<Image, ImageCommand, ImageEvent, keyof typeof rejections> = {
  kind: imageKind,
  summary: 'What a disk begins with, or a kernel to boot.',
  commands: [createImage, readyImage, failImage, promoteImage, deleteImage, removedImage],
  events: {
    'image.created': createImage.body,
    'image.imported': ImageImported,
    'image.importFailed': ImageImportFailed,
    'image.promoted': promoteImage.body,
    'image.deletionRequested': object({}),
    'image.deleted': object({}),
  },
  rejections,
  owners: ownedByProject,
  sums: {
    [inUse]: ({ asked }, id) => [
      [usageKey(projectIn(id), 'images'), 1],
      [usageKey(projectIn(id), 'imageBytes'), asked.sizeBytes],
    ],
  },

  decide(state, command, facts) {
    if (command.kind === 'image.create') {
      const { body } = command;
      if (state !== undefined) return same(state.asked, body) ? accept() : reject('image.exists');
      const project = projectIn(command.id);
      if (facts.get(projectKind, project) === undefined) return reject('project.absent', { project });
      const isKernel = body.format === 'kernel';
      if (!isKernel && (body.initrdDigest !== undefined || body.commandLine !== undefined)) {
        return reject('image.unbootable');
      }
      const within = withinQuota(facts, project, { images: 1, imageBytes: body.sizeBytes });
      return isLeft(within) ? within : accept({ kind: 'image.created', body });
    }
    if (state === undefined) return reject('image.absent');
    const isDeleting = state.phase === 'deleting';
    switch (command.kind) {
      case 'image.ready': {
        if (command.body.digest !== state.asked.digest) return reject('image.otherFile');
        const minimumDiskBytes = Math.max(command.body.minimumDiskBytes, state.asked.minimumDiskBytes ?? 0);
        return state.phase === 'importing' ? accept({ kind: 'image.imported', body: { minimumDiskBytes } }) : accept();
      }
      case 'image.failed': {
        if (command.body.digest !== state.asked.digest) return reject('image.otherFile');
        const { reason } = command.body;
        return state.phase === 'importing' ? accept({ kind: 'image.importFailed', body: { reason } }) : accept();
      }
      case 'image.promote':
        if (isDeleting) return reject('image.unready', { phase: state.phase });
        return state.visibility === command.body.visibility
          ? accept()
          : accept({ kind: 'image.promoted', body: command.body });
      case 'image.delete': {
        if (isDeleting) return accept();
        const uses = usesOf(facts, command.id);
        return uses > 0 ? reject('image.inUse', { uses }) : accept({ kind: 'image.deletionRequested', body: {} });
      }
      case 'image.removed':
        return isDeleting
          ? accept({ kind: 'image.deleted', body: {} })
          : reject('image.unready', { phase: state.phase });
    }
  },

  evolve(state, event) {
    if (event.kind === 'image.created') {
      const { minimumDiskBytes = 0 } = event.body;
      return { asked: event.body, visibility: 'project', phase: 'importing', minimumDiskBytes };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'image.imported':
        return { ...state, phase: 'ready', minimumDiskBytes: event.body.minimumDiskBytes };
      case 'image.importFailed':
        return { ...state, phase: 'failed', reason: event.body.reason };
      case 'image.promoted':
        return { ...state, visibility: event.body.visibility };
      case 'image.deletionRequested':
        return { ...state, phase: 'deleting' };
      case 'image.deleted':
        return undefined;
    }
  },
};
