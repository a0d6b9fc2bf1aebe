import { HpackDecoder } from '#gateways/etcd/http2/hpack';
import type { HeaderField } from '#gateways/etcd/http2/header-table';

/** A well-formed request field section (RFC 9113 8.3.1). Shared between requests, so never changed. */
export interface RequestHead {
  readonly kind: 'request';
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  /** Regular fields by lower-case name; values of one name are joined with a comma (RFC 9110 5.3). */
  readonly fields: ReadonlyMap<string, string>;
  /** In bytes; undefined when the field is absent. */
  readonly contentLength: number | undefined;
}

export type FieldSection =
  | RequestHead
  /** Fields after the body (RFC 9113 8.1); the receiver decides where they may stand. */
  | { readonly kind: 'trailers' }
  /** A stream error of type PROTOCOL_ERROR (RFC 9113 8.1.1). */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** Beyond SETTINGS_MAX_HEADER_LIST_SIZE; answered with 431 (RFC 9113 10.5.1). */
  | { readonly kind: 'tooLarge' }
  /** A connection error of type COMPRESSION_ERROR. */
  | { readonly kind: 'corrupt' };

const corrupt: FieldSection = { kind: 'corrupt' };
const tooLarge: FieldSection = { kind: 'tooLarge' };
const trailers: FieldSection = { kind: 'trailers' };
const malformed = (reason: string): FieldSection => ({ kind: 'malformed', reason });

/** RFC 9113 8.2.2. */
const connectionFields = new Set(['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade']);
const requestPseudoFields = new Set([':method', ':scheme', ':authority', ':path']);

/** Fields without any pseudo-header are read as trailers: a request always has `:method`. */
const interpret = (list: readonly HeaderField[]): FieldSection => {
  const pseudo = new Map<string, string>();
  const fields = new Map<string, string>();
  for (const { name, value, valid } of list) {
    if (!valid) return malformed(`field ${JSON.stringify(name)} has octets that are not allowed`);
    if (name.startsWith(':')) {
      if (fields.size > 0) return malformed(`pseudo-header ${name} after a regular field`);
      if (!requestPseudoFields.has(name)) return malformed(`unknown pseudo-header ${name}`);
      if (pseudo.has(name)) return malformed(`pseudo-header ${name} twice`);
      pseudo.set(name, value);
      continue;
    }
    if (connectionFields.has(name)) return malformed(`connection-specific field ${name}`);
    if (name === 'te' && value !== 'trailers') return malformed('te other than trailers');
    const before = fields.get(name);
    if (before === undefined) fields.set(name, value);
    else if (name === 'content-length' && before === value) continue;
    else if (name === 'content-length') return malformed('content-length twice');
    else fields.set(name, `${before}${name === 'cookie' ? '; ' : ','}${value}`);
  }
  if (pseudo.size === 0) return trailers;
  return request(pseudo, fields);
};

const request = (pseudo: ReadonlyMap<string, string>, fields: ReadonlyMap<string, string>): FieldSection => {
  const method = pseudo.get(':method');
  const scheme = pseudo.get(':scheme');
  const path = pseudo.get(':path');
  const authority = pseudo.get(':authority') ?? fields.get('host') ?? '';
  if (method === undefined || method === '') return malformed('no :method');
  if (method === 'CONNECT') {
    // RFC 9113 8.5: the other pseudo-headers must be absent; a tunnel is refused above this layer.
    if (scheme !== undefined || path !== undefined || authority === '') return malformed('CONNECT with a path');
    return { kind: 'request', method, scheme: '', authority, path: '', fields, contentLength: undefined };
  }
  if (scheme === undefined || scheme === '') return malformed('no :scheme');
  if (path === undefined || !(path.startsWith('/') || (path === '*' && method === 'OPTIONS'))) {
    return malformed('no :path');
  }
  const length = fields.get('content-length');
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return malformed('content-length is no number');
  const contentLength = length === undefined ? undefined : Number(length);
  return { kind: 'request', method, scheme, authority, path, fields, contentLength };
};

interface Remembered {
  readonly block: Uint8Array;
  readonly section: FieldSection;
}

const maxRemembered = 8;
const maxRememberedBytes = 256;

/**
 * Reads field sections of one connection. gRPC clients repeat a few short blocks, so the last ones are remembered by
 * their bytes; any change of the dynamic table gives the bytes another meaning and forgets them all.
 */
export class FieldSectionReader {
  private readonly decoder: HpackDecoder;
  private remembered: Remembered[] = [];
  private rememberedVersion = 0;
  private oldest = 0;

  constructor(tableLimitBytes: number, maxListBytes: number) {
    this.decoder = new HpackDecoder(tableLimitBytes, maxListBytes);
  }

  read(block: Uint8Array, start: number, end: number): FieldSection {
    const version = this.decoder.table.version;
    if (version === this.rememberedVersion) {
      const known = this.recall(block, start, end - start);
      if (known !== undefined) return known;
    } else {
      this.remembered = [];
      this.oldest = 0;
      this.rememberedVersion = version;
    }
    const list = this.decoder.decode(block, start, end);
    if (list === undefined) return corrupt;
    const section = list.tooLarge ? tooLarge : interpret(list.fields);
    if (version === this.decoder.table.version && end - start <= maxRememberedBytes) {
      this.remembered[this.oldest] = { block: Uint8Array.prototype.slice.call(block, start, end), section };
      this.oldest = (this.oldest + 1) % maxRemembered;
    }
    return section;
  }

  private recall(block: Uint8Array, start: number, length: number): FieldSection | undefined {
    for (const candidate of this.remembered) {
      const bytes = candidate.block;
      if (bytes.length !== length) continue;
      let index = 0;
      while (index < length && bytes[index] === block[start + index]) index += 1;
      if (index === length) return candidate.section;
    }
    return undefined;
  }
}
