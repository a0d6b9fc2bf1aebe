/** One entry of an archive. */
export interface Entry {
  /** Without a slash in front. */
  readonly path: string;
  /** With the bits that say what it is: 0o100755 a program, 0o040755 a folder, 0o120777 a link, 0o020600 a device. */
  readonly mode: number;
  readonly content?: Buffer;
  /** Of a device: major and minor number. */
  readonly device?: readonly [number, number];
}

/** An archive in the `newc` form of cpio, which the kernel unpacks as its first root. It bears no time. */
export const cpio = (entries: readonly Entry[]): Buffer =>
  Buffer.concat([...entries, { path: 'TRAILER!!!', mode: 0 }].flatMap(record));

const record = ({ path, mode, content = Buffer.alloc(0), device = [0, 0] }: Entry, index: number): Buffer[] => {
  const name = Buffer.from(`${path}\0`);
  // Inode, mode, owner, group, links, time, size, device of the file, device it is, length of the name, checksum.
  const fields = [index + 1, mode, 0, 0, 1, 0, content.length, 0, 0, ...device, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return [padded(Buffer.concat([Buffer.from(header), name])), padded(content)];
};

const padded = (part: Buffer): Buffer => Buffer.concat([part, Buffer.alloc((4 - (part.length % 4)) % 4)]);
