import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Programs that unpack what begins with these bytes. */
const unpackers: readonly (readonly [magic: string, program: string, ...flags: string[]])[] = [
  ['02214c18', 'lz4', '-dc'],
  ['28b52ffd', 'zstd', '-dcq'],
  ['fd377a58', 'xz', '-dc'],
  ['1f8b', 'gzip', '-dc'],
];

const MOST_BYTES = 256 * 2 ** 20;

const unpacked = (packed: Buffer): Buffer | undefined => {
  const found = unpackers.find(([magic]) => packed.subarray(0, magic.length / 2).toString('hex') === magic);
  if (found === undefined) return undefined;
  const [, program, ...flags] = found;
  const { stdout, status } = spawnSync(program, flags, { input: packed, maxBuffer: MOST_BYTES });
  // lz4 complains of what follows the payload, after it has given all of it.
  return status === 0 || stdout?.subarray(0, 4).toString('latin1') === '\x7fELF' ? stdout : undefined;
};

/**
 * The ELF kernel inside a compressed one, which QEMU starts without unpacking it in the guest (PVH); undefined where
 * the machine has no program that unpacks it. Layout: Documentation/arch/x86/boot.rst of Linux.
 */
export const elfKernel = (bzImage: Buffer): Buffer | undefined => {
  const setupSectors = bzImage[0x1f1] === 0 ? 4 : (bzImage[0x1f1] ?? 4);
  const start = (setupSectors + 1) * 512 + bzImage.readUInt32LE(0x248);
  const length = bzImage.readUInt32LE(0x24c);
  // The last four bytes are the unpacked length.
  const elf = unpacked(bzImage.subarray(start, start + length - 4));
  return elf?.subarray(0, 4).toString('latin1') === '\x7fELF' ? elf : undefined;
};

export interface Module {
  readonly name: string;
  readonly content: Buffer;
}

/** Named modules with all that they need, in the order in which they may be loaded; those built in are left out. */
export const modulesInOrder = (folder: string, wanted: readonly string[]): readonly Module[] => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /\.ko(\.\w+)?$/.test(path));
  const byName = new Map(files.map((path) => [nameOf(path), join(folder, path)]));
  const found = new Map<string, Module>();
  const visit = (name: string): void => {
    const file = byName.get(name);
    if (file === undefined || found.has(name)) return;
    const raw = readFileSync(file);
    const content = unpacked(raw) ?? raw;
    for (const needed of dependencies(content)) visit(needed);
    found.set(name, { name: `${name}.ko`, content });
  };
  for (const name of wanted) visit(name);
  return [...found.values()];
};

const nameOf = (path: string): string =>
  basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_');

/** A module names what it needs in a section of texts, as in `depends=virtio,virtio_ring`. */
const dependencies = (content: Buffer): readonly string[] => {
  const at = content.indexOf('\0depends=', 0, 'latin1');
  if (at < 0) return [];
  const start = at + '\0depends='.length;
  const text = content.toString('latin1', start, content.indexOf(0, start));
  return text === '' ? [] : text.split(',').map((name) => name.replaceAll('-', '_'));
};
