/** What a guest shall be, as plain data. Equal data give an equal machine on every host. */
export interface GuestSpec {
  /** Cluster-wide, as in `shop/web1`. */
  readonly id: string;
  /** Of this incarnation of the id: one that was deleted and made again has another. */
  readonly uid: string;
  /** Grows whenever another host may take the guest; an older one is refused. */
  readonly epoch: number;
  /** Grows with each change of what is desired; an older one of the same epoch is refused. */
  readonly generation: number;
  readonly cpuCount: number;
  /** Whole mebibytes. */
  readonly memoryBytes: number;
  readonly accelerator: Accelerator;
  readonly boot: Boot;
  /** In the order in which the firmware tries them. */
  readonly disks: readonly GuestDisk[];
  readonly nics: readonly GuestNic[];
  /** PCIe ports for disks and interfaces together. It stays as it is for the life of the guest. */
  readonly slotCount: number;
  readonly seed: Seed | undefined;
  readonly vnc: boolean;
}

export const accelerators = ['kvm', 'tcg'] as const;

/** `kvm` is the processor itself, `tcg` QEMU's translator, which is ten to fifty times slower. */
export type Accelerator = (typeof accelerators)[number];

export type Boot =
  | { readonly kind: 'disk' }
  | { readonly kind: 'kernel'; readonly kernel: string; readonly initrd: string; readonly commandLine: string };

export const diskFormats = ['qcow2', 'raw'] as const;

export type DiskFormat = (typeof diskFormats)[number];

export interface GuestDisk {
  /** A label, unique in the guest. */
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  readonly format: DiskFormat;
  readonly readOnly: boolean;
  /** A multiple of 512. */
  readonly sizeBytes: number;
  /** Where a new file begins: as an overlay over this one, which never changes. */
  readonly base: { readonly file: string; readonly format: DiskFormat } | undefined;
  /** Its PCIe port, from 0: the same for as long as it is attached. */
  readonly slot: number;
}

export interface GuestNic {
  /** A label, unique in the guest. */
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly link: Link;
  readonly slot: number;
}

export type Link =
  /** An interface of the host that is there already. */
  | { readonly kind: 'tap'; readonly interfaceName: string }
  /** QEMU's own network, for hosts where nobody may make an interface; guests do not see each other. */
  | { readonly kind: 'user'; readonly forwards: readonly Forward[] };

/** A TCP port of 127.0.0.1 on the host that leads to one of the guest. */
export interface Forward {
  readonly hostPort: number;
  readonly guestPort: number;
}

/** What cloud-init is told (NoCloud), on a small disk with the label `cidata`. */
export interface Seed {
  readonly userData: string;
  readonly metaData: string;
  readonly networkConfig: string | undefined;
}

/** Which guest, and on whose word: every action names it. */
export interface GuestRef {
  readonly id: string;
  readonly uid: string;
  readonly epoch: number;
  readonly generation: number;
}

/** Names of disks, interfaces and snapshots. */
export const isLabel = (text: string): boolean => label.test(text);

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const idForm = /^[a-z0-9][a-z0-9-]*(\/[a-z0-9][a-z0-9-]*)*$/;
const macForm = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const interfaceForm = /^[a-zA-Z0-9._-]{1,15}$/;
const mebibyte = 2 ** 20;

/** What cloud-init reads at most, and far below what the seed may hold. */
const MOST_USER_DATA_BYTES = 2 ** 20;

