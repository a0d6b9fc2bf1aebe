import type { Id } from '#commands/codec/scalar';
import { project } from '#aggregates/iam/project';
import { disk } from '#aggregates/plasmavmc/disk';
import { image, imageFor, type Image, type ImageEvent } from '#aggregates/plasmavmc/image';
import { decisions } from '#harness/decisions';
import { factsHolding, held } from '#harness/facts';

const id = 'shop/debian' as Id<'image'>;
const digest = 'a'.repeat(64);
const asked = { format: 'qcow2' as const, digest, sizeBytes: 1_000 };
const create = (more = {}) => ({ kind: 'image.create' as const, id, body: { ...asked, ...more } });
const created = (more = {}): ImageEvent => ({ kind: 'image.created', body: { ...asked, ...more } });
const ready = (more = {}) => ({ kind: 'image.ready' as const, id, body: { digest, minimumDiskBytes: 5_000, ...more } });
const imported = (minimumDiskBytes = 5_000): ImageEvent => ({ kind: 'image.imported', body: { minimumDiskBytes } });
const fail = (more = {}) => ({ kind: 'image.failed' as const, id, body: { digest, reason: 'It is cut.', ...more } });
const failed: ImageEvent = { kind: 'image.importFailed', body: { reason: 'It is cut.' } };
const promote = { kind: 'image.promote' as const, id, body: { visibility: 'organisation' as const } };
const promoted: ImageEvent = { kind: 'image.promoted', body: { visibility: 'organisation' } };
const remove = { kind: 'image.delete' as const, id, body: {} };
const requested: ImageEvent = { kind: 'image.deletionRequested', body: {} };
const removed = { kind: 'image.removed' as const, id, body: {} };
const deleted: ImageEvent = { kind: 'image.deleted', body: {} };
const inShop = { facts: [held(project, 'shop', { organisation: 'acme' })] };
const based = held(disk, 'shop/root', {
  asked: { sizeBytes: 10_000, image: id },
  sizeBytes: 10_000,
  epoch: 0,
  snapshots: [],
  deleting: false,
  generation: 1,
  observed: { generation: 0, phase: 'pending' },
});

decisions(image, [
  ['begins to import one', [], create(), [created()], inShop],
  ['begins once', [created()], create(), []],
  ['refuses another of the same id', [created()], create({ sizeBytes: 2 }), 'image.exists'],
  ['refuses one without its project', [], create(), 'project.absent'],
  ['refuses a command line without a kernel', [], create({ commandLine: 'quiet' }), 'image.unbootable', inShop],
  [
    'imports a kernel with what it needs',
    [],
    create({ format: 'kernel', initrdDigest: digest }),
    [created({ format: 'kernel', initrdDigest: digest })],
    inShop,
  ],
  ['refuses more than the quota', [], create({ sizeBytes: 2 ** 41 }), 'quota.exceeded', inShop],
  ['is ready when its file was checked', [created()], ready(), [imported()]],
  ['is ready once', [created(), imported()], ready(), []],
  ['needs as large a disk as was asked for', [created({ minimumDiskBytes: 9_000 })], ready(), [imported(9_000)]],
  ['refuses another file', [created()], ready({ digest: 'b'.repeat(64) }), 'image.otherFile'],
  ['fails with a reason', [created()], fail(), [failed]],
  ['fails no more when it is ready', [created(), imported()], fail(), []],
  ['does not fail for another file', [created()], fail({ digest: 'b'.repeat(64) }), 'image.otherFile'],
  ['is promoted', [created()], promote, [promoted]],
  ['is promoted once', [created(), promoted], promote, []],
  ['is not promoted on its way out', [created(), requested], promote, 'image.unready'],
  ['is to be deleted', [created(), imported()], remove, [requested]],
  ['is to be deleted once', [created(), requested], remove, []],
  ['is kept while a disk rests on it', [created(), imported()], remove, 'image.inUse', { facts: [based] }],
  ['is gone when no file is left', [created(), requested], removed, [deleted]],
  ['is not gone unless that was asked for', [created()], removed, 'image.unready'],
  ['refuses what is not there', [created(), requested, deleted], remove, 'image.absent'],
]);

test('an image is for its project, for those of the organisation, or for all', () => {
  const of = (visibility: Image['visibility']) =>
    factsHolding([
      ...['shop', 'bank'].map((name) => held(project, name, { organisation: 'acme' })),
      held(project, 'other', { organisation: 'umbrella' }),
      held(image, id, { asked, visibility, phase: 'ready', minimumDiskBytes: 0 }),
    ]);
  const seenBy = (visibility: Image['visibility']) =>
    ['shop', 'bank', 'other', 'none'].filter((name) => imageFor(of(visibility), id, name) !== undefined);
  expect(seenBy('project')).toEqual(['shop']);
  expect(seenBy('organisation')).toEqual(['shop', 'bank']);
  expect(seenBy('cluster')).toEqual(['shop', 'bank', 'other', 'none']);
  expect(imageFor(of('cluster'), 'shop/none', 'shop')).toBeUndefined();
});
