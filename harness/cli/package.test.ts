import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm pack` packs, which `npm install -g` then installs. */
const root = join(__dirname, '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly bin: Readonly<Record<string, string>>;
};

jest.setTimeout(120_000);

test('the package holds the built programs, under both names, and no sources', () => {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const [packed] = JSON.parse(stdout) as readonly [{ readonly files: readonly { readonly path: string }[] }];
  const paths = packed.files.map(({ path }) => path);
  expect(Object.keys(manifest.bin)).toEqual(['ultracloud', 'uc']);
  for (const program of Object.values(manifest.bin)) {
    expect(paths).toContain(program);
    expect(statSync(join(root, program)).mode & 0o111).toBe(0o111);
    expect(readFileSync(join(root, program), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  }
  expect(paths).toContain('dist/server/main.js');
  expect(paths.filter((path) => /\.(?:ts|map)$/.test(path))).toEqual([]);
});
