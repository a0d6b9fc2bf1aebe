import { exitCodes } from '#gateways/cli/exit-code';
import { Failure, usage } from '#gateways/cli/failure';
import { at, isObject, listAt, numberAt } from '#gateways/cli/json';
import { outcomeBlock } from '#gateways/cli/outcome-text';
import { outcomesFrom, printOutcome } from '#gateways/cli/outcomes';
import type { Call, Verb } from '#gateways/cli/verb';
import { takeBackup } from '#gateways/cli/verbs/backup';

const head: Verb = {
  words: ['log', 'head'],
  summary: 'Show the newest position with its hash, and the oldest that is kept.',
  arguments: [],
  flags: [],
  examples: [{ title: 'How far is it?', line: 'ultracloud log head' }],
  run: async ({ session }) => {
    const { json } = await (await session.client()).ask({ method: 'GET', path: '/v1/status' });
    const names = ['position', 'hash', 'level', 'time'];
    const shown = {
      ...Object.fromEntries(names.map((name) => [name, at(json, name)])),
      oldest: at(json, 'log.first'),
    };
    session.show({ json: shown, table: () => session.fields(shown), names: () => [String(at(json, 'position'))] });
    return exitCodes.done;
  },
};

const show: Verb = {
  words: ['log', 'show'],
  summary: 'Show the entry at a position and what it came to.',
  arguments: [{ name: 'position', summary: 'A position of the log.', required: true }],
  flags: [],
  examples: [{ title: 'What was decided there?', line: 'ultracloud log show 1000' }],
  run: async ({ session, words }) => {
    const position = words.argument('position') ?? '';
    if (!/^\d{1,16}$/.test(position)) throw usage(`POSITION: expected a number, got ${JSON.stringify(position)}.`);
    const { json } = await (await session.client()).ask({ method: 'GET', path: `/v1/log/${position}` });
    session.show({ json, table: () => outcomeBlock(session, json), names: () => [position] });
    return exitCodes.done;
  },
};

const list: Verb = {
  words: ['log', 'list'],
  summary: 'List entries with what they came to.',
  arguments: [],
  flags: [
    { name: 'from', metavar: '<position>', summary: 'The first position; the oldest unless given.' },
    { name: 'limit', metavar: '<count>', summary: 'At most so many; 100 unless given.' },
  ],
  examples: [{ title: 'Ten entries.', line: 'ultracloud log list --from 1000 --limit 10' }],
  run: async ({ session, words }) => {
    const query = { from: words.integer('from'), limit: words.integer('limit') };
    const { json } = await (await session.client()).ask({ method: 'GET', path: '/v1/log', query });
    const items = listAt(json, 'items');
    session.show({
      json,
      table: () =>
        items.length === 0 ? 'No entry here yet.' : items.map((item) => outcomeBlock(session, item)).join('\n'),
      names: () => items.map((item) => String(numberAt(item, 'position') ?? '')),
    });
    const next = numberAt(json, 'next');
    if (next !== undefined) session.note(`There is more: --from ${next} goes on.`);
    return exitCodes.done;
  },
};

const follow: Verb = {
  words: ['log', 'follow'],
  summary: 'Show entries with what they came to, as they happen, until interrupted.',
  arguments: [],
  flags: [
    { name: 'from', metavar: '<position>', summary: 'The first position; from now on unless given.' },
    { name: 'max', metavar: '<count>', summary: 'End after so many.' },
  ],
  examples: [{ title: 'Everything from the beginning.', line: 'ultracloud log follow --from 1' }],
  run: async (call) => {
    const { words } = call;
    let left = words.integer('max') ?? Infinity;
    if (left <= 0) return exitCodes.done;
    for await (const outcome of outcomesFrom(call, words.integer('from'))) {
      printOutcome(call, outcome);
      if (--left <= 0) break;
    }
    return exitCodes.done;
  },
};

