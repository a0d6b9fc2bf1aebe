import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Cli, finished, type Ran, runProgram } from '#harness/quickstart/cli';
import type { Screen } from '#harness/quickstart/screen';
import type { ServerProcess } from '#harness/server-process';

/** What the tour walks through. */
export interface Surroundings {
  readonly screen: Screen;
  readonly cli: Cli;
  readonly directory: string;
  readonly data: string;
  node(): ServerProcess;
  /** Kills the server as a power cut would, and starts it again. */
  crash(): Promise<ServerProcess>;
}

export interface Step {
  readonly title: string;
  /** Gives what was seen, for the summary; undefined when it was skipped. */
  run(around: Surroundings): Promise<string | undefined>;
}

/** Runs a command before the eyes of the reader; an exit code other than the expected one fails the tour. */
const shown = async (around: Surroundings, words: readonly string[], expected = 0, input = ''): Promise<Ran> => {
  const ran = await around.cli.run(words, input);
  around.screen.transcript(commandText(words), `${ran.stdout}\n${ran.stderr}`);
  if (ran.exitCode !== expected) throw new Error(`expected exit code ${expected}, got ${ran.exitCode}`);
  return ran;
};

const commandText = (words: readonly string[]): string =>
  ['ultracloud', ...words.map((word) => (/^[A-Za-z0-9_./:=@%+-]+$/.test(word) ? word : `'${word}'`))].join(' ');

