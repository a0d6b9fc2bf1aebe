import { exitCodes } from '#gateways/cli/exit-code';
import { usage } from '#gateways/cli/failure';
import { listAt, numberAt, textAt } from '#gateways/cli/json';
import type { Call, Flag, Verb } from '#gateways/cli/verb';
import { aboutCommands, commandsFile, commandsGiven } from '#gateways/cli/verbs/batch';
import { visible } from '#gateways/cli/visible';

const field = (row: unknown, path: string): string => visible(textAt(row, path) ?? '');

const since: Flag = {
  name: 'since',
  metavar: '<position|time>',
  summary: 'Judge the requests recorded from there on: a position, a time, or a span such as 24h.',
};

const most: Flag = { name: 'limit', metavar: '<count>', summary: 'List at most so many; 1000 unless given.' };

const defaultListed = 1_000;

export const tryPolicy: Verb = {
  words: ['iam', 'try'],
  summary: 'Judge recorded requests again under a proposed policy, and list every answer that would change.',
  about:
    `Nothing is recorded. The file has the commands that would change the policy, as \`apply\` takes them. ` +
    `${aboutCommands} Each request is judged at its own time and from its own address, under what is granted now and ` +
    'under what would be. Exit code 3 when an answer would change. Reads are not recorded, so they are not judged.',
  arguments: [],
  flags: [commandsFile, since, most],
  examples: [
    { title: 'Who would notice?', line: 'ultracloud iam try -f policy.yaml --since 24h' },
    { title: 'Since a position.', line: 'ultracloud iam try -f policy.yaml --since 1000 -o json' },
  ],
  run: async (call) => {
    const { session, words } = call;
    const commands = await commandsGiven(call);
    const limit = words.integer('limit') ?? defaultListed;
    const client = await session.client();
    const found: unknown[] = [];
    const counts = { judged: 0, lost: 0, gained: 0, unjudged: 0 };
    let next: string | number | undefined = sinceGiven(words.text('since'));
    let from: number | undefined;
    let to: number | undefined;
    let oldestEntry: number | undefined;
    do {
      const body = { commands, since: next, limit: Math.max(1, Math.min(limit - found.length, 1_000)) };
      const { json } = await client.ask({ method: 'POST', path: '/v1/iam/try', body });
      found.push(...listAt(json, 'items'));
      for (const name of ['judged', 'lost', 'gained', 'unjudged'] as const) counts[name] += numberAt(json, name) ?? 0;
      from ??= numberAt(json, 'from');
      to = numberAt(json, 'to');
      oldestEntry = numberAt(json, 'oldestEntry');
      next = numberAt(json, 'next');
    } while (next !== undefined && found.length < limit);
    const json = { from, to, oldestEntry, ...counts, items: found, ...(next === undefined ? {} : { next }) };
    session.show({
      json,
      table: () => changesText(session, json),
      names: () => found.map((one) => String(numberAt(one, 'position') ?? '')),
    });
    if (next !== undefined) session.note(`There are later requests: --since ${next} goes on.`);
    return found.length > 0 ? exitCodes.dryRunHasChanges : exitCodes.done;
  },
};

const spans: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

const sinceGiven = (word: string | undefined): string | number => {
  if (word === undefined) throw usage('--since: expected a position, a time, or a span such as 24h, got nothing.');
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(word) ?? [];
  const span = spans.get(unit);
  if (span !== undefined) return new Date(Math.max(0, Date.now() - Number(count) * span)).toISOString();
  return /^\d{1,16}$/.test(word) ? Number(word) : word;
};

interface Judged {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly oldestEntry: number | undefined;
  readonly judged: number;
  readonly lost: number;
  readonly gained: number;
  readonly unjudged: number;
  readonly items: readonly unknown[];
}

const changesText = (session: Call['session'], found: Judged): string => {
  const { from, to, oldestEntry, judged, lost, gained, unjudged, items } = found;
  const table = session.table(
    [
      { title: 'POSITION', right: true },
      { title: 'TIME' },
      { title: 'WHO' },
      { title: 'COMMAND' },
      { title: 'RESOURCE' },
      { title: 'WAS' },
      { title: 'WOULD BE' },
      { title: 'BECAUSE OF' },
    ],
    items.map((item) => [
      String(numberAt(item, 'position') ?? ''),
      field(item, 'time'),
      field(item, 'principal'),
      field(item, 'command'),
      field(item, 'resource'),
      field(item, 'was'),
      field(item, 'wouldBe'),
      becauseText(item),
    ]),
  );
  const old = unjudged === 0 ? '' : ` ${unjudged} could not be judged: entries before ${oldestEntry ?? '?'} are gone.`;
  return [
    ...(items.length === 0 ? ['No answer would change.'] : [table, '']),
    `Positions ${from ?? '?'} to ${to ?? '?'}: ${judged} requests judged, ${lost} would be refused, ` +
      `${gained} would be allowed.${old}`,
  ].join('\n');
};

const becauseText = (item: unknown): string => {
  const ended = textAt(item, 'because.ended');
  if (ended !== undefined) return visible(ended);
  const binding = textAt(item, 'because.binding');
  if (binding === undefined) return '';
  const gone = textAt(item, 'because.policy') === 'present' ? ', which would not hold' : '';
  return `${visible(binding)} (${field(item, 'because.role')} at ${field(item, 'because.place')})${gone}`;
};
