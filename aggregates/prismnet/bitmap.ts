/** 256 bits as 64 hexadecimal digits; the first bit is the highest of the first digit. */

export const size = 256;

export const noBits = '0'.repeat(size / 4);

const digitAt = (bits: string, offset: number): number => parseInt(bits.charAt(offset >> 2), 16);

const maskOf = (offset: number): number => 8 >> (offset & 3);

export const hasBit = (bits: string, offset: number): boolean => (digitAt(bits, offset) & maskOf(offset)) !== 0;

const withDigit = (bits: string, offset: number, digit: number): string =>
  bits.slice(0, offset >> 2) + digit.toString(16) + bits.slice((offset >> 2) + 1);

export const withBit = (bits: string, offset: number): string =>
  withDigit(bits, offset, digitAt(bits, offset) | maskOf(offset));

export const withoutBit = (bits: string, offset: number): string =>
  withDigit(bits, offset, digitAt(bits, offset) & ~maskOf(offset));

/** The first bit that is not set, nor among these; undefined when there is none. */
export const firstClear = (bits: string, besides: ReadonlySet<number> = new Set()): number | undefined => {
  for (let offset = 0; offset < size; offset++) {
    if (!hasBit(bits, offset) && !besides.has(offset)) return offset;
  }
  return undefined;
};

export const setBits = (bits: string): readonly number[] =>
  Array.from({ length: size }, (_, offset) => offset).filter((offset) => hasBit(bits, offset));
