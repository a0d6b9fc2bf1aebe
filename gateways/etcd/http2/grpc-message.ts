import { gunzipSync } from 'node:zlib';
import { putUint32, uint32At } from '#gateways/etcd/http2/frame';
import { GrpcCode, type GrpcStatus } from '#gateways/etcd/http2/grpc-status';

/** A compressed-flag octet and a length of four (Length-Prefixed-Message of the gRPC protocol). */
const prefixBytes = 5;
const firstCapacityBytes = 1024;

/** The message with its prefix, to be written any number of times with `writeFramed`. */
export const encodeMessage = (payload: Uint8Array): Buffer => {
  const framed = Buffer.allocUnsafe(prefixBytes + payload.length);
  framed[0] = 0;
  putUint32(framed, 1, payload.length);
  framed.set(payload, prefixBytes);
  return framed;
};

/** Memory of the incomplete messages of one connection. */
export interface HeldMemory {
  heldBytes: number;
  readonly maxHeldBytes: number;
}

export interface MessageSink {
  message(payload: Buffer): void;
}

export type RequestEncoding = 'identity' | 'gzip';

/**
 * Cuts request bodies into messages. One that lies inside a DATA frame is a view of it; others are gathered in memory
 * that grows with what has arrived, never with what the prefix claims.
 */
export class MessageReader {
  private readonly maxMessageBytes: number;
  private readonly encoding: RequestEncoding;
  private readonly memory: HeldMemory;
  private readonly sink: MessageSink;
  private gathered: Buffer | undefined;
  private filled = 0;

  constructor(maxMessageBytes: number, encoding: RequestEncoding, memory: HeldMemory, sink: MessageSink) {
    this.maxMessageBytes = maxMessageBytes;
    this.encoding = encoding;
    this.memory = memory;
    this.sink = sink;
  }

  /** Whether the octets so far end inside a message. */
  get incomplete(): boolean {
    return this.filled > 0;
  }

  /** The status with which the call has to end, if the octets are not to be taken. */
  push(bytes: Buffer, start: number, end: number): GrpcStatus | undefined {
    let offset = start;
    while (offset < end) {
      if (this.filled === 0 && end - offset >= prefixBytes) {
        const length = uint32At(bytes, offset + 1);
        if (length > this.maxMessageBytes) return this.tooLarge(length);
        const messageEnd = offset + prefixBytes + length;
        if (messageEnd <= end) {
          const fault = this.message(bytes, offset, messageEnd);
          if (fault !== undefined) return fault;
          offset = messageEnd;
          continue;
        }
      }
      const wanted = this.wantedBytes();
      const taken = Math.min(end - offset, wanted);
      const fault = this.gather(bytes, offset, offset + taken);
      if (fault !== undefined) return fault;
      offset += taken;
    }
    return undefined;
  }

  /** Gives the memory of an incomplete message back. */
  discard() {
    this.memory.heldBytes -= this.gathered?.length ?? 0;
    this.gathered = undefined;
    this.filled = 0;
  }

  /** Octets missing to the end of the prefix or, behind it, of the message. */
  private wantedBytes(): number {
    if (this.gathered === undefined || this.filled < prefixBytes) return prefixBytes - this.filled;
    return prefixBytes + uint32At(this.gathered, 1) - this.filled;
  }

  private gather(bytes: Buffer, start: number, end: number): GrpcStatus | undefined {
    const needed = this.filled + end - start;
    const capacity = this.gathered?.length ?? 0;
    if (needed > capacity) {
      const grown = Buffer.allocUnsafe(Math.max(firstCapacityBytes, needed, Math.min(capacity * 2, needed * 2)));
      this.gathered?.copy(grown, 0, 0, this.filled);
      this.gathered = grown;
      this.memory.heldBytes += grown.length - capacity;
      if (this.memory.heldBytes > this.memory.maxHeldBytes) {
        return { code: GrpcCode.resourceExhausted, message: 'too many incomplete messages on this connection' };
      }
    }
    const gathered = this.gathered as Buffer;
    bytes.copy(gathered, this.filled, start, end);
    this.filled = needed;
    if (needed < prefixBytes) return undefined;
    const length = uint32At(gathered, 1);
    if (length > this.maxMessageBytes) return this.tooLarge(length);
    if (needed < prefixBytes + length) return undefined;
    this.discard();
    return this.message(gathered, 0, needed);
  }

  private message(bytes: Buffer, start: number, end: number): GrpcStatus | undefined {
    const flag = bytes[start] as number;
    const payload = bytes.subarray(start + prefixBytes, end);
    if (flag === 0) {
      this.sink.message(payload);
      return undefined;
    }
    if (flag !== 1 || this.encoding === 'identity') {
      return { code: GrpcCode.internal, message: 'a compressed message without grpc-encoding' };
    }
    const inflated = gunzip(payload, this.maxMessageBytes);
    if (!Buffer.isBuffer(inflated)) return inflated;
    this.sink.message(inflated);
    return undefined;
  }

  private tooLarge(length: number): GrpcStatus {
    const message = `grpc: received message larger than max (${length} vs. ${this.maxMessageBytes})`;
    return { code: GrpcCode.resourceExhausted, message };
  }
}

/** Synchronous, for the order of messages; the result is bounded, and so is the time. */
const gunzip = (payload: Buffer, maxOutputLength: number): Buffer | GrpcStatus => {
  try {
    return gunzipSync(payload, { maxOutputLength });
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    const tooLarge = code === 'ERR_BUFFER_TOO_LARGE';
    const message = tooLarge
      ? `grpc: received message after decompression larger than max ${maxOutputLength}`
      : 'grpc: failed to decompress the received message';
    return { code: tooLarge ? GrpcCode.resourceExhausted : GrpcCode.internal, message };
  }
};
