import type { Id } from '#commands/codec/scalar';
import { project } from '#aggregates/iam/project';
import { disk, type DiskEvent } from '#aggregates/plasmavmc/disk';
import { image, type Image } from '#aggregates/plasmavmc/image';
import { vm } from '#aggregates/plasmavmc/vm';
import type { Vm } from '#aggregates/plasmavmc/vm-state';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const id = 'shop/data' as Id<'disk'>;
const vmId = 'shop/web1' as Id<'vm'>;
const imageId = 'shop/debian' as Id<'image'>;
const host = 'n1' as Id<'host'>;
const other = 'n2' as Id<'host'>;
const MiB = 2 ** 20;
const asked = { sizeBytes: 10 * MiB };
const create = (more = {}) => ({ kind: 'disk.create' as const, id, body: { ...asked, ...more } });
const created: DiskEvent = { kind: 'disk.created', body: asked };
const resize = (sizeBytes: number) => ({ kind: 'disk.resize' as const, id, body: { sizeBytes } });
const resized = (sizeBytes: number): DiskEvent => ({ kind: 'disk.resized', body: { sizeBytes } });
const snapshot = (name: string) => ({ kind: 'disk.snapshot' as const, id, body: { name } });
const taken = (name: string): DiskEvent => ({ kind: 'disk.snapshotTaken', body: { name } });
const drop = { kind: 'disk.dropSnapshot' as const, id, body: { name: 'one' } };
const dropped: DiskEvent = { kind: 'disk.snapshotDropped', body: { name: 'one' } };
const place = { kind: 'disk.place' as const, id, body: { host } };
const placed: DiskEvent = { kind: 'disk.placed', body: { host, sizeBytes: 10 * MiB } };
const attach = (of = vmId) => ({ kind: 'disk.attach' as const, id, body: { vm: of } });
const attached: DiskEvent = { kind: 'disk.attached', body: { vm: vmId } };
const detach = { kind: 'disk.detach' as const, id, body: { vm: vmId } };
const detached: DiskEvent = { kind: 'disk.detached', body: { vm: vmId } };
const seen = (generation: number, phase: 'ready' | 'failed' = 'ready') => ({ generation, phase });
const observe = (body: ReturnType<typeof seen>, on = host) => ({
  kind: 'disk.observe' as const,
  id,
  body: { host: on, ...body },
});
const observed = (generation: number): DiskEvent => ({ kind: 'disk.observed', body: seen(generation) });
const remove = { kind: 'disk.delete' as const, id, body: {} };
const requested: DiskEvent = { kind: 'disk.deletionRequested', body: {} };
const removed = (on = host) => ({ kind: 'disk.removed' as const, id, body: { host: on } });
const deleted: DiskEvent = { kind: 'disk.deleted', body: { host } };
const inShop = [held(project, 'shop', { organisation: 'acme' })];
const withImage = (more: Partial<Image> = {}) => ({
  facts: [
    ...inShop,
    held(image, imageId, {
      asked: { format: 'qcow2', digest: 'a'.repeat(64), sizeBytes: 1 },
      visibility: 'project',
      phase: 'ready',
      minimumDiskBytes: 8 * MiB,
      ...more,
    }),
  ],
});
const moving: Vm = {
  asked: { cpuCount: 1, memoryBytes: 64 * MiB, disks: [{ disk: id }], nics: [] },
  protected: false,
  desired: { power: 'on', generation: 1, deleting: false },
  observed: { generation: 1, phase: 'running' },
  placed: { host, epoch: 1 },
  migration: { attempt: 1, to: { host: other, epoch: 1 }, percent: 0, deadlineMs: 1 },
  migrations: 1,
};
const many = Array.from({ length: 64 }, (_, at) => taken(`s${at}`));
const busy = {
  asked,
  sizeBytes: MiB,
  epoch: 0,
  snapshots: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
  deleting: false,
  generation: 1,
  observed: { generation: 0, phase: 'pending' as const },
};
const full = { facts: [...inShop, ...many.map((_, at) => held(disk, `shop/d${at}`, busy))] };

