import { staticFieldCount } from '#gateways/etcd/http2/header-table';

export type HeaderPair = readonly [name: string, value: string];

/**
 * A field section to send: the two that nearly every answer consists of by name (`response`: status 200 and the gRPC
 * content type; `ok`: grpc-status 0), any other as a list.
 */
export type ResponseSection = 'response' | 'ok' | readonly HeaderPair[];

/** RFC 7541 5.1. */
const integer = (prefixBits: number, pattern: number, value: number): number[] => {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) return [pattern | value];
  const octets = [pattern | mask];
  let rest = value - mask;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 0x80);
  octets.push(rest);
  return octets;
};

/** RFC 7541 5.2, plain octets. */
const string = (text: string): Buffer => {
  const octets = Buffer.from(text, 'latin1');
  return Buffer.concat([Buffer.from(integer(7, 0, octets.length)), octets]);
};

/** Static indexes of `:status` values (RFC 7541 Appendix A). */
const statusIndexes: Readonly<Record<string, number>> = { 200: 8, 204: 9, 206: 10, 304: 11, 400: 12, 404: 13, 500: 14 };
const statusName = 8;
const contentTypeName = 31;
const grpcContentType = 'application/grpc';

/** RFC 7541 6.2.2: a literal that leaves the dynamic table alone. */
const literal = ([name, value]: HeaderPair): Buffer => {
  if (name === ':status') {
    const index = statusIndexes[value];
    if (index !== undefined) return Buffer.from([0x80 | index]);
    return Buffer.concat([Buffer.from(integer(4, 0, statusName)), string(value)]);
  }
  if (name === 'content-type') return Buffer.concat([Buffer.from(integer(4, 0, contentTypeName)), string(value)]);
  return Buffer.concat([Buffer.from([0]), string(name), string(value)]);
};

const status200 = Buffer.from([0x88]);
const responsePairs: readonly HeaderPair[] = [
  [':status', '200'],
  ['content-type', grpcContentType],
];
const okPairs: readonly HeaderPair[] = [['grpc-status', '0']];

const literalSection = (pairs: readonly HeaderPair[]) => Buffer.concat(pairs.map(literal));
const responseLiteral = literalSection(responsePairs);
const okLiteral = literalSection(okPairs);
/** RFC 7541 6.2.1: the same, inserted into the peer's table. */
const responseInserting = Buffer.concat([status200, Buffer.from([0x40 | contentTypeName]), string(grpcContentType)]);
const okInserting = Buffer.concat([Buffer.from([0x40]), string('grpc-status'), string('0')]);

const newest = staticFieldCount + 1;
const responseNewest = Buffer.concat([status200, Buffer.from([0x80 | newest])]);
const responseSecond = Buffer.concat([status200, Buffer.from([0x80 | (newest + 1)])]);
const okNewest = Buffer.from([0x80 | newest]);

/** RFC 7541 4.2: what the peer's table holds before it says otherwise, and the most that we ever use. */
const defaultTableBytes = 4096;
/** The two fields that are inserted count 60 and 44 bytes (RFC 7541 4.1). */
const neededTableBytes = 104;

/** Encodes the field sections of one connection, in the order in which they are sent. */
export class HeaderEncoder {
  /** How many of (content-type, grpc-status) stand in the peer's table; the first is always inserted first. */
  private inserted: 0 | 1 | 2 = 0;
  private tableBytes = defaultTableBytes;
  private resizePending = false;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE; the next section says what we make of it (RFC 7541 4.2). */
  limitTable(bytes: number) {
    const usable = Math.min(bytes, defaultTableBytes);
    if (usable === this.tableBytes) return;
    this.tableBytes = usable;
    this.resizePending = true;
  }

  encode(section: ResponseSection): Buffer {
    if (this.resizePending) {
      this.resizePending = false;
      this.inserted = 0;
      // Down to 0 first: it evicts all, and is the smallest size of the interval, which has to be told.
      const sizes = [...integer(5, 0x20, 0), ...integer(5, 0x20, this.tableBytes)];
      return Buffer.concat([Buffer.from(sizes), this.encode(section)]);
    }
    if (section === 'response') return this.response();
    if (section === 'ok') return this.ok();
    return literalSection(section);
  }

  private response(): Buffer {
    if (this.inserted === 2) return responseSecond;
    if (this.inserted === 1) return responseNewest;
    if (this.tableBytes < neededTableBytes) return responseLiteral;
    this.inserted = 1;
    return responseInserting;
  }

  private ok(): Buffer {
    if (this.inserted === 2) return okNewest;
    // Not before content-type: the indexes above rely on the order.
    if (this.inserted === 0) return okLiteral;
    this.inserted = 2;
    return okInserting;
  }
}
