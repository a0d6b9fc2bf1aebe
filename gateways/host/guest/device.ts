import {
  blockdevOf,
  diskDeviceId,
  diskDeviceOf,
  netdevId,
  netdevOf,
  nicDeviceId,
  nicDeviceOf,
  nodeNameOf,
} from '#gateways/host/guest/argv';
import { fileSizeBytes, fileSnapshots, makeDiskFile, snapshotNames } from '#gateways/host/guest/disk-file';
import { GuestFailure, isGuestFailure } from '#gateways/host/guest/guest-failure';
import { admitted, type Found, type GuestHost, inTurn, monitorOf } from '#gateways/host/guest/guest-host';
import { writeRecord } from '#gateways/host/guest/guest-record';
import {
  type GuestDisk,
  type GuestNic,
  type GuestRef,
  type GuestSpec,
  isLabel,
  specProblems,
} from '#gateways/host/guest/guest-spec';
import { succeeded } from '#gateways/host/guest/program';
import { type Qmp, recordOf } from '#gateways/host/guest/qmp';
import { checkTap } from '#gateways/host/guest/tap';

/** Attaches a disk, made if its file is not there. A disk of the same name that is attached already is left alone. */
export const attachDisk = (host: GuestHost, ref: GuestRef, disk: GuestDisk): Promise<void> =>
  change(host, ref, async ({ spec, process }) => {
    const disks = [...spec.disks.filter(({ name }) => name !== disk.name), disk];
    const changed = checked({ ...spec, disks });
    await makeDiskFile(disk, host.account);
    if (process === undefined) return changed;
    const monitor = await monitorOf(host, spec.id);
    if (await hasDevice(monitor, diskDeviceId(disk.name))) return spec;
    if (!(await nodeNames(monitor)).includes(nodeNameOf(disk.name))) {
      await monitor.execute('blockdev-add', blockdevOf(disk));
    }
    try {
      await monitor.execute('device_add', diskDeviceOf(disk));
    } catch (error) {
      await monitor.execute('blockdev-del', { 'node-name': nodeNameOf(disk.name) });
      throw error;
    }
    return changed;
  });

/** Detaches a disk, and waits until the guest has let go of it. The file stays. */
export const detachDisk = (host: GuestHost, ref: GuestRef, name: string): Promise<void> =>
  change(host, ref, async ({ spec, process }) => {
    const changed = { ...spec, disks: spec.disks.filter((disk) => disk.name !== name) };
    if (process === undefined) return changed;
    const monitor = await monitorOf(host, spec.id);
    await unplug(host, monitor, diskDeviceId(name));
    if ((await nodeNames(monitor)).includes(nodeNameOf(name))) {
      await monitor.execute('blockdev-del', { 'node-name': nodeNameOf(name) });
    }
    return changed;
  });

/** Makes a disk larger, seen at once by a guest that runs. A disk never shrinks: that would cut off what is on it. */
export const resizeDisk = (host: GuestHost, ref: GuestRef, name: string, sizeBytes: number): Promise<void> =>
  change(host, ref, async ({ spec, process }) => {
    const disk = diskOf(spec, name);
    const present = process === undefined ? await fileSizeBytes(disk) : await openSizeBytes(host, spec.id, name);
    if (sizeBytes < present) {
      throw new GuestFailure('unusable', `The disk ${name} has ${present} bytes, which is more than ${sizeBytes}.`);
    }
    const changed = checked({ ...spec, disks: spec.disks.map((one) => (one === disk ? { ...one, sizeBytes } : one)) });
    if (sizeBytes === present) return changed;
    if (process === undefined) {
      await succeeded('qemu-img', ['resize', '-q', '-f', disk.format, disk.file, String(sizeBytes)]);
      return changed;
    }
    const monitor = await monitorOf(host, spec.id);
    await monitor.execute('block_resize', { 'node-name': nodeNameOf(name), size: sizeBytes });
    return changed;
  });

/** Keeps the present content of a qcow2 disk under a name, inside its file. What the guest holds back is not in it. */
export const snapshotDisk = (host: GuestHost, ref: GuestRef, name: string, snapshot: string): Promise<void> =>
  change(host, ref, async ({ spec, process }) => {
    const disk = snapshottable(spec, name);
    if (!isLabel(snapshot)) throw new GuestFailure('unusable', 'A snapshot has a label for its name.');
    if ((await snapshotsOf(host, spec.id, disk, process !== undefined)).includes(snapshot)) return spec;
    if (process === undefined) {
      await succeeded('qemu-img', ['snapshot', '-q', '-c', snapshot, disk.file]);
    } else {
      const monitor = await monitorOf(host, spec.id);
      await monitor.execute('blockdev-snapshot-internal-sync', { device: nodeNameOf(name), name: snapshot });
    }
    return spec;
  });

/** Forgets a snapshot; one that is not there is forgotten already. */
export const deleteSnapshot = (host: GuestHost, ref: GuestRef, name: string, snapshot: string): Promise<void> =>
  change(host, ref, async ({ spec, process }) => {
    const disk = snapshottable(spec, name);
    if (!(await snapshotsOf(host, spec.id, disk, process !== undefined)).includes(snapshot)) return spec;
    if (process === undefined) {
      await succeeded('qemu-img', ['snapshot', '-q', '-d', snapshot, disk.file]);
    } else {
      const monitor = await monitorOf(host, spec.id);
      await monitor.execute('blockdev-snapshot-delete-internal-sync', { device: nodeNameOf(name), name: snapshot });
    }
    return spec;
  });

