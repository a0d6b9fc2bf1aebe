/**
 * Lengths in bits of the codes of RFC 7541 Appendix B, by symbol; 256 is EOS. The code is canonical (codes of one
 * length rise with the symbol), so the lengths determine it.
 */
const lengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
] as const;

const endOfString = 256;

export interface HuffmanCode {
  readonly bits: number;
  readonly length: number;
}

/** The code of each symbol, 0 to 256, right-aligned. */
export const huffmanCodes: readonly HuffmanCode[] = (() => {
  const codes: HuffmanCode[] = [];
  let next = 0;
  for (let length = 1; length <= 30; length += 1) {
    next <<= 1;
    lengths.forEach((symbolLength, symbol) => {
      if (symbolLength !== length) return;
      codes[symbol] = { bits: next, length };
      next += 1;
    });
  }
  return codes;
})();

/**
 * The code tree read four bits at a time: row = inner node, column = the next four bits. A cell holds the node to go to
 * in its low byte and, in bits 8 to 16, one plus the symbol completed on the way (no code is shorter than five bits,
 * so there is at most one). A cell of -1 completes EOS, which RFC 7541 5.2 makes a decoding error.
 */
const { transitions, accepting } = (() => {
  const children: number[][] = [[0, 0]];
  huffmanCodes.forEach(({ bits, length }, symbol) => {
    let node = 0;
    for (let bit = length - 1; bit > 0; bit -= 1) {
      const row = children[node] as number[];
      const side = (bits >> bit) & 1;
      if (row[side] === 0) row[side] = children.push([0, 0]) - 1;
      node = row[side] as number;
    }
    (children[node] as number[])[bits & 1] = -1 - symbol;
  });
  const table = new Int32Array(children.length * 16);
  for (let node = 0; node < children.length; node += 1) {
    for (let nibble = 0; nibble < 16; nibble += 1) {
      let at = node;
      let emitted = 0;
      for (let bit = 3; bit >= 0 && emitted >= 0; bit -= 1) {
        const next = children[at]?.[(nibble >> bit) & 1] ?? 0;
        at = Math.max(next, 0);
        if (next < 0) emitted = -1 - next === endOfString ? -1 : -next;
      }
      table[node * 16 + nibble] = emitted < 0 ? -1 : (emitted << 8) | at;
    }
  }
  // Padding is a strict prefix of EOS (all ones) of fewer than eight bits: the nodes on that path may end a string.
  const ends = new Set<number>();
  for (let depth = 0, node = 0; depth < 8; depth += 1) {
    ends.add(node);
    node = children[node]?.[1] as number;
  }
  return { transitions: table, accepting: ends };
})();

/** The decoded octets as a Latin-1 string, or undefined for EOS, bad padding or padding of a byte and more (5.2). */
export const decodeHuffman = (bytes: Uint8Array, start: number, end: number): string | undefined => {
  // The shortest code has five bits.
  const decoded = Buffer.allocUnsafe(Math.floor(((end - start) * 8) / 5));
  let length = 0;
  let node = 0;
  for (let offset = start; offset < end; offset += 1) {
    const byte = bytes[offset] as number;
    for (let shift = 4; shift >= 0; shift -= 4) {
      const cell = transitions[node * 16 + ((byte >> shift) & 15)] as number;
      if (cell < 0) return undefined;
      node = cell & 0xff;
      if (cell > 0xff) {
        decoded[length] = (cell >> 8) - 1;
        length += 1;
      }
    }
  }
  return accepting.has(node) ? decoded.toString('latin1', 0, length) : undefined;
};
