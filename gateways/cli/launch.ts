import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

interface Loaded {
  readonly script: Script;
  /** Of the bundle's bytes. */
  readonly checksum: number;
  readonly module: { readonly exports: object };
}

/** The bundles that were loaded, by path: the build keeps what V8 has made of them. */
export const loaded = new Map<string, Loaded>();

/** Where the build keeps it, for this Node only: V8 refuses code of another one, and compiles. */
export const codePath = (bundle: string): string => `${bundle}.${process.version}-${process.arch}.code`;

const CHECKSUM_BYTES = 4;

/**
 * What the build keeps of a bundle: the code, and one checksum of it and of the bundle. V8 itself compares no more than
 * their lengths, so it would run the code of another bundle, and damaged code crashes it.
 */
export const codeOf = ({ script, checksum }: Loaded): Buffer => {
  const code = script.createCachedData();
  const end = Buffer.alloc(CHECKSUM_BYTES);
  end.writeUInt32LE(crc32(code, checksum));
  return Buffer.concat([code, end]);
};

const keptCode = (bundle: string, checksum: number): Buffer | undefined => {
  try {
    const kept = readFileSync(codePath(bundle));
    const code = kept.subarray(0, -CHECKSUM_BYTES);
    return kept.readUInt32LE(code.length) === crc32(code, checksum) ? code : undefined;
  } catch {
    return undefined;
  }
};

const START = '(function (exports, require, module, __filename, __dirname) {';

type Wrapped = (exports: object, require: NodeJS.Require, module: object, path: string, directory: string) => void;

/** Loads a CommonJS bundle, and what it requires beside it, with the code that was kept: in a third of the time. */
const load = (path: string): unknown => {
  const present = loaded.get(path);
  if (present !== undefined) return present.module.exports;
  const source = readFileSync(path);
  const checksum = crc32(source);
  const cachedData = keptCode(path, checksum);
  const script = new Script(`${START}${source.toString()}\n})`, {
    filename: path,
    columnOffset: -START.length,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const module = { exports: {}, filename: path, id: path };
  loaded.set(path, { script, checksum, module });
  const required = createRequire(path);
  const require = (name: string): unknown =>
    name.startsWith('.') ? load(resolve(dirname(path), name)) : required(name);
  const wrapped = script.runInThisContext() as Wrapped;
  wrapped.call(module.exports, module.exports, Object.assign(require, required), module, path, dirname(path));
  return module.exports;
};

load(join(__dirname, '..', 'cli', 'main.js'));