/** Takes a disk back to a snapshot. The guest must be stopped. */
export const revertDisk = (host: GuestHost, ref: GuestRef, name: string, snapshot: string): Promise<void> =>
  change(host, ref, async ({ spec, process }) => {
    if (process !== undefined) throw new GuestFailure('running', `${spec.id} must be stopped to revert a disk.`);
    await succeeded('qemu-img', ['snapshot', '-q', '-a', snapshot, snapshottable(spec, name).file]);
    return spec;
  });

/** Attaches an interface. One of the same name that is attached already is left alone. */
export const attachNic = (host: GuestHost, ref: GuestRef, nic: GuestNic): Promise<void> =>
  change(host, ref, async ({ spec, process }) => {
    const changed = checked({ ...spec, nics: [...spec.nics.filter(({ name }) => name !== nic.name), nic] });
    if (process === undefined) return changed;
    checkTap(nic, host.account);
    const monitor = await monitorOf(host, spec.id);
    if (await hasDevice(monitor, nicDeviceId(nic.name))) return spec;
    await removeNetdev(monitor, nic.name);
    await monitor.execute('netdev_add', netdevOf(nic));
    try {
      await monitor.execute('device_add', nicDeviceOf(nic));
    } catch (error) {
      await removeNetdev(monitor, nic.name);
      throw error;
    }
    return changed;
  });

/** Detaches an interface, and waits until the guest has let go of it. The tap stays. */
export const detachNic = (host: GuestHost, ref: GuestRef, name: string): Promise<void> =>
  change(host, ref, async ({ spec, process }) => {
    const changed = { ...spec, nics: spec.nics.filter((nic) => nic.name !== name) };
    if (process === undefined) return changed;
    const monitor = await monitorOf(host, spec.id);
    await unplug(host, monitor, nicDeviceId(name));
    await removeNetdev(monitor, name);
    return changed;
  });

/** Does something to a guest in its turn, and writes down what it is afterwards. */
const change = (host: GuestHost, ref: GuestRef, work: (found: Found) => Promise<GuestSpec>): Promise<void> =>
  inTurn(host, ref.id, async () => {
    const found = admitted(host, ref);
    const spec = await work(found);
    if (spec !== found.spec) writeRecord(found.places, { spec, run: found.run });
  });

const checked = (spec: GuestSpec): GuestSpec => {
  const problems = specProblems(spec);
  if (problems.length > 0) throw new GuestFailure('unusable', `${spec.id}: ${problems.join('; ')}.`);
  return spec;
};

const diskOf = (spec: GuestSpec, name: string): GuestDisk => {
  const disk = spec.disks.find((one) => one.name === name);
  if (disk === undefined) throw new GuestFailure('unusable', `${spec.id} has no disk ${name}.`);
  return disk;
};

const snapshottable = (spec: GuestSpec, name: string): GuestDisk => {
  const disk = diskOf(spec, name);
  if (disk.format === 'qcow2' && !disk.readOnly) return disk;
  throw new GuestFailure('unusable', `The disk ${name} has no snapshots: it is ${disk.format} or read-only.`);
};

const namedNodes = async (monitor: Qmp): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const list = await monitor.execute('query-named-block-nodes', { flat: true });
  return (Array.isArray(list) ? list : []).map(recordOf);
};

const nodeNames = async (monitor: Qmp): Promise<readonly string[]> =>
  (await namedNodes(monitor)).map((node) => String(node['node-name']));

const imageOf = async (host: GuestHost, id: string, name: string): Promise<Readonly<Record<string, unknown>>> => {
  // Not flat, for only then it tells of snapshots.
  const list = await (await monitorOf(host, id)).execute('query-named-block-nodes');
  const nodes = (Array.isArray(list) ? list : []).map(recordOf);
  return recordOf(nodes.find((node) => node['node-name'] === nodeNameOf(name))?.['image']);
};

const openSizeBytes = async (host: GuestHost, id: string, name: string): Promise<number> =>
  Number((await imageOf(host, id, name))['virtual-size']);

const snapshotsOf = async (
  host: GuestHost,
  id: string,
  disk: GuestDisk,
  running: boolean,
): Promise<readonly string[]> =>
  running ? snapshotNames((await imageOf(host, id, disk.name))['snapshots']) : fileSnapshots(disk);

const hasDevice = async (monitor: Qmp, device: string): Promise<boolean> => {
  const list = await monitor.execute('qom-list', { path: '/machine/peripheral' });
  return (Array.isArray(list) ? list : []).some((entry) => recordOf(entry)['name'] === device);
};

/** QEMU tells of the end twice; only the one that names the device is the last. */
const unplug = async (host: GuestHost, monitor: Qmp, device: string): Promise<void> => {
  if (!(await hasDevice(monitor, device))) return;
  const gone = monitor.event('DEVICE_DELETED', host.deadlines.unplugMs, (data) => data['device'] === device);
  try {
    await monitor.execute('device_del', { id: device });
  } catch (error) {
    // It was asked for before, and the guest has not let go of it yet.
    if (!isGuestFailure(error, 'refused') || !/unplug/.test(error.message)) throw error;
  }
  if (await hasDevice(monitor, device)) await gone;
};

const removeNetdev = async (monitor: Qmp, name: string): Promise<void> => {
  try {
    await monitor.execute('netdev_del', { id: netdevId(name) });
  } catch (error) {
    // There is none.
    if (!isGuestFailure(error, 'refused')) throw error;
  }
};
