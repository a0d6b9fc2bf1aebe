/** A header field as it stands in a table: names and values are octets, held as Latin-1 strings. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** Whether name and value have only octets that RFC 9113 8.2.1 allows; judged once, when the literal is read. */
  readonly valid: boolean;
}

const trusted = (name: string, value = ''): HeaderField => ({ name, value, valid: true });

/** RFC 7541 Appendix A; the first entry has index 1. */
const staticFields: readonly HeaderField[] = [
  trusted(':authority'),
  trusted(':method', 'GET'),
  trusted(':method', 'POST'),
  trusted(':path', '/'),
  trusted(':path', '/index.html'),
  trusted(':scheme', 'http'),
  trusted(':scheme', 'https'),
  ...['200', '204', '206', '304', '400', '404', '500'].map((status) => trusted(':status', status)),
  trusted('accept-charset'),
  trusted('accept-encoding', 'gzip, deflate'),
  ...[
    ['accept-language', 'accept-ranges', 'accept', 'access-control-allow-origin', 'age', 'allow', 'authorization'],
    ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-length'],
    ['content-location', 'content-range', 'content-type', 'cookie', 'date', 'etag', 'expect', 'expires', 'from'],
    ['host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'last-modified'],
    ['link', 'location', 'max-forwards', 'proxy-authenticate', 'proxy-authorization', 'range', 'referer', 'refresh'],
    ['retry-after', 'server', 'set-cookie', 'strict-transport-security', 'transfer-encoding', 'user-agent', 'vary'],
    ['via', 'www-authenticate'],
  ].flatMap((names) => names.map((name) => trusted(name))),
];

export const staticFieldCount = staticFields.length;

/** RFC 7541 4.1: what an entry counts for beyond its octets. */
const entryOverheadBytes = 32;

/** RFC 7541 4.1 for a table and RFC 9113 6.5.2 (MAX_HEADER_LIST_SIZE) for a list: the size of one field, in bytes. */
export const fieldSizeBytes = (field: HeaderField) => field.name.length + field.value.length + entryOverheadBytes;

/** The decoder's address space of RFC 7541 2.3: the static fields, then the newest of the dynamic ones. */
export class HeaderTable {
  /** Grows with every change of the dynamic table: equal block bytes mean equal fields while it stands still. */
  version = 0;
  sizeBytes = 0;
  maxSizeBytes: number;
  private readonly limitBytes: number;
  private readonly ring: (HeaderField | undefined)[];
  private oldest = 0;
  private count = 0;

  /** `limitBytes` is the SETTINGS_HEADER_TABLE_SIZE that the peer was given. */
  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
    this.maxSizeBytes = limitBytes;
    this.ring = new Array<HeaderField | undefined>(Math.max(1, Math.floor(limitBytes / entryOverheadBytes)));
  }

  /** undefined for index 0 and for indexes beyond both tables (2.3.3). */
  at(index: number): HeaderField | undefined {
    if (index <= staticFieldCount) return staticFields[index - 1];
    const age = index - staticFieldCount - 1;
    if (age >= this.count) return undefined;
    return this.ring[(this.oldest + this.count - 1 - age) % this.ring.length];
  }

  /** Evicts before it adds; a field larger than the table empties it and is no error (4.4). */
  insert(field: HeaderField) {
    this.version += 1;
    const sizeBytes = fieldSizeBytes(field);
    this.evictDownTo(this.maxSizeBytes - sizeBytes);
    if (sizeBytes > this.maxSizeBytes) return;
    this.ring[(this.oldest + this.count) % this.ring.length] = field;
    this.count += 1;
    this.sizeBytes += sizeBytes;
  }

  /** A dynamic table size update (6.3); false when it exceeds what the peer was given. */
  resize(maxSizeBytes: number): boolean {
    if (maxSizeBytes > this.limitBytes) return false;
    this.version += 1;
    this.maxSizeBytes = maxSizeBytes;
    this.evictDownTo(maxSizeBytes);
    return true;
  }

  private evictDownTo(sizeBytes: number) {
    while (this.count > 0 && this.sizeBytes > sizeBytes) {
      const field = this.ring[this.oldest] as HeaderField;
      this.ring[this.oldest] = undefined;
      this.oldest = (this.oldest + 1) % this.ring.length;
      this.count -= 1;
      this.sizeBytes -= fieldSizeBytes(field);
    }
  }
}
