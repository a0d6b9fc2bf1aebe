import { existsSync } from 'node:fs';
import { constants as system } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openArena } from '#harness/bench/arena';
import type { Bench } from '#harness/bench/bench';
import { benches } from '#harness/bench/contests';
import { failedRow, heading, jsonOf, textOf, type Row } from '#harness/bench/row';
import { work, WORKER_FLAG } from '#harness/bench/worker';

const usage = `npm run bench -- [--json] [--only NAME[,NAME]] [--quick] [--soak] [--data DIR] [--cli FILE]

Measures UltraCloud beside Debian's etcd on this machine, in turns, and prints one row for each figure.
  --json   one JSON object a line
  --only   these rows only: ${benches.flatMap(({ contests }) => contests.map(({ name }) => name)).join(', ')}
  --quick  fewer and shorter runs, for development
  --soak   the soak of ten minutes too
  --data   a directory on the disk to measure; default .cache below the current one
  --cli    the program to measure; default the one that was built beside this
`;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const options = {
  json: { type: 'boolean', default: false },
  only: { type: 'string' },
  quick: { type: 'boolean', default: false },
  soak: { type: 'boolean', default: false },
  data: { type: 'string', default: '.cache' },
  cli: { type: 'string', default: join(__dirname, '..', 'bin', 'ultracloud.js') },
  help: { type: 'boolean', default: false },
} as const;

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const names = values.only?.split(',');
  const known = new Set(benches.flatMap(({ contests }) => contests.map(({ name }) => name)));
  const unknown = names?.filter((name) => !known.has(name)) ?? [];
  if (unknown.length > 0) {
    say(`--only: there is no row ${unknown.join(', ')}; expected some of ${[...known].join(', ')}`);
    return 2;
  }
  if (!existsSync(values.cli)) {
    say(`--cli: ${values.cli} is not there. Build it with \`npm run build\`.`);
    return 2;
  }
  const wanted = (name: string): boolean => names === undefined || names.includes(name);
  const chosen = benches.filter(({ contests, onAsking }) =>
    names === undefined ? onAsking !== true || values.soak : contests.some(({ name }) => names.includes(name)),
  );
  const print = (row: Row): void => {
    process.stdout.write(`${values.json ? jsonOf(row) : textOf(row)}\n`);
  };
  if (!values.json) process.stdout.write(`${heading}\n`);
  const arena = openArena({
    directory: resolve(values.data, `bench-${process.pid}`),
    cli: resolve(values.cli),
    program: __filename,
    quick: values.quick,
    say,
  });
  let isOver = false;
  const measured = async (): Promise<number> => {
    let failed = false;
    for (const bench of chosen) {
      const rows = await bench.measure(arena, wanted).catch((error: unknown) => failedRows(bench, error));
      if (isOver) break;
      if (rows.some(({ runs }) => runs === 0)) failed = true;
      rows.forEach(print);
    }
    return failed ? 1 : 0;
  };
  try {
    return await Promise.race([measured(), stopped()]);
  } finally {
    isOver = true;
    await arena.close();
  }
};

const LOOK_MS = 500;

/** The exit code once this process is asked to stop. npm's shell does not pass a signal on, and just ends. */
const stopped = (): Promise<number> =>
  new Promise((resolve) => {
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => resolve(128 + system.signals[signal]));
    }
    const parent = process.ppid;
    const orphaned = (): void => (process.ppid === parent ? undefined : resolve(128 + system.signals.SIGTERM));
    if (process.env['npm_lifecycle_event'] === 'bench') setInterval(orphaned, LOOK_MS).unref();
  });

const failedRows = ({ contests }: Bench, error: unknown): readonly Row[] =>
  contests.map((contest) => failedRow(contest, error));

if (process.argv.includes(WORKER_FLAG)) {
  work();
} else {
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      say(error instanceof Error ? error.message : String(error));
      process.exit(2);
    },
  );
}
