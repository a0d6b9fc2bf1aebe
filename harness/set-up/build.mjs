// Bundles the programs into dist/. The CLI is a bundle of its own, with its libraries in it, because it must start at
// once; the server stays beside it and is only loaded by the verbs that need it. Both are loaded with the code that V8
// made of them here.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dependencyProblem, inRoot, nodeProblem, root, stop } from './machine.mjs';

const executable = 'dist/bin/ultracloud.js';
const serverSource = 'gateways/server/main.ts';
/** What the CLI loads only where a verb needs it. */
const beside = new Map([
  [serverSource, '../server/main.js'],
  ['gateways/host/main.ts', '../host/main.js'],
]);

/**
 * Programs of the harness may be absent. `selfContained` takes the libraries in, which halves the time that loading
 * takes; the others load them from node_modules, where lmdb's native half lives anyway.
 */
const programs = [
  { source: 'gateways/cli/launch.ts', target: executable, selfContained: true },
  { source: 'gateways/cli/main.ts', target: 'dist/cli/main.js', selfContained: true },
  { source: serverSource, target: 'dist/server/main.js', selfContained: true },
  { source: 'gateways/host/main.ts', target: 'dist/host/main.js', selfContained: true },
  { source: 'harness/bench/main.ts', target: 'dist/harness/bench.js' },
  { source: 'harness/simulator/main.ts', target: 'dist/harness/simulate.js' },
  { source: 'harness/reference/main.ts', target: 'dist/harness/reference.js' },
  { source: 'harness/quickstart/main.ts', target: 'dist/harness/quickstart.js' },
];

/** Leaves these out of the CLI's bundle, and refuses the static import that would load one on every start. */
const othersStayBeside = {
  name: 'others-stay-beside',
  setup(build) {
    build.onResolve({ filter: /(?:server|host)\/main/ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
      if (kind === 'entry-point' || pluginData === 'resolving') return undefined;
      const found = await build.resolve(path, { kind, resolveDir, importer, pluginData: 'resolving' });
      const target = beside.get(relative(root, found.path));
      if (found.errors.length > 0 || target === undefined) return found;
      if (kind === 'dynamic-import') return { path: target, external: true };
      const name = target.split('/')[1];
      const text = `the CLI loads the ${name} with a dynamic import only (${relative(root, importer)})`;
      return { errors: [{ text }] };
    });
  },
};

/** Takes lmdb in, which finds its native half from where its own file is in node_modules. */
const lmdbInside = {
  name: 'lmdb-inside',
  setup(build) {
    const file = createRequire(import.meta.url).resolve('lmdb');
    build.onResolve({ filter: /^lmdb$/ }, () => ({ path: file }));
    build.onLoad({ filter: /lmdb[/\\]dist[/\\]index\.cjs$/ }, () => ({
      contents: readFileSync(file, 'utf8').replaceAll('__filename', "require.resolve(['lmdb'][0])"),
      loader: 'js',
    }));
  },
};

const options = ({ source, target, selfContained }) => ({
  absWorkingDir: root,
  entryPoints: [source],
  outfile: target,
  write: false,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  conditions: ['ultracloud-source'],
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'silent',
  ...(target === executable ? { banner: { js: '#!/usr/bin/env node' } } : {}),
  plugins: [
    ...(source.startsWith('gateways/cli/') ? [othersStayBeside] : []),
    ...(source === serverSource ? [lmdbInside] : []),
  ],
  ...(selfContained
    ? {
        // `import()` of a CommonJS file goes through the ESM loader, which costs the CLI its first 20 ms.
        supported: { 'dynamic-import': false },
        external: ['msgpackr-extract', '@node-rs/argon2'],
        minifySyntax: true,
        minifyWhitespace: true,
        legalComments: 'linked',
      }
    : { packages: 'external' }),
});

/** What V8 has made of a bundle, for any Node. */
const CODE = /\.v[^/]+\.code$/;

const removeCode = (bundle) => {
  for (const name of readdirSync(dirname(bundle))) {
    if (name.replace(CODE, '') === basename(bundle) && CODE.test(name))
      rmSync(join(dirname(bundle), name), { force: true });
  }
};

/**
 * A file appears whole or not at all: servers and tests may be starting from dist/ while it is built. One that is as it
 * should be is not touched: the checkout may be another user's, or on a disk that cannot be written to.
 */
const writeWhole = (path, contents, mode) => {
  if (existsSync(path) && readFileSync(path).equals(contents)) {
    if ((statSync(path).mode & 0o777) !== mode) chmodSync(path, mode);
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  removeCode(path);
  const unfinished = `${path}.${process.pid}.tmp`;
  writeFileSync(unfinished, contents, { mode });
  renameSync(unfinished, path);
};

/** As gateways/cli/launch.ts has it. */
const codePath = (bundle) => `${bundle}.${process.version}-${process.arch}.code`;

/** Unfinished files of this age are of a build that was killed. */
const ABANDONED_MS = 60_000;

const removeLeftovers = (written) => {
  for (const entry of readdirSync(inRoot('dist'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || written.has(path.replace(CODE, ''))) continue;
    if (path.endsWith('.tmp') && statSync(path, { throwIfNoEntry: false })?.mtimeMs > Date.now() - ABANDONED_MS)
      continue;
    rmSync(path, { force: true });
  }
};

/** Without it everything works, and starts later. */
const keepCode = () => {
  if (['dist/cli/main.js', 'dist/server/main.js'].every((path) => existsSync(codePath(inRoot(path))))) return;
  const { status } = spawnSync(process.execPath, [inRoot('harness/set-up/keep-code.cjs')], { stdio: 'ignore' });
  if (status !== 0) process.stderr.write('The first run of `ultracloud serve` failed, so starts will take longer.\n');
};

export const build = async () => {
  const problem = nodeProblem();
  if (problem !== undefined) stop(problem);
  const missing = dependencyProblem();
  if (missing !== undefined) stop(`Cannot build: ${missing}. Run \`npm ci\`, then this again.`);
  const esbuild = await import('esbuild');

  const started = performance.now();
  const present = programs.filter(({ source }) => existsSync(inRoot(source)));
  const absent = programs.filter(({ source }) => !existsSync(inRoot(source)) && source.startsWith('gateways/'));
  if (absent.length > 0) {
    stop(`Cannot build: ${absent.map(({ source }) => source).join(', ')} is not there.`);
  }

  const results = await Promise.all(
    present.map((program) =>
      esbuild.build(options(program)).catch((failure) => ({ errors: failure.errors ?? [{ text: String(failure) }] })),
    ),
  );
  const errors = results.flatMap((result) => result.errors);
  if (errors.length > 0) {
    const shown = await esbuild.formatMessages(errors, { kind: 'error', color: process.stderr.isTTY });
    stop(`${[...new Set(shown)].join('\n')}\nThe build failed; dist/ is as it was.`);
  }

  const written = new Set();
  for (const { path, contents } of results.flatMap((result) => result.outputFiles)) {
    writeWhole(path, Buffer.from(contents), path.endsWith(executable) ? 0o755 : 0o644);
    written.add(path);
  }
  removeLeftovers(written);
  keepCode();
  const targets = present.map(({ target }) => target).join(' ');
  process.stderr.write(`Built ${targets} in ${Math.round(performance.now() - started)} ms.\n`);
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await build();
