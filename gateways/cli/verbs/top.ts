import type { Client } from '#gateways/cli/client';
import { sizeText } from '#gateways/cli/checks';
import { exitCodes } from '#gateways/cli/exit-code';
import { Failure } from '#gateways/cli/failure';
import { at, numberAt, textAt } from '#gateways/cli/json';
import { quantile, type Sample, samplesOf, sumOf } from '#gateways/cli/prometheus';
import type { Call, Verb } from '#gateways/cli/verb';
import { pause } from '#gateways/cli/waiting';

interface Reading {
  readonly takenMs: number;
  readonly status: unknown;
  readonly samples: readonly Sample[];
}

/** What a node did between two readings. */
interface Activity {
  readonly version: string;
  readonly endpoint: string;
  readonly uptimeSeconds: number;
  readonly position: number;
  readonly commandsPerSecond: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly backlog: number;
  readonly watches: number;
  readonly residentBytes: number;
  readonly cpuPercent: number;
  readonly writes: string;
  readonly commands: readonly {
    readonly command: string;
    readonly outcome: string;
    readonly total: number;
    readonly perSecond: number;
  }[];
}

export const top: Verb = {
  words: ['top'],
  summary: 'Show what the node is doing, again and again; q quits.',
  arguments: [],
  flags: [
    { name: 'once', summary: 'Show it once, over one interval.' },
    { name: 'interval', short: 'i', metavar: '<time>', summary: 'Between two looks; 1s unless given.' },
  ],
  examples: [
    { title: 'Live.', line: 'ultracloud top' },
    { title: 'For a script.', line: 'ultracloud top --once -o json' },
  ],
  run: async (call) => {
    const { session, words } = call;
    const intervalMs = Math.max(100, words.duration('interval') ?? 1000);
    const client = await session.client({ connections: 2 });
    const { stdout } = session.terminal;
    const once = words.on('once') || !stdout.isTTY;
    const stop = once ? new AbortController().signal : quitSignal(call);
    let before = await read(client);
    if (!once) stdout.write('\u001b[?1049h\u001b[?25l');
    try {
      for (;;) {
        await pause(intervalMs, stop);
        if (stop.aborted) return exitCodes.done;
        const after = await read(client).catch((error: unknown) => {
          if (once || !(error instanceof Failure)) throw error;
          return error;
        });
        if (after instanceof Failure) {
          stdout.write(`\u001b[H\u001b[2J${after.report.message}\n\nTrying again. q quits.\n`);
          continue;
        }
        const activity = activityOf(client, before, after);
        before = after;
        if (once) {
          session.show({
            json: activity,
            table: () => screenText(call, activity),
            names: () => [String(activity.position)],
          });
          return exitCodes.done;
        }
        stdout.write(`\u001b[H\u001b[2J${screenText(call, activity)}\n\nq quits\n`);
      }
    } finally {
      if (!once) stdout.write('\u001b[?25h\u001b[?1049l');
    }
  },
};

const quitSignal = ({ session }: Call): AbortSignal => {
  const { stdin } = session.terminal;
  const quit = new AbortController();
  const raw = stdin as typeof process.stdin;
  if (stdin.isTTY === true && typeof raw.setRawMode === 'function') {
    raw.setRawMode(true);
    raw.on('data', (keys: Buffer) => {
      // Ctrl-C sends no signal in raw mode.
      if (!/[qQ\u0003\u001b]/.test(keys.toString('latin1'))) return;
      raw.setRawMode(false);
      raw.pause();
      quit.abort();
    });
  }
  return AbortSignal.any([quit.signal, session.terminal.interrupted()]);
};

const read = async (client: Client): Promise<Reading> => {
  const [status, metrics] = await Promise.all([
    client.ask({ method: 'GET', path: '/v1/status' }),
    client.ask({ method: 'GET', path: '/metrics' }),
  ]);
  return { takenMs: performance.now(), status: status.json, samples: samplesOf(metrics.text) };
};

