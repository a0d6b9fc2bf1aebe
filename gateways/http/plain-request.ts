import type { IncomingHttpHeaders } from 'node:http';

/** A request that is whole and has nothing in it that changes how it is to be read. */
export interface PlainRequest {
  /** Path and query as they were sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** How many bytes it took. */
  readonly bytes: number;
}

/** The fields of a head, which a client sends again and again. */
interface Fields {
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
  readonly bodyBytes: number;
}

/** Longer heads are left to the server, which has a limit of its own. */
const maxHeadBytes = 8_192;

const start = Buffer.from('POST /v1/');
const version = ' HTTP/1.1';
const headEnd = Buffer.from('\r\n\r\n');

/** RFC 9110 5.6.2 and 5.5: a name, and a value without control characters. */
const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t -~\u0080-\u00ff]*)$/;

/** Fields that a request needs no more than once, for it to be plain. */
const single: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'authorization',
  'idempotency-key',
  'x-ultracloud-expect',
  'user-agent',
  'connection',
]);

/** Fields that say how a message ends, or ask for another protocol. */
const special: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'content-encoding',
  'trailer',
  'te',
  'expect',
  'upgrade',
  'http2-settings',
]);

/**
 * Reads the first request of some bytes, if it is a POST of JSON that came whole. Anything else, wrong or merely rare,
 * gives undefined: the server of Node is to read it, and to answer what is wrong.
 */
export const plainRequests = (): ((bytes: Buffer) => PlainRequest | undefined) => {
  let last: Fields | undefined;
  return (bytes) => {
    if (!bytes.subarray(0, start.length).equals(start)) return undefined;
    const end = bytes.indexOf(headEnd);
    if (end === -1 || end > maxHeadBytes) return undefined;
    const head = bytes.toString('latin1', 0, end);
    const lineEnd = head.indexOf('\r\n');
    const targetEnd = lineEnd - version.length;
    if (lineEnd === -1 || !head.startsWith(version, targetEnd)) return undefined;
    const target = head.slice(start.indexOf(' ') + 1, targetEnd);
    if (!/^[!-~]+$/.test(target)) return undefined;
    const text = head.slice(lineEnd + 2);
    const fields = last?.text === text ? last : fieldsIn(text);
    if (fields === undefined) return undefined;
    last = fields;
    const bodyStart = end + headEnd.length;
    const total = bodyStart + fields.bodyBytes;
    if (bytes.length < total) return undefined;
    return { target, headers: fields.headers, body: bytes.subarray(bodyStart, total), bytes: total };
  };
};

const fieldsIn = (text: string): Fields | undefined => {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of text.split('\r\n')) {
    const [, written = '', value = ''] = field.exec(line) ?? [];
    const name = written.toLowerCase();
    if (name === '' || special.has(name)) return undefined;
    if (!single.has(name)) continue;
    if (name in headers) return undefined;
    headers[name] = value.trimEnd();
  }
  const { host, connection = 'keep-alive' } = headers;
  const length = headers['content-length'];
  if (host === undefined || connection.toLowerCase() !== 'keep-alive') return undefined;
  if (length === undefined || !/^\d{1,8}$/.test(length)) return undefined;
  if (headers['content-type']?.toLowerCase() !== 'application/json') return undefined;
  return { text, headers, bodyBytes: Number(length) };
};
