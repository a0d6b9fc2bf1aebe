// Runs the built `ultracloud serve` once, and keeps beside its bundles what V8 has made of them. A start then neither
// parses nor compiles what it needs.
const { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { setInterval, setTimeout } = require('node:timers');

const LOOK_MS = 20;
const LONGEST_MS = 20_000;

const program = join(__dirname, '..', '..', 'dist', 'bin', 'ultracloud.js');
const directory = mkdtempSync(join(tmpdir(), 'ultracloud-build-'));
const flags = ['--data', join(directory, 'data'), '--http', '127.0.0.1:0', '--etcd', '127.0.0.1:0'];
process.argv = [process.execPath, program, 'serve', ...flags];
const { codeOf, codePath, loaded } = require(program);

process.on('exit', () => {
  rmSync(directory, { recursive: true, force: true });
  for (const [path, bundle] of loaded) {
    const unfinished = `${path}.${process.pid}.tmp`;
    writeFileSync(unfinished, codeOf(bundle));
    renameSync(unfinished, codePath(path));
  }
});

setInterval(() => {
  if (existsSync(join(directory, 'data', 'endpoints.json'))) process.kill(process.pid, 'SIGTERM');
}, LOOK_MS).unref();
setTimeout(() => process.exit(1), LONGEST_MS).unref();
