import { fieldSizeBytes, HeaderTable, type HeaderField } from '#gateways/etcd/http2/header-table';
import { decodeHuffman } from '#gateways/etcd/http2/huffman';

/** A decoded field block. Past `maxListBytes` fields are decoded, since the table must follow, but not kept. */
export interface FieldList {
  readonly fields: readonly HeaderField[];
  readonly tooLarge: boolean;
}

/** RFC 9110 5.6.2 token without upper case (RFC 9113 8.2.1); a leading colon marks a pseudo-header field. */
const namePattern = /^:?[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** RFC 9113 8.2.1: no NUL, CR, LF anywhere, no space or tab at either end. */
const badValuePattern = /[\0\r\n]|^[\t ]|[\t ]$/;

const validField = (name: string, value: string) => namePattern.test(name) && !badValuePattern.test(value);

/** Integers above this have no use here; bounding them keeps hostile continuation octets short (RFC 7541 5.1). */
const maxInteger = 0x0fff_ffff;

/** Reads the field blocks of one connection, in the order in which they arrived. */
export class HpackDecoder {
  readonly table: HeaderTable;
  private readonly maxListBytes: number;
  private block: Uint8Array = new Uint8Array(0);
  private position = 0;
  private end = 0;

  constructor(tableLimitBytes: number, maxListBytes: number) {
    this.table = new HeaderTable(tableLimitBytes);
    this.maxListBytes = maxListBytes;
  }

  /** undefined is a decoding error, which ends the connection with COMPRESSION_ERROR (RFC 9113 4.3). */
  decode(block: Uint8Array, start: number, end: number): FieldList | undefined {
    this.block = block;
    this.position = start;
    this.end = end;
    const fields: HeaderField[] = [];
    let listBytes = 0;
    let resizable = true;
    while (this.position < end) {
      const first = block[this.position] as number;
      if ((first & 0xe0) === 0x20) {
        // RFC 7541 4.2: size updates stand before the first field.
        const sizeBytes = resizable ? this.integer(5) : -1;
        if (sizeBytes < 0 || !this.table.resize(sizeBytes)) return undefined;
        continue;
      }
      resizable = false;
      const field = first >= 0x80 ? this.table.at(this.integer(7)) : this.literal(first);
      if (field === undefined) return undefined;
      if (first < 0x80 && first >= 0x40) this.table.insert(field);
      listBytes += fieldSizeBytes(field);
      if (listBytes <= this.maxListBytes) fields.push(field);
    }
    return { fields, tooLarge: listBytes > this.maxListBytes };
  }

  /** RFC 7541 6.2: with incremental indexing (01), without indexing (0000), never indexed (0001). */
  private literal(first: number): HeaderField | undefined {
    const nameIndex = this.integer(first >= 0x40 ? 6 : 4);
    if (nameIndex < 0) return undefined;
    const name = nameIndex === 0 ? this.string() : this.table.at(nameIndex)?.name;
    if (name === undefined) return undefined;
    const value = this.string();
    if (value === undefined) return undefined;
    return { name, value, valid: validField(name, value) };
  }

  /** RFC 7541 5.2. */
  private string(): string | undefined {
    if (this.position >= this.end) return undefined;
    const huffman = (this.block[this.position] as number) >= 0x80;
    const length = this.integer(7);
    const start = this.position;
    if (length < 0 || length > this.end - start) return undefined;
    this.position = start + length;
    if (huffman) return decodeHuffman(this.block, start, this.position);
    return Buffer.from(this.block.buffer, this.block.byteOffset + start, length).toString('latin1');
  }

  /** RFC 7541 5.1; -1 when cut short or beyond `maxInteger`. */
  private integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = (this.block[this.position] as number) & mask;
    this.position += 1;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.position >= this.end) return -1;
      const octet = this.block[this.position] as number;
      this.position += 1;
      value += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) return value <= maxInteger ? value : -1;
    }
    return -1;
  }
}
