import { createHash } from 'node:crypto';
import type { Accelerator, Boot, GuestDisk, GuestNic, GuestSpec } from '#gateways/host/guest/guest-spec';
import type { Places } from '#gateways/host/guest/places';

const mebibyte = 2 ** 20;

/**
 * What QEMU is started with. `incoming` lets it wait for a migration instead of starting the guest. The order and the
 * addresses of devices follow from the specification alone, since a migration needs the same ones on both hosts.
 */
export const argvOf = (spec: GuestSpec, places: Places, incoming = false): readonly string[] => [
  ...['-name', `guest=${spec.id},debug-threads=on`],
  ...['-uuid', uuidOf(spec)],
  ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-shutdown'],
  ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
  ...['-machine', 'q35,usb=off,vmport=off,dump-guest-core=off'],
  ...processor(spec),
  ...['-m', `${spec.memoryBytes / mebibyte}M`],
  ...['-rtc', 'base=utc'],
  ...socket('monitor', places.qmp),
  ...['-mon', 'chardev=monitor,mode=control'],
  ...socket('console', places.console, `,logfile=${escaped(places.history)},logappend=on`),
  ...['-serial', 'chardev:console'],
  ...ports(spec.slotCount),
  ...json('-object', { 'qom-type': 'rng-builtin', id: 'random' }),
  ...json('-device', { driver: 'virtio-rng-pci', id: 'rng', rng: 'random', bus: 'pcie.0', addr: '0x1d' }),
  ...spec.disks.flatMap((disk, i) => [
    ...json('-blockdev', blockdevOf(disk)),
    ...json('-device', { ...diskDeviceOf(disk), bootindex: i + 1 }),
  ]),
  ...seed(spec, places),
  ...spec.nics.flatMap((nic) => [...json('-netdev', netdevOf(nic)), ...json('-device', nicDeviceOf(nic))]),
  ...boot(spec.boot),
  ...(spec.vnc ? ['-vnc', `unix:${escaped(places.vnc)}`, '-device', 'VGA,bus=pcie.0,addr=0x1c'] : []),
  ...(incoming ? ['-incoming', 'defer'] : []),
];

const json = (flag: string, value: unknown): readonly string[] => [flag, JSON.stringify(value)];

/** A comma in a value is written twice (QEMU's manual, `-name`). */
const escaped = (value: string): string => value.replaceAll(',', ',,');

const socket = (id: string, path: string, more = ''): readonly string[] => [
  '-chardev',
  `socket,id=${id},path=${escaped(path)},server=on,wait=off${more}`,
];

