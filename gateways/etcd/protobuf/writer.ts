const initialBytes = 64 * 1024;
/** A buffer that one large answer has grown is not kept for ever. */
const keptBytes = 1024 * 1024;

/** Appends encoded fields to one buffer that is used again for the next message. */
export class Writer {
  private bytes = Buffer.allocUnsafeSlow(initialBytes);
  private at = 0;

  get length(): number {
    return this.at;
  }

  /** A copy of what was written; the writer is empty again. */
  finish(): Buffer {
    const written = Buffer.allocUnsafe(this.at);
    this.bytes.copy(written, 0, 0, this.at);
    this.clear();
    return written;
  }

  clear(): void {
    this.at = 0;
    if (this.bytes.length > keptBytes) this.bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  byte(value: number): void {
    if (this.at === this.bytes.length) this.grow(1);
    this.bytes[this.at++] = value;
  }

  /** A whole number as a varint; a negative one in two's complement, ten octets. */
  int64(value: number): void {
    if (value >= 0 && value < 0x80) {
      this.byte(value);
      return;
    }
    if (value < 0) {
      this.bigint(BigInt.asUintN(64, BigInt(value)));
      return;
    }
    if (this.at + 10 > this.bytes.length) this.grow(10);
    let rest = value;
    while (rest >= 0x8000_0000) {
      this.bytes[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  bigint(value: bigint): void {
    let rest = value;
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  raw(bytes: Uint8Array): void {
    if (this.at + bytes.length > this.bytes.length) this.grow(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  delimited(bytes: Uint8Array): void {
    this.int64(bytes.length);
    this.raw(bytes);
  }

  /** A string with one char per byte. */
  latin1(text: string): void {
    this.int64(text.length);
    if (this.at + text.length > this.bytes.length) this.grow(text.length);
    this.at += this.bytes.write(text, this.at, 'latin1');
  }

  utf8(text: string): void {
    const length = Buffer.byteLength(text, 'utf8');
    this.int64(length);
    if (this.at + length > this.bytes.length) this.grow(length);
    this.at += this.bytes.write(text, this.at, 'utf8');
  }

  /** Leaves room for a length of one octet; `close` widens it when the content is longer. */
  open(): number {
    this.byte(0);
    return this.at;
  }

  close(start: number): void {
    const length = this.at - start;
    if (length < 0x80) {
      this.bytes[start - 1] = length;
      return;
    }
    let more = 0;
    for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) more++;
    if (this.at + more > this.bytes.length) this.grow(more);
    this.bytes.copyWithin(start + more, start, this.at);
    this.at = start - 1;
    this.int64(length);
    this.at += length;
  }

  private grow(wanted: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + wanted));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}