/** Everything that is wrong with a specification, in words; none when it can be carried out. */
export const specProblems = (spec: GuestSpec): readonly string[] => {
  const devices = [...spec.disks, ...spec.nics];
  return [
    ...say(!idForm.test(spec.id) || spec.id.length > 200, 'id: expected labels with slashes between them'),
    ...say(!/^[A-Za-z0-9-]{1,64}$/.test(spec.uid), 'uid: expected letters, digits and dashes'),
    ...say(!Number.isSafeInteger(spec.epoch) || spec.epoch < 0, 'epoch: expected a whole number'),
    ...say(!Number.isSafeInteger(spec.generation) || spec.generation < 0, 'generation: expected a whole number'),
    ...say(!isBetween(spec.cpuCount, 1, 288), 'cpuCount: expected 1 to 288'),
    ...say(
      spec.memoryBytes % mebibyte !== 0 || !isBetween(spec.memoryBytes / mebibyte, 32, 2 ** 24),
      'memoryBytes: expected whole mebibytes, at least 32',
    ),
    ...say(!isBetween(spec.slotCount, 0, 32), 'slotCount: expected 0 to 32'),
    ...bootProblems(spec.boot),
    ...spec.disks.flatMap(diskProblems),
    ...spec.nics.flatMap(nicProblems),
    ...devices
      .filter(({ slot }) => !isBetween(slot, 0, spec.slotCount - 1))
      .map(({ name, slot }) => `${name}: slot ${slot} is not one of ${spec.slotCount}`),
    ...repeated(devices.map(({ slot }) => `slot ${slot}`)),
    ...repeated(devices.map(({ name }) => `name ${name}`)),
    ...repeated(spec.nics.map(({ mac }) => `mac ${mac}`)),
    ...repeated(spec.disks.filter(({ readOnly }) => !readOnly).map(({ file }) => `file ${file}`)),
    ...seedProblems(spec.seed),
  ];
};

const say = (wrong: boolean, problem: string): readonly string[] => (wrong ? [problem] : []);

const isBetween = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

/** Commas separate options of QEMU; control characters would end a line of a file that is read by lines. */
const isPath = (path: string): boolean => path.startsWith('/') && !/[\u0000-\u001f]/.test(path);

const bootProblems = (boot: Boot): readonly string[] => {
  if (boot.kind === 'disk') return [];
  return [
    ...say(!isPath(boot.kernel) || !isPath(boot.initrd), 'boot: expected absolute paths'),
    ...say(boot.commandLine.length > 2_000 || boot.commandLine.includes('\n'), 'commandLine: at most 2000 characters'),
  ];
};

/** Problems of one disk by itself. */
const diskProblems = (disk: GuestDisk): readonly string[] => [
  ...say(!isLabel(disk.name), `disk ${disk.name}: expected a label for its name`),
  ...say(!isPath(disk.file), `disk ${disk.name}: expected an absolute path`),
  ...say(
    disk.base !== undefined && !isPath(disk.base.file),
    `disk ${disk.name}: expected an absolute path of the base`,
  ),
  ...say(disk.base !== undefined && disk.format !== 'qcow2', `disk ${disk.name}: only qcow2 has a base`),
  ...say(
    disk.sizeBytes % 512 !== 0 || !isBetween(disk.sizeBytes / 512, 1, 2 ** 37),
    `disk ${disk.name}: expected a size in whole sectors of 512 bytes, at most 64 TiB`,
  ),
];

/** Problems of one interface by itself. */
const nicProblems = ({ name, mac, mtu, link }: GuestNic): readonly string[] => [
  ...say(!isLabel(name), `nic ${name}: expected a label for its name`),
  ...say(!macForm.test(mac), `nic ${name}: expected six pairs of lower-case hexadecimal digits`),
  ...say((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1, `nic ${name}: the address is one of a group`),
  ...say(!isBetween(mtu, 68, 65_535), `nic ${name}: expected an mtu of 68 to 65535`),
  ...say(
    link.kind === 'tap' && !interfaceForm.test(link.interfaceName),
    `nic ${name}: expected the name of an interface, at most 15 characters`,
  ),
  ...say(
    link.kind === 'user' &&
      link.forwards.some(
        ({ hostPort, guestPort }) => !isBetween(hostPort, 1, 65_535) || !isBetween(guestPort, 1, 65_535),
      ),
    `nic ${name}: expected ports of 1 to 65535`,
  ),
];

const seedProblems = (seed: Seed | undefined): readonly string[] => {
  if (seed === undefined) return [];
  const texts = [seed.userData, seed.metaData, seed.networkConfig ?? ''];
  return say(
    texts.some((text) => Buffer.byteLength(text) > MOST_USER_DATA_BYTES),
    `seed: each text has at most ${MOST_USER_DATA_BYTES} bytes`,
  );
};

const repeated = (words: readonly string[]): readonly string[] =>
  [...new Set(words.filter((word, i) => words.indexOf(word) !== i))].map((word) => `${word} is there twice`);