const verify: Verb = {
  words: ['log', 'verify'],
  summary: 'Decide the whole history again, compare every outcome, and say whether it came to the same hash.',
  about:
    'Asks the server, which goes on with its work. Without one it reads the directory of --data itself. History ' +
    'before the oldest entry that is kept is taken from the snapshot that stands for it. Exit code 1 when something ' +
    'differs.',
  arguments: [],
  flags: [],
  examples: [
    { title: 'Is it whole?', line: 'ultracloud log verify' },
    { title: 'A copy that no server runs on.', line: 'ultracloud log verify --data ./copy' },
  ],
  run: async (call) => {
    const { session } = call;
    const found = (await askServer(call)) ?? (await readDirectory(call));
    const from = numberAt(found, 'from') ?? 0;
    const differs = numberAt(found, 'difference.position');
    session.show({
      json: found,
      table: () =>
        [
          session.fields(found),
          ...(from === 0 ? [] : [`It starts at position ${from}, the snapshot that stands for all before it.`]),
          ...(differs === undefined
            ? []
            : [`Position ${differs} came to something else: ultracloud log show ${differs}`]),
        ].join('\n'),
      names: () => [String(numberAt(found, 'to') ?? '')],
    });
    return differs === undefined ? exitCodes.done : exitCodes.failed;
  },
};

/** Undefined when no server runs on the data directory that was named. */
const askServer = async (call: Call): Promise<unknown> => {
  const { session } = call;
  try {
    const client = await session.client({ timeoutMs: session.settings.timeoutMs ?? Infinity });
    const path = '/v1/log-verify';
    const { json } = await session.during('deciding the history again', client.ask({ method: 'POST', path, body: {} }));
    return isObject(json) ? { ok: json['difference'] === undefined, ...json } : json;
  } catch (error) {
    const absent = error instanceof Failure && ['endpoint.absent', 'endpoint.unreachable'].includes(error.report.code);
    if (absent && dataOf(call) !== undefined) return undefined;
    throw error;
  }
};

const readDirectory = async (call: Call): Promise<unknown> => {
  const { session } = call;
  const data = dataOf(call) ?? '';
  const server = await session.server();
  const progress = session.progress(`verifying ${data}`);
  return server.verify({ data, progress: (phrase) => progress.update(phrase) }).finally(() => progress.done());
};

const snapshot: Verb = {
  words: ['log', 'snapshot'],
  summary: 'Write and check a snapshot of the state, while commands go on.',
  about: 'It is a backup like any other: `ultracloud backup list` shows it.',
  arguments: [{ name: 'name', summary: 'Its name; one with the time unless given.', required: false }],
  flags: [],
  examples: [{ title: 'Before an upgrade.', line: 'ultracloud log snapshot before-upgrade' }],
  run: async (call) => {
    const { session } = call;
    const json = await takeBackup(call);
    session.show({ json, table: () => session.fields(json) });
    return exitCodes.done;
  },
};

const truncate: Verb = {
  words: ['log', 'truncate'],
  summary: 'Delete entries before a position that a snapshot holds. What happened stays readable.',
  arguments: [{ name: 'before', summary: 'The oldest position that is kept.', required: true }],
  flags: [],
  examples: [{ title: 'Keep the last part.', line: 'ultracloud log truncate 1000000' }],
  run: async ({ session, words }) => {
    const before = words.argument('before') ?? '';
    if (!/^\d{1,16}$/.test(before)) throw usage(`BEFORE: expected a position, got ${JSON.stringify(before)}.`);
    const client = await session.client({ timeoutMs: session.settings.timeoutMs ?? Infinity });
    const { json } = await client.ask({ method: 'POST', path: '/v1/log-truncate', body: { before: Number(before) } });
    session.show({ json, table: () => session.fields(json), names: () => [String(numberAt(json, 'first') ?? '')] });
    if ((numberAt(json, 'first') ?? 0) < Number(before)) {
      session.note('Whole segments of the log are deleted: entries before it that share one with it stay.');
    }
    return exitCodes.done;
  },
};

/** The data directory that was named, unless an endpoint comes before it. */
const dataOf = ({ session, words }: Call): string | undefined => {
  const variable = (name: string): string | undefined => session.terminal.environment[name] || undefined;
  if (words.text('endpoint') !== undefined) return undefined;
  return (
    words.text('data') ?? (variable('ULTRACLOUD_ENDPOINT') === undefined ? variable('ULTRACLOUD_DATA') : undefined)
  );
};

export const logVerbs: readonly Verb[] = [head, list, show, follow, verify, snapshot, truncate];