const activityOf = (client: Client, before: Reading, after: Reading): Activity => {
  const seconds = (after.takenMs - before.takenMs) / 1000;
  // A counter that is smaller than before is one of a process that has started since.
  const perSecond = (name: string, labels?: Readonly<Record<string, string>>): number =>
    Math.max(0, (sumOf(after.samples, name, labels) - sumOf(before.samples, name, labels)) / seconds);
  const ms = (share: number): number | undefined => {
    const found = quantile(before.samples, after.samples, 'ultracloud_http_request_seconds', share, { method: 'POST' });
    return found === undefined ? undefined : found * 1000;
  };
  const commands = after.samples
    .filter(({ name }) => name === 'ultracloud_outcomes_total')
    .map(({ labels, value }) => ({
      command: labels['command'] ?? '',
      outcome: labels['outcome'] ?? '',
      total: value,
      perSecond: perSecond('ultracloud_outcomes_total', labels),
    }))
    .sort((a, b) => b.perSecond - a.perSecond || b.total - a.total);
  return {
    version: textAt(after.status, 'version') ?? '?',
    endpoint: client.target.endpoint.origin,
    uptimeSeconds: numberAt(after.status, 'uptimeSeconds') ?? 0,
    position: numberAt(after.status, 'position') ?? 0,
    commandsPerSecond: perSecond('ultracloud_outcomes_total'),
    requestsPerSecond: perSecond('ultracloud_http_requests_total'),
    p50Ms: ms(0.5),
    p99Ms: ms(0.99),
    backlog: numberAt(after.status, 'backlog') ?? 0,
    watches: sumOf(after.samples, 'ultracloud_watches'),
    residentBytes: numberAt(after.status, 'process.residentBytes') ?? 0,
    cpuPercent: 100 * perSecond('process_cpu_seconds_total'),
    writes: at(after.status, 'writes.accepted') === false ? 'refused' : 'accepted',
    commands,
  };
};

const screenText = ({ session }: Call, activity: Activity): string => {
  const latency = (ms: number | undefined): string => (ms === undefined ? '-' : ms.toFixed(2));
  const head = `ultracloud ${activity.version}  ${activity.endpoint}  up ${spanText(activity.uptimeSeconds)}`;
  const right = (title: string) => ({ title, right: true });
  const figures = session.table(
    ['POSITION', 'COMMANDS/S', 'REQUESTS/S', 'P50 MS', 'P99 MS', 'BACKLOG', 'WATCHES', 'MEMORY', 'CPU %', 'WRITES'].map(
      right,
    ),
    [
      [
        String(activity.position),
        activity.commandsPerSecond.toFixed(0),
        activity.requestsPerSecond.toFixed(0),
        latency(activity.p50Ms),
        latency(activity.p99Ms),
        String(activity.backlog),
        String(activity.watches),
        sizeText(activity.residentBytes),
        activity.cpuPercent.toFixed(0),
        activity.writes,
      ],
    ],
  );
  const room = Math.max(3, (session.terminal.stdout.rows ?? 24) - 9);
  const commands =
    activity.commands.length === 0
      ? 'No command since the node started. Make one: ultracloud kv put KEY VALUE'
      : session.table(
          [{ title: 'COMMAND' }, { title: 'OUTCOME' }, right('PER SECOND'), right('TOTAL')],
          activity.commands
            .slice(0, room)
            .map(({ command, outcome, total, perSecond }) => [command, outcome, perSecond.toFixed(0), String(total)]),
        );
  return [session.style.bold(head), '', figures, '', commands].join('\n');
};

const spanText = (seconds: number): string => {
  const [d, h, m] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60];
  if (d > 0) return `${d} d ${h} h`;
  if (h > 0) return `${h} h ${m} min`;
  return m > 0 ? `${m} min ${Math.floor(seconds % 60)} s` : `${Math.floor(seconds)} s`;
};
