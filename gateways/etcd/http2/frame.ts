/** Frame types (RFC 9113 section 6). */
export const FrameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const Flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** RFC 9113 4.1. */
export const frameHeaderBytes = 9;
/** RFC 9113 4.2: the size every endpoint must take, and the one we keep for what we receive. */
export const defaultMaxFrameBytes = 16_384;

/** RFC 9113 3.4. */
export const clientPreface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const putFrameHeader = (
  target: Uint8Array,
  offset: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
) => {
  target[offset] = length >>> 16;
  target[offset + 1] = length >>> 8;
  target[offset + 2] = length;
  target[offset + 3] = type;
  target[offset + 4] = flags;
  putUint32(target, offset + 5, streamId);
};

export const putUint32 = (target: Uint8Array, offset: number, value: number) => {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
};

export const uint32At = (bytes: Uint8Array, offset: number): number =>
  (((bytes[offset] as number) << 24) |
    ((bytes[offset + 1] as number) << 16) |
    ((bytes[offset + 2] as number) << 8) |
    (bytes[offset + 3] as number)) >>>
  0;

/** What a frame reader hands over; the payload is `bytes[start, end)` and is never reused, so it may be kept. */
export interface FrameSink {
  /** False stops the reader for good. */
  frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean;
  /** A frame longer than SETTINGS_MAX_FRAME_SIZE, known from its header alone (RFC 9113 4.2). */
  oversized(length: number): void;
}

/** Cuts a byte stream into frames. Payloads inside one chunk are not copied; one that spans chunks is copied once. */
export class FrameReader {
  private readonly sink: FrameSink;
  private readonly maxFrameBytes: number;
  private readonly header = Buffer.alloc(frameHeaderBytes);
  private headerFilled = 0;
  private payload: Buffer | undefined;
  private payloadFilled = 0;
  private stopped = false;

  constructor(sink: FrameSink, maxFrameBytes = defaultMaxFrameBytes) {
    this.sink = sink;
    this.maxFrameBytes = maxFrameBytes;
  }

  push(chunk: Buffer, from = 0) {
    if (this.stopped) return;
    let offset = this.headerFilled === 0 ? from : this.resume(chunk, from);
    while (!this.stopped && chunk.length - offset >= frameHeaderBytes) {
      const length = this.lengthAt(chunk, offset);
      if (length < 0) return;
      const end = offset + frameHeaderBytes + length;
      if (end > chunk.length) break;
      this.deliver(chunk, offset, chunk, offset + frameHeaderBytes, end);
      offset = end;
    }
    if (!this.stopped && offset < chunk.length) this.resume(chunk, offset);
  }

  /** Goes on with the frame that the last chunk cut; gives the offset where the next frame begins. */
  private resume(chunk: Buffer, from: number): number {
    const headerEnd = Math.min(chunk.length, from + frameHeaderBytes - this.headerFilled);
    chunk.copy(this.header, this.headerFilled, from, headerEnd);
    this.headerFilled += headerEnd - from;
    if (this.headerFilled < frameHeaderBytes) return chunk.length;
    const length = this.lengthAt(this.header, 0);
    if (length < 0) return chunk.length;
    if (this.payload === undefined && chunk.length - headerEnd >= length) {
      this.headerFilled = 0;
      this.deliver(this.header, 0, chunk, headerEnd, headerEnd + length);
      return headerEnd + length;
    }
    this.payload ??= Buffer.allocUnsafe(length);
    const end = Math.min(chunk.length, headerEnd + length - this.payloadFilled);
    chunk.copy(this.payload, this.payloadFilled, headerEnd, end);
    this.payloadFilled += end - headerEnd;
    if (this.payloadFilled < length) return chunk.length;
    const payload = this.payload;
    this.payload = undefined;
    this.payloadFilled = 0;
    this.headerFilled = 0;
    this.deliver(this.header, 0, payload, 0, length);
    return end;
  }

  private lengthAt(bytes: Uint8Array, offset: number): number {
    const length =
      ((bytes[offset] as number) << 16) | ((bytes[offset + 1] as number) << 8) | (bytes[offset + 2] as number);
    if (length <= this.maxFrameBytes) return length;
    this.stopped = true;
    this.sink.oversized(length);
    return -1;
  }

  private deliver(header: Uint8Array, at: number, bytes: Buffer, start: number, end: number) {
    const streamId = uint32At(header, at + 5) & 0x7fff_ffff;
    const type = header[at + 3] as number;
    if (!this.sink.frame(type, header[at + 4] as number, streamId, bytes, start, end)) this.stopped = true;
  }
}
