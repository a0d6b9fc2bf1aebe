/** A file of an archive. */
export interface TarFile {
  readonly name: string;
  readonly content: Buffer;
}

const BLOCK = 512;

/** The files in the ustar format of POSIX.1-1988; names are at most 100 bytes of ASCII. */
export const tarOf = (files: readonly TarFile[], modifiedMs: number): Buffer => {
  const blocks = files.flatMap(({ name, content }) => {
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [headerOf(name, content.length, Math.floor(modifiedMs / 1000)), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
};

const headerOf = (name: string, size: number, seconds: number): Buffer => {
  if (!/^[ -~]{1,100}$/.test(name)) throw new Error(`${name} cannot name a file of an archive`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void => {
    header.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  };
  header.write(name, 0, 'latin1');
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(seconds, 136, 12);
  // The checksum is taken with its own field as spaces.
  header.write('        0', 148, 'latin1'); // The type after it: a file.
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
  return header;
};
