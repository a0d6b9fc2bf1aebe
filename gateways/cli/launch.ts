import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';

/** The bundles that were loaded, by path: the build keeps what V8 has made of them. */
export const loaded = new Map<string, Script>();

/** Where the build keeps it, for this Node only: V8 refuses code of another one, and compiles. */
export const codePath = (bundle: string): string => `${bundle}.${process.version}.code`;

const codeOf = (bundle: string): Buffer | undefined => {
  try {
    return readFileSync(codePath(bundle));
  } catch {
    return undefined;
  }
};

const modules = new Map<string, { readonly exports: object }>();

const START = '(function (exports, require, module, __filename, __dirname) {';

type Wrapped = (exports: object, require: NodeJS.Require, module: object, path: string, directory: string) => void;

/** Loads a CommonJS bundle with the code that was kept, which takes a third of the time, and what it requires beside it. */
const load = (path: string): unknown => {
  const present = modules.get(path);
  if (present !== undefined) return present.exports;
  const cachedData = codeOf(path);
  const script = new Script(`${START}${readFileSync(path, 'utf8')}\n})`, {
    filename: path,
    columnOffset: -START.length,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  loaded.set(path, script);
  const required = createRequire(path);
  const require = (name: string): unknown =>
    name.startsWith('.') ? load(resolve(dirname(path), name)) : required(name);
  const module = { exports: {}, filename: path, id: path };
  modules.set(path, module);
  const wrapped = script.runInThisContext() as Wrapped;
  wrapped.call(module.exports, module.exports, Object.assign(require, required), module, path, dirname(path));
  return module.exports;
};

load(join(__dirname, '..', 'cli', 'main.js'));
