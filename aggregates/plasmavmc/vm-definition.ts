import { isLeft, right, type Either } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import type { Rejection } from '#commands/rejection';
import type { defineVm, VmResized } from '#commands/plasmavmc/vm';
import { projectIn } from '#commands/tenant';
import { accept, reject, type Decision } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { projectKind } from '#aggregates/owners';
import { diskKind } from '#aggregates/plasmavmc/disk-state';
import { flavourKind } from '#aggregates/plasmavmc/flavour';
import { imageFor } from '#aggregates/plasmavmc/image';
import type { VmCode } from '#aggregates/plasmavmc/vm-lifecycle';
import type { Vm, VmEvent } from '#aggregates/plasmavmc/vm-state';
import { withinQuota } from '#aggregates/quota';
import { same } from '#aggregates/same';

type Body = TypeOf<typeof defineVm.body>;
type Size = TypeOf<typeof VmResized>;
type Refused = Either<Rejection<VmCode>, never>;

/** Machines by the ports that they are plugged into. */
export const vmsByPort = 'vm.by-port';

/** Of a port, only that it is there. */
export const portKind = kind<unknown>('port');

/** The size of a flavour, or the one that is given. */
export const sizeOf = (
  facts: Facts,
  { flavour, cpuCount, memoryBytes }: Pick<Body, 'flavour' | 'cpuCount' | 'memoryBytes'>,
): Either<Rejection<VmCode>, Size> => {
  if (flavour !== undefined) {
    if (cpuCount !== undefined || memoryBytes !== undefined) return reject('vm.sizeless');
    const found = facts.get(flavourKind, flavour)?.state;
    if (found === undefined) return reject('flavour.absent', { flavour });
    return right({ flavour, cpuCount: found.cpuCount, memoryBytes: found.memoryBytes });
  }
  return cpuCount === undefined || memoryBytes === undefined ? reject('vm.sizeless') : right({ cpuCount, memoryBytes });
};

/** Disks and ports that a machine of a project cannot have. Whether another machine has a disk, the disk says. */
export const absentPart = (
  facts: Facts,
  project: string,
  { disks, nics }: Pick<Body, 'disks' | 'nics'>,
): Refused | undefined => {
  for (const { disk } of disks) {
    if (projectIn(disk) !== project || facts.get(diskKind, disk) === undefined) return reject('disk.absent', { disk });
  }
  for (const port of nics) {
    if (projectIn(port) !== project || facts.get(portKind, port) === undefined) return reject('port.absent', { port });
    if (facts.count(vmsByPort, port) > 0) return reject('vm.taken', { port });
  }
  return undefined;
};

/** Whether a machine was asked for in the same words; what has changed since is another wish. */
const isAsWas = ({ asked }: Vm, body: Body): boolean => {
  const { cpuCount, memoryBytes, ...rest } = asked;
  if (body.flavour === undefined) return same(asked, body);
  return body.cpuCount === undefined && body.memoryBytes === undefined && same(rest, body);
};

const hasTwice = (names: readonly string[]): boolean => new Set(names).size < names.length;

export const definedVm = (state: Vm | undefined, id: string, body: Body, facts: Facts): Decision<VmEvent, VmCode> => {
  if (state !== undefined) return isAsWas(state, body) ? accept() : reject('vm.exists');
  const project = projectIn(id);
  if (facts.get(projectKind, project) === undefined) return reject('project.absent', { project });
  const size = sizeOf(facts, body);
  if (isLeft(size)) return size;
  if (hasTwice(body.disks.map(({ disk }) => disk)) || hasTwice(body.nics)) return reject('vm.repeated');
  const absent = absentPart(facts, project, body);
  if (absent !== undefined) return absent;
  if (body.kernel !== undefined) {
    const image = imageFor(facts, body.kernel, project);
    if (image === undefined) return reject('image.absent', { image: body.kernel });
    if (image.asked.format !== 'kernel' || image.phase !== 'ready')
      return reject('vm.bootless', { image: body.kernel });
  } else if (body.disks.length === 0) return reject('vm.bootless');
  const { cpuCount, memoryBytes } = size.right;
  const within = withinQuota(facts, project, { vms: 1, vcpus: cpuCount, memoryBytes });
  return isLeft(within) ? within : accept({ kind: 'vm.defined', body: { ...body, cpuCount, memoryBytes } });
};
