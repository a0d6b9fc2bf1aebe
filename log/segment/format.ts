import { crc32 } from 'node:zlib';

/**
 * The files of an embedded log. All numbers are little-endian; a u64 is at most 2^53 - 1.
 *
 * A directory holds `log.json` (the manifest), `lock`, and files named by the first position they are for,
 * twenty digits and `.segment`. A file `spare` is the next segment being prepared and may be removed.
 *
 * A segment is a header, records from byte 4096 on without a hole, then zeros up to its end, written in advance:
 *
 *     offset size  header
 *     0      8     "UCLOGSEG"
 *     8      u32   format, 1
 *     12     u32   CRC-32 of bytes 16 to 63, begun with the format
 *     16     16    cluster id
 *     32     u64   incarnation
 *     40     u64   base: the position before the first record
 *     48     u64   base of the segment before; its own base in the first segment of an incarnation
 *     56     u32   salt: random, so that no payload can hold what passes for a record of this file
 *     60     u32   zero
 *
 *     offset size  record, at a multiple of 8
 *     0      u32   length of the payload in bytes
 *     4      u32   CRC-32 of the rest, begun with salt xor length
 *     8      u64   position
 *     16     u64   position of the first record of its group
 *     24     u64   when it was appended, milliseconds since 1970
 *     32           payload, then zeros up to the next multiple of 8
 *
 * A group is one write with one flush, and the next is written only after that flush. So a record that cannot be
 * read and has a record of a later group behind it was damaged after it was durable; with nothing of a later group
 * behind it, its write never finished.
 */
export const FORMAT = 1;
export const HEADER_BYTES = 64;
export const FIRST_RECORD = 4096;
export const RECORD_HEADER_BYTES = 32;
/** Far above what a command may weigh; it bounds what a damaged length can make a reader load. */
export const MOST_ENTRY_BYTES = 16 * 1024 * 1024;

const MAGIC = Buffer.from('UCLOGSEG');

export interface SegmentHeader {
  /** 32 hexadecimal digits. */
  readonly clusterId: string;
  readonly incarnation: number;
  readonly base: number;
  readonly previousBase: number;
  readonly salt: number;
}

const writeU64 = (buffer: Buffer, value: number, at: number): void => {
  buffer.writeUInt32LE(value % 0x100000000, at);
  buffer.writeUInt32LE(Math.floor(value / 0x100000000), at + 4);
};

const readU64 = (buffer: Buffer, at: number): number =>
  buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 0x100000000;

export const encodeHeader = (header: SegmentHeader): Buffer => {
  const block = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(block, 0);
  block.writeUInt32LE(FORMAT, 8);
  block.write(header.clusterId, 16, 16, 'hex');
  writeU64(block, header.incarnation, 32);
  writeU64(block, header.base, 40);
  writeU64(block, header.previousBase, 48);
  block.writeUInt32LE(header.salt, 56);
  block.writeUInt32LE(crc32(block.subarray(16), FORMAT), 12);
  return block;
};

export type HeaderReading =
  | { readonly kind: 'header'; readonly header: SegmentHeader }
  | { readonly kind: 'newer'; readonly format: number }
  | { readonly kind: 'unreadable' };

export const decodeHeader = (block: Buffer): HeaderReading => {
  if (block.length < HEADER_BYTES || !MAGIC.equals(block.subarray(0, 8))) return { kind: 'unreadable' };
  const format = block.readUInt32LE(8);
  if (format > FORMAT) return { kind: 'newer', format };
  if (block.readUInt32LE(12) !== crc32(block.subarray(16, HEADER_BYTES), format)) return { kind: 'unreadable' };
  return {
    kind: 'header',
    header: {
      clusterId: block.toString('hex', 16, 32),
      incarnation: readU64(block, 32),
      base: readU64(block, 40),
      previousBase: readU64(block, 48),
      salt: block.readUInt32LE(56),
    },
  };
};

/** How many bytes a payload takes in a segment. */
export const recordBytes = (payloadBytes: number): number => (RECORD_HEADER_BYTES + payloadBytes + 7) & ~7;

/** Writes one record and gives the offset behind it. */
export const encodeRecord = (
  target: Buffer,
  at: number,
  record: { readonly position: number; readonly groupStart: number; readonly appendedAtMs: number },
  payload: Buffer,
  salt: number,
): number => {
  const end = at + RECORD_HEADER_BYTES + payload.length;
  const next = at + recordBytes(payload.length);
  target.writeUInt32LE(payload.length, at);
  writeU64(target, record.position, at + 8);
  writeU64(target, record.groupStart, at + 16);
  writeU64(target, record.appendedAtMs, at + 24);
  payload.copy(target, at + RECORD_HEADER_BYTES);
  target.fill(0, end, next);
  target.writeUInt32LE(crc32(target.subarray(at + 8, end), (salt ^ payload.length) >>> 0), at + 4);
  return next;
};

export const payloadLength = (buffer: Buffer, at: number): number => buffer.readUInt32LE(at);
export const recordPosition = (buffer: Buffer, at: number): number => readU64(buffer, at + 8);
export const recordGroupStart = (buffer: Buffer, at: number): number => readU64(buffer, at + 16);
export const recordAppendedAtMs = (buffer: Buffer, at: number): number => readU64(buffer, at + 24);

/** Whether the bytes at `at`, all of which must be in the buffer, are a record as it was written. */
export const intact = (buffer: Buffer, at: number, salt: number): boolean => {
  const length = payloadLength(buffer, at);
  const body = buffer.subarray(at + 8, at + RECORD_HEADER_BYTES + length);
  return buffer.readUInt32LE(at + 4) === crc32(body, (salt ^ length) >>> 0);
};

const SEGMENT_NAME = /^(\d{20})\.segment$/;

/** Named by the first position it is for. */
export const segmentName = (base: number): string => `${String(base + 1).padStart(20, '0')}.segment`;

/** The base a segment file is for, by its name; undefined for any other file. */
export const baseOfName = (name: string): number | undefined => {
  const digits = SEGMENT_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits) - 1;
};
