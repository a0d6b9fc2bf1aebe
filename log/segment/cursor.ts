import type { LogEntry } from '#log/log';
import type { DiskFile } from '#log/segment/disk';
import {
  intact,
  MOST_ENTRY_BYTES,
  payloadLength,
  RECORD_HEADER_BYTES,
  recordAppendedAtMs,
  recordBytes,
  recordGroupStart,
  recordPosition,
} from '#log/segment/format';

const CHUNK_BYTES = 1024 * 1024;
const ENTRIES_AT_ONCE = 1024;

/** Where a record begins, and what the record before it was. */
export interface Place {
  readonly offset: number;
  /** Of the record that begins here. */
  readonly position: number;
}

/** Reads the records of one segment in order, in large pieces, and checks each of them. */
export interface Cursor {
  /** Up to 1,024 records, none when there is none to be read at `at()`. */
  readonly take: () => Promise<readonly LogEntry[]>;
  /** Where the next record is expected. */
  readonly at: () => Place;
  /** Start of the group of the record that was read last; 0 before the first. */
  readonly groupStart: () => number;
}

/**
 * `limit` gives the offset behind the last byte that may be read now; it may grow. `seen` is told a place from time
 * to time, about once a chunk, so that a later cursor can begin near what it looks for.
 */
export const openCursor = (
  file: DiskFile,
  from: Place,
  salt: number,
  limit: () => number,
  seen: (place: Place) => void,
): Cursor => {
  let { offset, position } = from;
  let groupStart = 0;
  let chunk: Buffer = Buffer.alloc(0);
  let chunkOffset = offset;
  let ahead: { readonly offset: number; readonly chunk: Promise<Buffer> } | undefined;

  const load = async (at: number, atLeast: number): Promise<Buffer> => {
    const bytes = Math.min(Math.max(CHUNK_BYTES, atLeast), limit() - at);
    if (bytes <= 0) return Buffer.alloc(0);
    const buffer = Buffer.allocUnsafeSlow(bytes);
    return buffer.subarray(0, await file.read(buffer, at));
  };

  const refill = async (atLeast: number): Promise<boolean> => {
    const next = ahead?.offset === offset ? await ahead.chunk : await load(offset, atLeast);
    ahead = undefined;
    chunk = next.length >= atLeast ? next : await load(offset, atLeast);
    chunkOffset = offset;
    seen({ offset, position });
    return chunk.length >= atLeast;
  };

  /** Bytes of the record at `offset`, once it is in the chunk; 0 when none can be read there. */
  const locate = async (): Promise<number> => {
    if (chunkOffset + chunk.length - offset < RECORD_HEADER_BYTES && !(await refill(RECORD_HEADER_BYTES))) return 0;
    const length = payloadLength(chunk, offset - chunkOffset);
    if (length > MOST_ENTRY_BYTES) return 0;
    const bytes = recordBytes(length);
    return chunkOffset + chunk.length - offset >= bytes || (await refill(bytes)) ? bytes : 0;
  };

  const parse = (at: number): LogEntry | undefined => {
    const group = recordGroupStart(chunk, at);
    const follows = group === position || (group < position && (group === groupStart || groupStart === 0));
    if (!follows || recordPosition(chunk, at) !== position || !intact(chunk, at, salt)) return undefined;
    groupStart = group;
    const body = at + RECORD_HEADER_BYTES;
    const bytes = chunk.subarray(body, body + payloadLength(chunk, at));
    return { position, appendedAtMs: recordAppendedAtMs(chunk, at), bytes };
  };

  /** Bytes of the record at `offset` if the chunk holds all of it, else 0. */
  const loaded = (): number => {
    const rest = chunkOffset + chunk.length - offset;
    if (rest < RECORD_HEADER_BYTES) return 0;
    const length = payloadLength(chunk, offset - chunkOffset);
    return length <= MOST_ENTRY_BYTES && recordBytes(length) <= rest ? recordBytes(length) : 0;
  };

  const take = async (): Promise<readonly LogEntry[]> => {
    const entries: LogEntry[] = [];
    let bytes = await locate();
    while (bytes > 0 && entries.length < ENTRIES_AT_ONCE) {
      const entry = parse(offset - chunkOffset);
      if (entry === undefined) return entries;
      entries.push(entry);
      offset += bytes;
      position++;
      bytes = loaded();
    }
    if (bytes === 0 && entries.length > 0) {
      ahead = { offset, chunk: load(offset, 0) };
      ahead.chunk.catch(() => undefined);
    }
    return entries;
  };

  return { take, at: () => ({ offset, position }), groupStart: () => groupStart };
};
