import { openCursor, type Place } from '#log/segment/cursor';
import type { DiskFile } from '#log/segment/disk';
import { corruptEntry } from '#log/segment/fault';
import {
  intact,
  MOST_ENTRY_BYTES,
  payloadLength,
  RECORD_HEADER_BYTES,
  recordBytes,
  recordGroupStart,
  recordPosition,
} from '#log/segment/format';
import { nearest, remember, type Segment } from '#log/segment/segment';

/** An append that a crash cut off was removed. It had not been acknowledged. */
export interface TornTail {
  /** The first position that was cut. */
  readonly cutFrom: number;
  /** How many whole entries were among what was cut; at least one more was there in part. */
  readonly cutEntries: number;
}

export interface TailScan {
  /** Where the next record goes. */
  readonly end: Place;
  /** Bytes of the file that are usable. */
  readonly size: number;
  /** What has to be cleared behind the end: nothing, or bytes up to this offset. */
  readonly dirtyUntil: number;
  readonly torn: TornTail | undefined;
}

const PIECE_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(PIECE_BYTES);

/** Durable when it resolves. Zeros and not a hole: a write into a hole has to change the file system's own records. */
export const writeZeros = async (file: DiskFile, from: number, until: number): Promise<void> => {
  for (let at = from; at < until; at += PIECE_BYTES) {
    await file.write(ZEROS.subarray(0, Math.min(PIECE_BYTES, until - at)), at);
  }
};

/** Offsets behind the first and the last byte that is not zero, from `offset` on; equal when all are zero. */
const findDirt = async (file: DiskFile, offset: number, size: number): Promise<{ from: number; until: number }> => {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let from = size;
  let until = offset;
  for (let at = offset; at < size; at += PIECE_BYTES) {
    const bytes = piece.subarray(0, await file.read(piece.subarray(0, Math.min(PIECE_BYTES, size - at)), at));
    if (bytes.equals(ZEROS.subarray(0, bytes.length))) continue;
    from = Math.min(from, at + bytes.findIndex((byte) => byte !== 0));
    until = at + bytes.findLastIndex((byte) => byte !== 0) + 1;
  }
  return from < until ? { from, until } : { from: offset, until: offset };
};

/**
 * Whole records behind a place where none can be read. Cheap tests on position and group come before the checksum,
 * since every eighth byte is tried.
 */
const findRecords = (bytes: Buffer, expected: number, salt: number): readonly { group: number; position: number }[] => {
  const found: { group: number; position: number }[] = [];
  for (let at = 0; at + RECORD_HEADER_BYTES <= bytes.length; at += 8) {
    const length = payloadLength(bytes, at);
    if (at + RECORD_HEADER_BYTES + length > bytes.length) continue;
    const position = recordPosition(bytes, at);
    const group = recordGroupStart(bytes, at);
    if (position < expected || position > expected + bytes.length || group > position) continue;
    if (!intact(bytes, at, salt)) continue;
    found.push({ group, position });
    at += recordBytes(length) - 8;
  }
  return found;
};

/**
 * Reads a last segment to its end and tells a write that a crash cut off from damage to what was durable. Entries up
 * to `reached` are known to have been durable; damage to a later last group cannot be told from a cut. Changes
 * nothing. Throws on damage.
 */
export const scanTail = async (segment: Segment, file: DiskFile, reached: number): Promise<TailScan> => {
  const { salt } = segment.header;
  const bytes = await file.size();
  const size = bytes - (bytes % 8);
  const cursor = openCursor(
    file,
    nearest(segment, 0),
    salt,
    () => size,
    (place) => remember(segment, place),
  );
  while ((await cursor.take()).length > 0);
  const end = cursor.at();
  if (end.position <= reached) {
    throw corruptEntry(segment.path, end.offset, end.position, `no readable entry, but the log had reached ${reached}`);
  }
  const dirt = await findDirt(file, end.offset, bytes);
  if (dirt.until === dirt.from) return { end, size, dirtyUntil: end.offset, torn: undefined };

  // A record may end in zeros, behind the last byte that is not one.
  const tail = Buffer.alloc(Math.min(bytes, dirt.until + RECORD_HEADER_BYTES + MOST_ENTRY_BYTES) - end.offset);
  await file.read(tail, end.offset);
  const behind = findRecords(tail, end.position, salt);
  const later = behind.find(({ group }) => group > end.position);
  if (later !== undefined) {
    const found = `no readable entry, but position ${later.position} can be read behind it`;
    throw corruptEntry(segment.path, end.offset, end.position, found);
  }
  return { end, size, dirtyUntil: dirt.until, torn: { cutFrom: end.position, cutEntries: behind.length } };
};

/** Clears what a scan found behind the end; durable when it resolves. */
export const cutTail = async (file: DiskFile, { end, dirtyUntil }: TailScan): Promise<void> => {
  await writeZeros(file, end.offset, dirtyUntil);
};
