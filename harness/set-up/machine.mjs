// What a fresh machine must have. Runs before any dependency is installed: Node's built-ins only.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The project path as seen from the root of the checkout. */
export const inRoot = (...parts) => join(root, ...parts);

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Ends the program with a message for a person; a stack trace would tell them nothing. */
export const stop = (message, exitCode = 1) => {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
};

/** Why this Node cannot run the project, or undefined when it can. */
export const nodeProblem = (version = process.versions.node) => {
  const wanted = readJson(inRoot('package.json')).engines.node.replace('>=', '');
  const [major, minor] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return undefined;
  return `Node ${version} is too old: UltraCloud needs Node ${wanted} or newer. Install it, then run this again.`;
};

/**
 * Why node_modules does not hold what package-lock.json names, or undefined when it does. Contents are compared and not
 * times: a checkout of another branch touches the lock file without changing it.
 */
export const dependencyProblem = () => {
  const installedList = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(installedList)) return 'node_modules is missing';
  const locked = readJson(inRoot('package-lock.json')).packages;
  const installed = readJson(installedList).packages;
  for (const [path, entry] of Object.entries(locked)) {
    if (path === '') continue;
    const present = installed[path];
    // A binary for another platform is optional, and rightly absent.
    if (present === undefined && !entry.optional) return `${path} is missing`;
    if (present !== undefined && present.version !== entry.version) {
      return `${path} is ${present.version}, the lock says ${entry.version}`;
    }
  }
  return undefined;
};

/** Whether a program of this name is on the PATH. */
export const hasProgram = (name) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));

/** Runs a program in the root of the checkout; gives its exit code, and what it printed when that is kept. */
export const run = (command, args, { keepOutput = false, environment = {}, signal } = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', keepOutput ? 'pipe' : 'inherit', keepOutput ? 'pipe' : 'inherit'],
      signal,
    });
    let output = '';
    const keep = (chunk) => (output += chunk);
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (problem) => resolve({ exitCode: 127, output: `${output}${command}: ${problem.message}\n` }));
    child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? 1, output }));
  });
