import { execFileSync } from 'node:child_process';
import {
  type Check,
  checkAlarms,
  checkDirectory,
  checkFiles,
  checkNode,
  checkPort,
  ok,
  problem,
  skipped,
  warning,
} from '#gateways/cli/checks';
import type { Client } from '#gateways/cli/client';
import { contextPath, isExposed } from '#gateways/cli/context-file';
import { exitCodes } from '#gateways/cli/exit-code';
import { Failure } from '#gateways/cli/failure';
import { at, isObject, listAt, textAt } from '#gateways/cli/json';
import type { Session } from '#gateways/cli/session';
import type { Target } from '#gateways/cli/target';
import type { Verb } from '#gateways/cli/verb';
import { defaultEtcd, defaultHttp } from '#gateways/cli/verbs/serve';

export const doctor: Verb = {
  words: ['doctor'],
  summary: 'Look for what is wrong: disk, permissions, leftovers, ports, clock, versions, the server and its alarms.',
  about: 'With --data it looks at the directory too. Changes nothing. Exit code 1 when it finds a problem.',
  arguments: [],
  flags: [
    { name: 'http', metavar: '<host:port>', summary: 'Check this address instead of the one that serve takes.' },
    { name: 'etcd', metavar: '<host:port>', summary: 'Check this address instead of the one that serve takes.' },
  ],
  examples: [
    { title: 'A node that does not start.', line: 'ultracloud doctor --data ./data' },
    { title: 'A node elsewhere.', line: 'ultracloud doctor --endpoint https://lab:7070 --token-file ~/lab.token' },
  ],
  run: async ({ session, words }) => {
    const { found, target } = await examine(session);
    const ports =
      target === undefined
        ? await Promise.all([
            checkPort('http', words.text('http') ?? defaultHttp),
            checkPort('etcd', words.text('etcd') ?? defaultEtcd),
          ])
        : [];
    const checks = [...found, ...ports];
    session.show({
      json: { checks },
      table: () =>
        session.table(
          [{ title: 'STATE' }, { title: 'CHECK' }, { title: 'FOUND' }, { title: 'FIX' }],
          checks.map((check) => [check.state, check.name, check.found, check.fix ?? '']),
        ),
      names: () => checks.filter(({ state }) => state === 'problem').map(({ name }) => name),
    });
    return checks.some(({ state }) => state === 'problem') ? exitCodes.failed : exitCodes.done;
  },
};

/** All checks of this machine and of the server, and the server's address when it has one. */
export const examine = async (
  session: Session,
): Promise<{ readonly found: readonly Check[]; readonly target: Target | undefined }> => {
  const { terminal, settings } = session;
  const data = settings.target.data ?? (terminal.environment['ULTRACLOUD_DATA'] || undefined);
  const contexts = contextPath(terminal);
  const found: Check[] = [
    checkNode(process.versions.node),
    checkFiles(),
    isExposed(contexts)
      ? problem('contexts', `${contexts} can be read by others`, `chmod 600 ${contexts}`)
      : ok('contexts', contexts),
    checkSynchronised(),
    ...(data === undefined ? [skipped('directory', 'none was named with --data')] : checkDirectory(data)),
  ];
  try {
    const target = await session.target();
    found.push(...(await checkServer(session, await session.client({ timeoutMs: 5_000 }))));
    return { found, target };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    found.push(problem('server', error.report.message, error.report.fix ?? ''));
    return { found, target: undefined };
  }
};

/** More than anybody reads at once. */
const shownAlarms = 20;

const checkServer = async (session: Session, client: Client): Promise<readonly Check[]> => {
  const checks: Check[] = [];
  const started = performance.now();
  const ready = await client.send({ method: 'GET', path: '/readyz' });
  const took = performance.now() - started;
  const { origin } = client.target.endpoint;
  checks.push(
    ready.status === 200
      ? ok('server', `${origin} is ready and answers in ${took.toFixed(0)} ms`)
      : problem(
          'server',
          `${origin} is not ready: ${readyProblem(ready.json)}`,
          'Read what it says on standard error.',
        ),
  );
  const version = textAt((await client.send({ method: 'GET', path: '/version' })).json, 'version') ?? 'unknown';
  checks.push(
    version === session.version
      ? ok('versions', `both ${version}`)
      : warning('versions', `this program ${session.version}, the server ${version}`, 'Use programs of one release.'),
    checkClock(ready.headers.date, Date.now()),
  );
  const status = await client.send({ method: 'GET', path: '/v1/status' });
  if (status.status >= 400) {
    checks.push(
      problem(
        'token',
        textAt(status.json, 'message') ?? `refused with ${status.status}`,
        textAt(status.json, 'fix') ?? '',
      ),
    );
  } else if (at(status.json, 'writes.accepted') === false) {
    checks.push(
      problem('writes', textAt(status.json, 'writes.reason') ?? 'refused', 'Free space on the disk of the server.'),
    );
  } else {
    checks.push(ok('writes', 'accepted'));
  }
  for (const notice of listAt(status.json, 'notices').map(String)) {
    // Alarms are told as notices too, and checked below.
    if (!notice.startsWith('alarm ')) {
      checks.push(warning('notice', notice, 'docs/operating/incident.md says more.'));
    }
  }
  if (status.status < 400) {
    const { json } = await client.ask({ method: 'GET', path: '/v1/alarms', query: { limit: shownAlarms } });
    checks.push(...checkAlarms(listAt(json, 'items'), at(json, 'cursor') !== undefined));
  }
  return checks;
};

const readyProblem = (json: unknown): string => {
  const components = at(json, 'components');
  if (!isObject(components)) return 'it does not say why';
  const bad = Object.entries(components).filter(([, state]) => textAt(state, 'status') !== 'ok');
  return bad.map(([name, state]) => `${name} ${textAt(state, 'status') ?? '?'}`).join(', ');
};

/** The Date header is whole seconds, so less than two are no difference. */
const checkClock = (date: string | undefined, now: number): Check => {
  const theirs = date === undefined ? NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return skipped('clock', 'the server does not tell its time');
  const seconds = Math.round(Math.abs(theirs - now) / 1000);
  if (seconds <= 2) return ok('clock', 'agrees with the server’s');
  const found = `differs from the server’s by ${seconds} s`;
  const fix = 'Let both machines follow a time server.';
  return seconds <= 30 ? warning('clock', found, fix) : problem('clock', found, fix);
};

const checkSynchronised = (): Check => {
  const name = 'time server';
  try {
    const text = execFileSync('timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], {
      encoding: 'utf8',
      timeout: 2_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    if (text === 'yes') return ok(name, 'the clock follows one');
    if (text === 'no') return warning(name, 'the clock follows none', 'Run systemd-timesyncd or chrony.');
  } catch {
    // Not a system with systemd, as in a container; its host keeps the clock.
  }
  return skipped(name, 'this system does not tell');
};
