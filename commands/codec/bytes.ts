import type { BytesShape } from '#commands/codec/codec';

/** Bytes as they are held inside: a `Uint8Array`, or a string of one char (0 to 255) per byte. */
export type HeldBytes = Uint8Array | string;

const ascii = /^[\u0000-\u007f]*$/;

const within = (shape: BytesShape, length: number): boolean => shape.minBytes <= length && length <= shape.maxBytes;

/** Undefined if it is no text of valid Unicode or its UTF-8 is out of bounds. */
export const bytesFromText = (shape: BytesShape, input: unknown): HeldBytes | undefined => {
  // A UTF-16 unit takes at least one byte of UTF-8, so an overlong text is refused before it is copied.
  if (typeof input !== 'string' || input.length > shape.maxBytes || !input.isWellFormed()) return undefined;
  if (shape.binaryString && ascii.test(input)) return within(shape, input.length) ? input : undefined;
  const held = Buffer.from(input, 'utf8');
  if (!within(shape, held.length)) return undefined;
  return shape.binaryString ? held.toString('latin1') : held;
};

/** Undefined unless it is canonical base64 (RFC 4648 section 4, padded) of a length within bounds. */
export const bytesFromBase64 = (shape: BytesShape, input: unknown): HeldBytes | undefined => {
  if (typeof input !== 'string' || input.length > 4 * Math.ceil(shape.maxBytes / 3)) return undefined;
  const held = Buffer.from(input, 'base64');
  // Node skips what is not of the alphabet; only a canonical text comes back as it was.
  if (!within(shape, held.length) || held.toString('base64') !== input) return undefined;
  return shape.binaryString ? held.toString('latin1') : held;
};

/** Undefined if the bytes are not UTF-8. */
export const bytesToText = (held: HeldBytes): string | undefined => {
  if (typeof held === 'string' && ascii.test(held)) return held;
  const raw = view(held);
  const decoded = raw.toString('utf8');
  // Malformed input decodes to U+FFFD, which may also have been written; writing it again tells.
  if (!decoded.includes('\ufffd')) return decoded;
  return Buffer.from(decoded, 'utf8').equals(raw) ? decoded : undefined;
};

export const bytesToBase64 = (held: HeldBytes): string => view(held).toString('base64');

const view = (held: HeldBytes): Buffer => {
  if (typeof held === 'string') return Buffer.from(held, 'latin1');
  return Buffer.isBuffer(held) ? held : Buffer.from(held.buffer, held.byteOffset, held.byteLength);
};