decisions(disk, [
  ['creates an empty one', [], create(), [created], { facts: inShop }],
  ['creates one only once', [created], create(), []],
  ['creates it once, also when it has grown', [created, resized(20 * MiB)], create(), []],
  ['refuses another of the same id', [created], create({ sizeBytes: 11 * MiB }), 'disk.exists'],
  ['refuses one without its project', [], create(), 'project.absent'],
  [
    'begins with an image',
    [],
    create({ image: imageId }),
    [{ kind: 'disk.created', body: { ...asked, image: imageId } }],
    withImage(),
  ],
  ['refuses an image that is not there', [], create({ image: imageId }), 'image.absent', { facts: inShop }],
  [
    'refuses an image that is not ready',
    [],
    create({ image: imageId }),
    'image.unfounded',
    withImage({ phase: 'importing' }),
  ],
  ['refuses to be smaller than its image', [], create({ image: imageId, sizeBytes: MiB }), 'disk.smaller', withImage()],
  ['refuses more than the quota', [], create({ sizeBytes: 2 ** 44 }), 'quota.exceeded', { facts: inShop }],
  ['grows', [created], resize(20 * MiB), [resized(20 * MiB)]],
  ['grows once', [created, resized(20 * MiB)], resize(20 * MiB), []],
  ['does not shrink', [created], resize(MiB), 'disk.smaller'],
  ['does not grow beyond the quota', [created], resize(2 ** 44), 'quota.exceeded'],
  [
    'does not grow on the move',
    [created, attached],
    resize(20 * MiB),
    'disk.moving',
    { facts: [held(vm, vmId, moving)] },
  ],
  ['keeps what is on it', [created], snapshot('one'), [taken('one')]],
  ['keeps it once', [created, taken('one')], snapshot('one'), []],
  ['has no more than so many snapshots', [created, ...many], snapshot('one'), 'snapshot.tooMany'],
  ['has no more snapshots than the quota', [created], snapshot('one'), 'quota.exceeded', full],
  ['drops a snapshot', [created, taken('one')], drop, [dropped]],
  ['refuses to drop what it has not', [created, taken('one'), dropped], drop, 'snapshot.absent'],
  ['is placed', [created], place, [placed]],
  ['is placed once', [created, placed], place, []],
  [
    'is placed elsewhere',
    [created, placed],
    { ...place, body: { host: other } },
    [{ kind: 'disk.placed', body: { host: other, from: host, sizeBytes: 10 * MiB } }],
  ],
  ['is given to a machine', [created], attach(), [attached]],
  ['is given once', [created, attached], attach(), []],
  ['is given to no second one', [created, attached], attach('shop/web2' as Id<'vm'>), 'disk.held'],
  ['is given to none on its way out', [created, requested], attach(), 'disk.deleting'],
  ['is taken back', [created, attached], detach, [detached]],
  ['is taken back once', [created, attached, detached], detach, []],
  ['is seen', [created, placed], observe(seen(2)), [observed(2)]],
  ['is seen once', [created, placed, observed(2)], observe(seen(2)), []],
  ['is not seen as it was', [created, placed, observed(2)], observe(seen(1, 'failed')), []],
  ['is not seen as it will be', [created, placed], observe(seen(3)), []],
  ['is seen where it is', [created, placed], observe(seen(2), other), 'disk.elsewhere'],
  ['is to be deleted', [created, placed], remove, [requested]],
  ['is to be deleted once', [created, placed, requested], remove, []],
  ['is gone at once where it never was anywhere', [created], remove, [requested, { kind: 'disk.deleted', body: {} }]],
  ['is kept while a machine has it', [created, attached], remove, 'disk.held'],
  ['changes no more on its way out', [created, placed, requested], resize(20 * MiB), 'disk.deleting'],
  ['is gone when its host has nothing left', [created, placed, requested], removed(), [deleted]],
  ['is not gone for another host', [created, placed, requested], removed(other), 'disk.elsewhere'],
  ['is not gone unless that was asked for', [created, placed], removed(), 'disk.wanted'],
  ['refuses what is not there', [], remove, 'disk.absent'],
]);

test('whoever held a disk before holds an older epoch', () => {
  const moment = { position: 1, now: 0, level: 1, principal: '', credential: '', address: '' };
  const events: readonly DiskEvent[] = [created, placed, attached, detached, attached];
  const epochs: number[] = [];
  events.reduce<ReturnType<typeof disk.evolve>>((state, event) => {
    const next = disk.evolve(state, event, moment);
    if (next !== undefined) epochs.push(next.epoch);
    return next;
  }, undefined);
  expect(epochs).toEqual([0, 1, 2, 3, 4]);
});
