/** The input breaks the rules of the encoding; the message says at which octet. */
export class Malformed extends Error {}

/** Wire types of the protocol buffer encoding; groups (3, 4) are not used by proto3. */
export const WireType = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

const HIGH = 0x1_0000_0000;

/** A cursor over one encoded message. */
export class Reader {
  readonly bytes: Buffer;
  at: number;
  end: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
  }

  /** A varint as a signed number: exact up to 2^53, the nearest number beyond. */
  int64(): number {
    const first = this.bytes[this.at] ?? 0x80;
    if (first < 0x80 && this.at < this.end) {
      this.at++;
      return first;
    }
    const { low, high } = this.halves();
    return (high | 0) * HIGH + low;
  }

  /** A varint as signed decimal digits, exact over all 64 bits. */
  int64Text(): string {
    const { low, high } = this.halves();
    if (high < 0x20_0000) return String(high * HIGH + low);
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)).toString();
  }

  uint64(): bigint {
    const { low, high } = this.halves();
    return (BigInt(high) << 32n) | BigInt(low);
  }

  /** The length in front of delimited content, checked against what is there. */
  length(): number {
    const length = this.int64();
    if (length < 0 || length > this.end - this.at) throw new Malformed(`content of octet ${this.at} is cut off`);
    return length;
  }

  delimited(): Buffer {
    const length = this.length();
    const from = this.at;
    this.at = from + length;
    return this.bytes.subarray(from, this.at);
  }

  /** Delimited bytes as a string with one char per byte. */
  latin1(): string {
    const length = this.length();
    const from = this.at;
    this.at = from + length;
    return this.bytes.toString('latin1', from, this.at);
  }

  utf8(): string {
    const length = this.length();
    const from = this.at;
    this.at = from + length;
    return this.bytes.toString('utf8', from, this.at);
  }

  skip(wireType: number): void {
    switch (wireType) {
      case WireType.varint:
        this.halves();
        return;
      case WireType.fixed64:
        this.at += 8;
        break;
      case WireType.delimited:
        this.delimited();
        return;
      case WireType.fixed32:
        this.at += 4;
        break;
      default:
        throw new Malformed(`wire type ${wireType} before octet ${this.at}`);
    }
    if (this.at > this.end) throw new Malformed('a field is cut off');
  }

  private halves(): { low: number; high: number } {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) throw new Malformed('a number is cut off');
      const byte = this.bytes[this.at++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 0x80) return { low: low >>> 0, high: high >>> 0 };
    }
    throw new Malformed(`a number before octet ${this.at} has more than ten octets`);
  }
}
