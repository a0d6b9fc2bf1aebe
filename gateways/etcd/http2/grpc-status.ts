import type { HeaderPair, ResponseSection } from '#gateways/etcd/http2/header-encoder';

/** Status codes of gRPC (doc/statuscodes.md of the gRPC project). */
export const GrpcCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode];

export interface GrpcStatus {
  readonly code: GrpcCode;
  readonly message: string;
}

/** A status that a handler throws, or rejects with, to be sent as it is. Anything else thrown is a defect. */
export class GrpcError extends Error implements GrpcStatus {
  readonly code: GrpcCode;

  constructor(code: GrpcCode, message: string) {
    super(message);
    this.name = 'GrpcError';
    this.code = code;
  }
}

export const grpcError = (code: GrpcCode, message: string) => new GrpcError(code, message);

/** Keeps the section well inside one frame, even if each octet takes three characters. */
const maxMessageOctets = 4096;

/** grpc-message: printable ASCII but for "%", the octets of UTF-8 percent-encoded otherwise. */
export const percentEncode = (message: string): string => {
  if (/^[\x20-\x24\x26-\x7e]*$/.test(message) && message.length <= maxMessageOctets) return message;
  const octets = Buffer.from(message, 'utf8');
  let end = Math.min(octets.length, maxMessageOctets);
  // Not in the middle of a character: back over continuation octets.
  while (end < octets.length && end > 0 && ((octets[end] as number) & 0xc0) === 0x80) end -= 1;
  let encoded = '';
  for (let index = 0; index < end; index += 1) {
    const octet = octets[index] as number;
    const plain = octet >= 0x20 && octet <= 0x7e && octet !== 0x25;
    encoded += plain ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
};

const statusFields = ({ code, message }: GrpcStatus): readonly HeaderPair[] => [
  ['grpc-status', String(code)],
  // A field value may not begin or end with a space (RFC 9113 8.2.1).
  ...(message === '' ? [] : [['grpc-message', percentEncode(message).replace(/^ | $/g, '%20')] as const]),
];

/** The section that ends an answer whose headers have been sent. */
export const trailersOf = (status: GrpcStatus): ResponseSection =>
  status.code === GrpcCode.ok && status.message === '' ? 'ok' : statusFields(status);

/** An answer of one section (Trailers-Only), with fields beyond the status where given. */
export const trailersOnly = (status: GrpcStatus, extra: readonly HeaderPair[] = []): ResponseSection => [
  [':status', '200'],
  ['content-type', 'application/grpc'],
  ...statusFields(status),
  ...extra,
];
