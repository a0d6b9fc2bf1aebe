import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cpio, type Entry } from '#harness/guest-image/cpio';
import { elfKernel, modulesInOrder } from '#harness/guest-image/kernel';

/** A guest that QEMU starts directly: a kernel, and all that it runs. */
export interface GuestImage {
  readonly kernel: string;
  readonly initrd: string;
  /** What the kernel must be told before the words of the guest's own. */
  readonly commandLine: string;
  /** Debian's packages that it was made from, as `name=version`. */
  readonly packages: readonly string[];
}

const kernelModules = [
  ...['virtio_pci', 'virtio_blk', 'virtio_net', 'virtio_console', 'virtio_balloon'],
  ...['button', 'evdev', 'isofs', 'qemu_fw_cfg'],
];

const commandLine = 'console=ttyS0 quiet panic=-1 nokaslr mitigations=off random.trust_cpu=on';

/** Raised when the same packages and init come to another image. */
const RECIPE = 1;

const root = join(__dirname, '../..');

/** Where images of this checkout are kept; git ignores it. */
const cache = join(root, '.cache', 'guest-image');

/** Why this machine cannot make the image, or undefined when it can. */
export const missingForImage = (): string | undefined => {
  for (const program of ['apt-get', 'apt-cache', 'dpkg-deb']) {
    if (spawnSync(program, ['--version']).status !== 0) return `${program} is missing`;
  }
  return kernelPackage() === undefined ? 'apt knows no linux-image-cloud-amd64 (apt-get update)' : undefined;
};

/**
 * The small guest, made from Debian's kernel and busybox: nothing is installed, and root is not needed. Made once for
 * each pair of packages and init; a kept one is used when its checksums are right.
 */
export const guestImage = (folder: string = cache): GuestImage => {
  const kernelName = kernelPackage();
  if (kernelName === undefined) throw new Error('apt knows no linux-image-cloud-amd64: run `apt-get update`.');
  const packages = withVersions([kernelName, 'busybox-static']);
  const init = readFileSync(join(root, 'harness/guest-image/init.sh'));
  const key = digest(JSON.stringify([RECIPE, packages, kernelModules, digest(init)])).slice(0, 16);
  const place = join(folder, key);
  const image = { kernel: join(place, 'kernel'), initrd: join(place, 'initrd'), commandLine, packages };
  if (isWhole(place)) return image;
  mkdirSync(folder, { recursive: true });
  const unfinished = mkdtempSync(join(folder, 'unfinished-'));
  // QEMU reads it as a user of its own.
  chmodSync(unfinished, 0o755);
  try {
    make(unfinished, packages, init);
    // Images of other packages or of another init are not asked for again.
    for (const name of readdirSync(folder)) {
      if (/^[0-9a-f]{16}$/.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
    }
    rmSync(place, { recursive: true, force: true });
    try {
      renameSync(unfinished, place);
    } catch (error) {
      // Somebody else was faster.
      if (!isWhole(place)) throw error;
    }
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return image;
};

const digest = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

const parts = ['kernel', 'initrd'] as const;

const isWhole = (place: string): boolean => {
  const list = join(place, 'sha256');
  if (!existsSync(list)) return false;
  const expected = readFileSync(list, 'utf8').split('\n');
  return parts.every((part, i) => {
    const file = join(place, part);
    return existsSync(file) && digest(readFileSync(file)) === expected[i];
  });
};

const ask = (program: string, args: readonly string[]): string => {
  const { stdout, status } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  return status === 0 ? stdout : '';
};

/** The package of the present kernel, which `linux-image-cloud-amd64` depends on. */
const kernelPackage = (): string | undefined =>
  /Depends: (linux-image-\S+-cloud-amd64)/.exec(ask('apt-cache', ['depends', 'linux-image-cloud-amd64']))?.[1];

/** As `name=version`, of the versions that apt would install. */
const withVersions = (names: readonly string[]): readonly string[] => {
  const versions = [...ask('apt-cache', ['policy', ...names]).matchAll(/Candidate: (\S+)/g)].map(([, found]) => found);
  return names.map((name, i) => {
    const version = versions[i];
    if (version === undefined || version === '(none)') throw new Error(`apt knows no ${name}: run \`apt-get update\`.`);
    return `${name}=${version}`;
  });
};

const make = (place: string, packages: readonly string[], init: Buffer): void => {
  const quiet = { cwd: place, stdio: 'pipe' } as const;
  execFileSync('apt-get', ['download', '-q', ...packages], { ...quiet, timeout: 300_000 });
  const unpackedTo = join(place, 'unpacked');
  for (const deb of readdirSync(place).filter((name) => name.endsWith('.deb'))) {
    execFileSync('dpkg-deb', ['-x', deb, unpackedTo], quiet);
    rmSync(join(place, deb));
  }
  const boot = join(unpackedTo, 'boot');
  const version = readdirSync(boot).find((name) => name.startsWith('vmlinuz-')) ?? '';
  const bzImage = readFileSync(join(boot, version));
  const kernel = join(place, 'kernel');
  writeFileSync(kernel, elfKernel(bzImage) ?? bzImage);
  // Symbols would be read into memory at each start; without strip they are.
  spawnSync('strip', [kernel]);
  const modules = modulesInOrder(join(unpackedTo, 'lib/modules'), kernelModules);
  const busybox = readFileSync(join(unpackedTo, 'bin/busybox'));
  const folder = (path: string): Entry => ({ path, mode: 0o040755 });
  const entries: readonly Entry[] = [
    ...['bin', 'dev', 'etc', 'modules', 'proc', 'run', 'sys', 'tmp'].map(folder),
    { path: 'bin/busybox', mode: 0o100755, content: busybox },
    { path: 'bin/sh', mode: 0o120777, content: Buffer.from('busybox') },
    { path: 'init', mode: 0o100755, content: init },
    { path: 'dev/console', mode: 0o020600, device: [5, 1] },
    ...modules.map(({ name, content }): Entry => ({ path: `modules/${name}`, mode: 0o100644, content })),
    { path: 'modules/order', mode: 0o100644, content: Buffer.from(modules.map(({ name }) => `${name}\n`).join('')) },
  ];
  writeFileSync(join(place, 'initrd'), cpio(entries));
  rmSync(unpackedTo, { recursive: true, force: true });
  const sums = parts.map((part) => digest(readFileSync(join(place, part))));
  writeFileSync(join(place, 'sha256'), `${sums.join('\n')}\n`);
};
