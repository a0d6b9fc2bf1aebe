import type { Seed } from '#gateways/host/guest/guest-spec';

interface SeedFile {
  readonly name: string;
  readonly content: Buffer;
}

const SECTOR = 2_048;

/**
 * A disk image with the files of NoCloud, labelled `cidata`: ISO 9660 with Joliet names (ECMA-119 and its supplement).
 * It bears no time, so equal seeds give equal bytes on every host.
 */
export const seedImage = (seed: Seed): Buffer => {
  const files: readonly SeedFile[] = [
    { name: 'meta-data', content: Buffer.from(seed.metaData) },
    ...(seed.networkConfig === undefined ? [] : [{ name: 'network-config', content: Buffer.from(seed.networkConfig) }]),
    { name: 'user-data', content: Buffer.from(seed.userData) },
  ];
  // 16 sectors for boot loaders, two descriptors and their end, four tables of folders, two folders, then the files.
  const [tables, folders, first] = [19, 23, 25];
  const places = files.map(
    (_, i) => first + files.slice(0, i).reduce((sum, { content }) => sum + sectors(content.length), 0),
  );
  const end = files.reduce((sum, { content }) => sum + sectors(content.length), first);
  const plain = folder(files, places, folders, (name) => Buffer.from(`${name.toUpperCase().replaceAll('-', '_')}.;1`));
  const joliet = folder(files, places, folders + 1, wide);
  return Buffer.concat([
    Buffer.alloc(16 * SECTOR),
    descriptor(1, end, tables, folders),
    descriptor(2, end, tables + 2, folders + 1),
    filled(Buffer.from('\xffCD001\x01', 'latin1')),
    ...[folders, folders + 1].flatMap((place) => [filled(table(place, 'LE')), filled(table(place, 'BE'))]),
    plain,
    joliet,
    ...files.map(({ content }) =>
      Buffer.concat([content, Buffer.alloc(sectors(content.length) * SECTOR - content.length)]),
    ),
  ]);
};

/** An empty file takes a sector too: it must be somewhere. */
const sectors = (bytes: number): number => Math.max(1, Math.ceil(bytes / SECTOR));

const filled = (part: Buffer): Buffer => Buffer.concat([part, Buffer.alloc(SECTOR - part.length)]);

/** Joliet's names are UCS-2 with the high byte first. */
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

/** A number in both byte orders. */
const both32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(value, 0);
  buffer.writeUInt32BE(value, 4);
  return buffer;
};

const both16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt16LE(value, 0);
  buffer.writeUInt16BE(value, 2);
  return buffer;
};

const record = (name: Buffer, place: number, length: number, isFolder: boolean): Buffer => {
  const size = 33 + name.length + ((33 + name.length) % 2);
  const buffer = Buffer.alloc(size);
  buffer[0] = size;
  both32(place).copy(buffer, 2);
  both32(length).copy(buffer, 10);
  // 1 January 1970; the day and the month begin at 1.
  buffer.set([70, 1, 1, 0, 0, 0, 0], 18);
  buffer[25] = isFolder ? 2 : 0;
  both16(1).copy(buffer, 28);
  buffer[32] = name.length;
  name.copy(buffer, 33);
  return buffer;
};

const folder = (
  files: readonly SeedFile[],
  places: readonly number[],
  own: number,
  nameOf: (name: string) => Buffer,
): Buffer =>
  filled(
    Buffer.concat([
      record(Buffer.from([0]), own, SECTOR, true),
      record(Buffer.from([1]), own, SECTOR, true),
      ...files.map(({ name, content }, i) => record(nameOf(name), places[i] ?? 0, content.length, false)),
    ]),
  );

const table = (place: number, order: 'LE' | 'BE'): Buffer => {
  const buffer = Buffer.alloc(10);
  buffer[0] = 1;
  if (order === 'LE') {
    buffer.writeUInt32LE(place, 2);
    buffer.writeUInt16LE(1, 6);
  } else {
    buffer.writeUInt32BE(place, 2);
    buffer.writeUInt16BE(1, 6);
  }
  return buffer;
};

/** Kind 1 is the volume as ISO 9660 has it, kind 2 the same with Joliet's names. */
const descriptor = (kind: 1 | 2, end: number, tables: number, root: number): Buffer => {
  const buffer = Buffer.alloc(SECTOR);
  const text = (at: number, length: number, value: string): void => {
    const encoded = kind === 1 ? Buffer.from(value.padEnd(length)) : wide(value.padEnd(length / 2)).subarray(0, length);
    encoded.copy(buffer, at);
  };
  buffer[0] = kind;
  buffer.write('CD001\x01', 1, 'latin1');
  text(8, 32, '');
  text(40, 32, 'cidata');
  both32(end).copy(buffer, 80);
  // Joliet, level 3.
  if (kind === 2) buffer.write('%/E', 88, 'latin1');
  both16(1).copy(buffer, 120);
  both16(1).copy(buffer, 124);
  both16(SECTOR).copy(buffer, 128);
  both32(10).copy(buffer, 132);
  buffer.writeUInt32LE(tables, 140);
  buffer.writeUInt32BE(tables + 1, 148);
  record(Buffer.from([0]), root, SECTOR, true).copy(buffer, 156);
  text(190, 128, '');
  for (const at of [318, 446, 574]) text(at, 128, '');
  for (const at of [702, 739, 776]) text(at, 36, '');
  // Times that are not set are sixteen zeros in digits and an offset of 0.
  for (const at of [813, 830, 847, 864]) buffer.write('0'.repeat(16), at, 'latin1');
  buffer[881] = 1;
  return buffer;
};