/** Two hosts that run the same guest must agree, so it is made from what both are given. */
const uuidOf = ({ id, uid }: GuestSpec): string => {
  const hex = createHash('sha256').update(`${id} ${uid}`).digest('hex');
  // Version 8 of RFC 9562 leaves the content to us.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

const processor = ({ accelerator, cpuCount, memoryBytes }: GuestSpec): readonly string[] => [
  '-accel',
  accelerator === 'kvm' ? 'kvm' : `tcg,thread=${cpuCount === 1 ? 'single' : 'multi'},tb-size=${cacheOf(memoryBytes)}`,
  '-cpu',
  models[accelerator],
  '-smp',
  `cpus=${cpuCount},sockets=1,cores=${cpuCount},threads=1`,
];

const models: Readonly<Record<Accelerator, string>> = { kvm: 'host', tcg: 'max' };

/** Mebibytes of translated code: QEMU's own choice is a gigabyte, which would be most of a small guest. */
const cacheOf = (memoryBytes: number): number => Math.min(512, Math.max(32, Math.floor(memoryBytes / mebibyte / 4)));

/** What QEMU may use beside the memory of the guest, in bytes: translated code, device buffers, its own program. */
export const overheadBytes = (spec: GuestSpec): number =>
  (256 + (spec.accelerator === 'tcg' ? cacheOf(spec.memoryBytes) : 0)) * mebibyte;

/** Eight ports share a device number, from 2 on; 0 and 0x1c to 0x1f are taken. */
const ports = (slotCount: number): readonly string[] =>
  Array.from({ length: slotCount }, (_, slot) => ({
    driver: 'pcie-root-port',
    id: portOf(slot),
    bus: 'pcie.0',
    addr: `0x${(2 + Math.floor(slot / 8)).toString(16)}.${slot % 8}`,
    multifunction: slot % 8 === 0,
    chassis: slot + 1,
    slot: slot + 1,
  })).flatMap((port) => json('-device', port));

const portOf = (slot: number): string => `port${slot}`;

/** QEMU allows 31 characters. */
export const nodeNameOf = (diskName: string): string => {
  const name = `disk-${diskName}`;
  if (name.length <= 31) return name;
  return `disk-${createHash('sha256').update(diskName).digest('hex').slice(0, 24)}`;
};

const file = (filename: string): unknown => ({ driver: 'file', filename, discard: 'unmap' });

/** Nothing follows what an image says of other files: what lies under it is named here, and is nothing otherwise. */
export const blockdevOf = ({
  name,
  file: path,
  format,
  readOnly,
  base,
}: GuestDisk): Readonly<Record<string, unknown>> => ({
  'node-name': nodeNameOf(name),
  driver: format,
  'read-only': readOnly,
  discard: 'unmap',
  file: file(path),
  ...(format === 'qcow2' ? { backing: base === undefined ? null : layer(base.file, base.format) } : {}),
});

const layer = (path: string, format: string): unknown => ({
  driver: format,
  'read-only': true,
  file: file(path),
  ...(format === 'qcow2' ? { backing: null } : {}),
});

export const diskDeviceId = (name: string): string => `disk-${name}`;
export const nicDeviceId = (name: string): string => `nic-${name}`;
export const netdevId = (name: string): string => `net-${name}`;

/** A disk that fails stops the guest, which goes on when the fault is gone: guests take an error for a broken disk. */
export const diskDeviceOf = ({ name, slot }: GuestDisk): Readonly<Record<string, unknown>> => ({
  driver: 'virtio-blk-pci',
  id: diskDeviceId(name),
  drive: nodeNameOf(name),
  bus: portOf(slot),
  // virtio-blk has 20 bytes for it.
  serial: name.slice(0, 20),
  werror: 'stop',
  rerror: 'stop',
});

export const netdevOf = ({ name, link }: GuestNic): Readonly<Record<string, unknown>> => {
  if (link.kind === 'tap') {
    return { type: 'tap', id: netdevId(name), ifname: link.interfaceName, script: 'no', downscript: 'no' };
  }
  const forwards = link.forwards.map(({ hostPort, guestPort }) => ({ str: `tcp:127.0.0.1:${hostPort}-:${guestPort}` }));
  return { type: 'user', id: netdevId(name), ...(forwards.length === 0 ? {} : { hostfwd: forwards }) };
};

export const nicDeviceOf = ({ name, mac, mtu, slot }: GuestNic): Readonly<Record<string, unknown>> => ({
  driver: 'virtio-net-pci',
  id: nicDeviceId(name),
  netdev: netdevId(name),
  mac,
  bus: portOf(slot),
  host_mtu: mtu,
  romfile: '',
});

const seed = ({ seed: given }: GuestSpec, { seed: path }: Places): readonly string[] =>
  given === undefined
    ? []
    : [
        ...json('-blockdev', { 'node-name': 'seed', driver: 'raw', 'read-only': true, file: file(path) }),
        ...json('-device', { driver: 'virtio-blk-pci', id: 'seed', drive: 'seed', bus: 'pcie.0', addr: '0x1b' }),
      ];

const boot = (given: Boot): readonly string[] =>
  given.kind === 'disk' ? [] : ['-kernel', given.kernel, '-initrd', given.initrd, '-append', given.commandLine];