const expectText = (what: string, found: string, expected: string): void => {
  if (found !== expected)
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`);
};

const positionOf = ({ stdout }: Ran): number => {
  const { position } = JSON.parse(stdout) as { readonly position?: unknown };
  if (typeof position !== 'number') throw new Error(`expected a position in ${stdout}`);
  return position;
};

const put: Step = {
  title: 'Set a key and read it',
  run: async (around) => {
    await shown(around, ['kv', 'put', 'config/color', 'blue']);
    const { stdout } = await shown(around, ['kv', 'get', 'config/color']);
    expectText('the value', stdout, 'blue');
    return 'a key was set, durably, and read';
  },
};

const watch: Step = {
  title: 'Watch keys while they change',
  run: async (around) => {
    const words = ['kv', 'watch', '--prefix', 'config/', '--from', '0', '--max', '3', '-o', 'table'];
    const watching = finished(around.cli.start(words), '');
    await shown(around, ['kv', 'put', 'config/size', 'large']);
    await shown(around, ['kv', 'delete', 'config/size']);
    const { exitCode, stdout } = await watching;
    around.screen.transcript(commandText(words), stdout);
    if (exitCode !== 0) throw new Error(`the watch ended with ${exitCode}`);
    const kinds = stdout.split('\n').flatMap((line) => / (put|delete) /.exec(line)?.[1] ?? []);
    expectText('the changes', kinds.join(), 'put,put,delete');
    return 'a watch from the beginning saw every change, in order';
  },
};

const transaction: Step = {
  title: 'Change several keys in one transaction, if nobody was before',
  run: async (around) => {
    const file = join(around.directory, 'leader.yaml');
    writeFileSync(
      file,
      [
        'compare: [{ key: leader, target: version, op: "=", value: 0 }]',
        'success: [{ put: { key: leader, value: node-1 } }, { put: { key: epoch, value: "1" } }]',
        'failure: [{ get: { key: leader } }]',
        '',
      ].join('\n'),
    );
    for (const [attempt, expected] of [
      ['first', true],
      ['second', false],
    ] as const) {
      const { stdout } = await shown(around, ['kv', 'txn', '-f', file, '-o', 'json']);
      const { succeeded } = JSON.parse(stdout) as { readonly succeeded?: unknown };
      expectText(`the ${attempt} transaction succeeded`, String(succeeded), String(expected));
    }
    return 'the second transaction saw the first and did something else';
  },
};

const dryRun: Step = {
  title: 'Try a command without making it',
  run: async (around) => {
    await shown(around, ['kv', 'put', 'config/color', 'red', '--dry-run'], 3);
    around.screen.say('Exit code 3 says that it would change something.');
    const { stdout } = await shown(around, ['kv', 'get', 'config/color']);
    expectText('the value', stdout, 'blue');
    return 'a dry run showed the events and changed nothing';
  },
};

const timeTravel: Step = {
  title: 'Read the past',
  run: async (around) => {
    const before = positionOf(await around.cli.run(['kv', 'put', 'config/color', 'blue', '-o', 'json']));
    await shown(around, ['kv', 'put', 'config/color', 'green']);
    const past = await shown(around, ['kv', 'get', 'config/color', '--at', String(before)]);
    expectText('the value then', past.stdout, 'blue');
    const now = await shown(around, ['kv', 'get', 'config/color']);
    expectText('the value now', now.stdout, 'green');
    return `config/color is green now and was blue at position ${before}`;
  },
};

const reasons: Step = {
  title: 'Ask what happened, and why',
  run: async (around) => {
    await shown(around, ['timeline', 'key/config/color']);
    await shown(around, ['kv', 'put', 'config/color', 'black', '--lease', '42'], 4);
    const { stdout } = await shown(around, ['why', 'key/config/color']);
    if (!stdout.includes('lease.absent')) throw new Error('expected `why` to name the refusal lease.absent');
    return 'every change and every refusal is explained, with who, when and through what';
  },
};

/** Puts are made by so many processes at once; each is one run of the command. */
const WRITERS = 3;
const ACKNOWLEDGED = 9;

const crash: Step = {
  title: 'Kill the server in the middle of writing (kill -9), and start it again',
  run: async (around) => {
    const acknowledged = new Map<string, string>();
    let killed = false;
    let number = 0;
    const writer = async (): Promise<void> => {
      while (!killed) {
        const each = ++number;
        const { exitCode } = await around.cli.run(['kv', 'put', `crash/${each}`, `value ${each}`, '--timeout', '5s']);
        if (exitCode === 0) acknowledged.set(`crash/${each}`, `value ${each}`);
        else if (!killed) throw new Error(`a put ended with ${exitCode} before the server was killed`);
      }
    };
    const killer = async (): Promise<ServerProcess> => {
      while (acknowledged.size < ACKNOWLEDGED) await new Promise((resolve) => setTimeout(resolve, 10));
      killed = true;
      around.screen.say(
        `kill -9 ${around.node().pid}, with ${acknowledged.size} writes acknowledged and others under way`,
      );
      return around.crash();
    };
    const [node] = await Promise.all([killer(), ...Array.from({ length: WRITERS }, writer)]);
    around.screen.say(`It answers again after ${Math.round(node.readyMs)} ms.`);
    const { stdout } = await around.cli.run(['kv', 'list', '--prefix', 'crash/', '--all', '-o', 'json']);
    const { items } = JSON.parse(stdout) as {
      readonly items: readonly { readonly key: string; readonly value: string }[];
    };
    const found = new Map(items.map(({ key, value }) => [key, value]));
    const lost = [...acknowledged].filter(([key, value]) => found.get(key) !== value);
    if (lost.length > 0) throw new Error(`acknowledged and lost: ${lost.map(([key]) => key).join(', ')}`);
    await shown(around, ['kv', 'get', 'config/color']);
    return `all ${acknowledged.size} acknowledged writes outlived kill -9`;
  },
};

const etcd: Step = {
  title: 'Talk to it with etcdctl',
  run: async (around) => {
    const found = (process.env['PATH'] ?? '')
      .split(delimiter)
      .some((folder) => folder !== '' && existsSync(join(folder, 'etcdctl')));
    if (!found) {
      around.screen.skipped('needs etcdctl (Debian: apt-get install etcd-client)');
      return undefined;
    }
    const token = readFileSync(join(around.data, 'admin.token'), 'utf8').trim();
    const { etcd: endpoint } = around.node().endpoints;
    const run = async (...words: readonly string[]): Promise<string> => {
      const ran = await runProgram('etcdctl', words, {
        ETCDCTL_API: '3',
        ETCDCTL_ENDPOINTS: endpoint,
        ETCDCTL_USER: `root:${token}`,
      });
      around.screen.transcript(['etcdctl', ...words].join(' '), `${ran.stdout}\n${ran.stderr}`);
      if (ran.exitCode !== 0) throw new Error(`etcdctl ended with ${ran.exitCode}`);
      return ran.stdout;
    };
    expectText('the value', await run('get', '--print-value-only', 'config/color'), 'green\n');
    await run('put', 'config/shape', 'round');
    const { stdout } = await shown(around, ['kv', 'get', 'config/shape']);
    expectText('the value', stdout, 'round');
    return 'etcdctl reads and writes the same keys';
  },
};

export const tour: readonly Step[] = [put, watch, transaction, dryRun, timeTravel, reasons, crash, etcd];
