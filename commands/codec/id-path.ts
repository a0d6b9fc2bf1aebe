import { type Either, isLeft, left } from 'fp-ts/lib/Either';
import type { Codec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { expectation } from '#commands/codec/expectation';
import type { Problem } from '#commands/codec/problem';

/**
 * Reads an id from one segment of a URL path as it was sent, percent-encoding and all: a router that decodes
 * segments takes them for UTF-8, and keys are any bytes.
 */
export const idFromPath = <A>(codec: Codec<A>, segment: string): Either<readonly Problem[], A> => {
  const raw = percentDecoded(segment);
  if (raw === undefined) {
    const expected = 'a path segment of visible ASCII, other bytes as %00 to %FF';
    return left([{ path: 'id', expected, got: 'a stray % or a byte that is not encoded' }]);
  }
  const decoded = decode(codec, jsonForm(codec, raw));
  if (!isLeft(decoded)) return decoded;
  // That the bytes go through base64 on their way here is nothing that a caller wrote.
  const expected = isBinary(codec) ? { expected: expectation(codec.shape) } : {};
  return left(decoded.left.map((problem) => ({ ...problem, ...expected, path: 'id' })));
};

/** The segment that `idFromPath` reads back. */
export const idToPath = <A>(codec: Codec<A>, id: A & string): string => {
  const raw = Buffer.from(id, isBinary(codec) ? 'latin1' : 'utf8');
  // A segment of one or two dots, encoded or not, is taken for a step up by URL parsers; encoded is the best there is.
  if (id === '.' || id === '..') return '%2E'.repeat(id.length);
  let segment = '';
  for (const byte of raw) {
    const char = String.fromCharCode(byte);
    segment += /[A-Za-z0-9._~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return segment;
};

const isBinary = <A>({ shape }: Codec<A>): boolean => shape.kind === 'bytes' && shape.binaryString;

const jsonForm = <A>(codec: Codec<A>, raw: Buffer): unknown => {
  if (isBinary(codec)) return { base64: raw.toString('base64') };
  const text = raw.toString('utf8');
  // Bytes that are not UTF-8 become a lone surrogate, which every text refuses.
  return Buffer.from(text, 'utf8').equals(raw) ? text : '\ud800';
};

const percentDecoded = (segment: string): Buffer | undefined => {
  if (!/^(?:[!"$&-.0->@-~]|%[0-9A-Fa-f]{2})*$/.test(segment)) return undefined;
  return Buffer.from(
    segment.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
};
