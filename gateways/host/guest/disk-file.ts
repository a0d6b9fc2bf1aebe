import { existsSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { GuestFailure } from '#gateways/host/guest/guest-failure';
import type { GuestDisk } from '#gateways/host/guest/guest-spec';
import { type Account, handOver } from '#gateways/host/guest/host-account';
import { recordOf } from '#gateways/host/guest/qmp';
import { succeeded } from '#gateways/host/guest/program';

/** Makes the file of a disk unless it is there; it appears whole or not at all. */
export const makeDiskFile = async (disk: GuestDisk, account: Account | undefined): Promise<void> => {
  if (existsSync(disk.file)) {
    if (!disk.readOnly) handOver(disk.file, account);
    return;
  }
  if (disk.readOnly) throw new GuestFailure('missing', `The disk ${disk.name} is read-only, and has no ${disk.file}.`);
  if (disk.base !== undefined && !existsSync(disk.base.file)) {
    throw new GuestFailure('missing', `The disk ${disk.name} begins as ${disk.base.file}, which is not there.`);
  }
  mkdirSync(dirname(disk.file), { recursive: true });
  const unfinished = `${disk.file}.new`;
  rmSync(unfinished, { force: true });
  try {
    await create(unfinished, disk);
    handOver(unfinished, account);
    renameSync(unfinished, disk.file);
  } finally {
    rmSync(unfinished, { force: true });
  }
};

const create = async (file: string, { format, base, sizeBytes }: GuestDisk): Promise<void> => {
  if (format === 'raw') {
    writeFileSync(file, '', { mode: 0o600 });
    truncateSync(file, sizeBytes);
    return;
  }
  const under = base === undefined ? [] : ['-b', base.file, '-F', base.format];
  await succeeded('qemu-img', ['create', '-q', '-f', 'qcow2', ...under, file, String(sizeBytes)]);
};

/** The size that a guest sees, of a disk that no QEMU has open. */
export const fileSizeBytes = async ({ file, format }: GuestDisk): Promise<number> => {
  const answer: unknown = JSON.parse(await succeeded('qemu-img', ['info', '--output=json', '-f', format, file]));
  return Number(recordOf(answer)['virtual-size']);
};

/** Names of the snapshots in a qcow2 file that no QEMU has open. */
export const fileSnapshots = async ({ file, format }: GuestDisk): Promise<readonly string[]> => {
  const answer: unknown = JSON.parse(await succeeded('qemu-img', ['info', '--output=json', '-f', format, file]));
  return snapshotNames(recordOf(answer)['snapshots']);
};

/** Names in a list of snapshots as QEMU and qemu-img give it. */
export const snapshotNames = (list: unknown): readonly string[] =>
  (Array.isArray(list) ? list : []).map((entry) => String(recordOf(entry)['name']));
