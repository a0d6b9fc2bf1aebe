// `npm test`: everything that CI runs. `--only=types,lint` runs those steps alone; other arguments go to jest.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter } from 'node:path';
import { inRoot, run, stop } from './machine.mjs';
import { prepare } from './prepare.mjs';

const cache = inRoot('.cache');
const { scripts } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
const environment = { PATH: `${inRoot('node_modules', '.bin')}${delimiter}${process.env.PATH}` };

/** Checks of the sources, by the script that runs each. They only read, so they run beside one another. */
const checks = [
  { name: 'types', script: 'check' },
  { name: 'lint', script: 'lint' },
  { name: 'imports', script: 'imports' },
  { name: 'dead-code', script: 'dead-code' },
  { name: 'format', script: 'format:check' },
];

const order = ['prepare', 'build', ...checks.map(({ name }) => name), 'jest'];
const given = process.argv.slice(2);
const only = given
  .find((argument) => argument.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',');
const forJest = given.filter((argument) => !argument.startsWith('--only='));
const unknown = only?.filter((name) => !order.includes(name)) ?? [];
if (unknown.length > 0) stop(`No step is called ${unknown.join(', ')}; the steps are ${order.join(', ')}.`, 2);
const wanted = (name) => only === undefined || only.includes(name);

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const say = (text) => process.stdout.write(`${text}\n`);
const done = [];

const passed = (name, started) => {
  const line = `${name.padEnd(10)} ok    ${seconds(started)}`;
  done.push(line);
  say(line);
};

const failed = (name, started, output = '') => {
  say(`${output}${name.padEnd(10)} FAILED after ${seconds(started)}. To repeat it: npm test -- --only=${name}`);
  process.exit(1);
};

const step = async (name, work) => {
  if (!wanted(name)) return;
  const started = performance.now();
  const { exitCode, output } = await work();
  if (exitCode !== 0) failed(name, started, output);
  passed(name, started);
};

/** The first failure ends the rest: nobody waits for a verdict that can no longer change. */
const runChecks = async () => {
  const ended = new AbortController();
  const waiting = checks.filter(({ name }) => wanted(name));
  const worker = async () => {
    for (let check = waiting.shift(); check !== undefined && !ended.signal.aborted; check = waiting.shift()) {
      const { name, script } = check;
      const started = performance.now();
      const { exitCode, output } = await run('sh', ['-c', `exec ${scripts[script]}`], {
        keepOutput: true,
        environment,
        signal: ended.signal,
      });
      if (ended.signal.aborted) return;
      if (exitCode === 0) passed(name, started);
      else {
        ended.abort();
        failed(name, started, output);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
};

/** jest's own summary is for people; the counts come from its report. */
const runJest = async () => {
  const report = `${cache}/jest-${process.pid}.json`;
  const started = performance.now();
  const command = [inRoot('node_modules/jest/bin/jest.js'), '--json', `--outputFile=${report}`, ...forJest];
  const { exitCode } = await run(process.execPath, command);
  const counts = readReport(report);
  if (counts === undefined) return failed('jest', started);
  if (exitCode === 0) passed('jest', started);
  else done.push(`${'jest'.padEnd(10)} FAILED`);
  return { exitCode, counts };
};

const readReport = (path) => {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    return {
      passed: report.numPassedTests,
      // A suite that does not even load has no failed test of its own.
      failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } catch {
    return undefined;
  } finally {
    rmSync(path, { force: true });
  }
};

const started = performance.now();
mkdirSync(cache, { recursive: true });
if (wanted('prepare')) {
  await prepare();
  passed('prepare', started);
}
await step('build', () => run(process.execPath, ['harness/set-up/build.mjs'], { keepOutput: true }));
await runChecks();
const tests = wanted('jest') ? await runJest() : undefined;

say(`\n${done.join('\n')}\n${'all'.padEnd(10)} ${tests?.exitCode ? 'FAILED' : 'ok   '} ${seconds(started)}`);
if (tests !== undefined) {
  const { passed: good, failed: bad, skipped } = tests.counts;
  say(`${good} passed, ${bad} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = tests.exitCode;
}
