import { exitCodes } from '#gateways/cli/exit-code';
import { categories, type Category } from '#commands/rejection';
import { showDecided, submit } from '#gateways/cli/decided';
import { readDocuments } from '#gateways/cli/document-file';
import { usage } from '#gateways/cli/failure';
import { isObject, listAt, numberAt, textAt } from '#gateways/cli/json';
import { commandText, resultLines } from '#gateways/cli/outcome-text';
import type { Call, Flag, Verb } from '#gateways/cli/verb';

export const commandsFile: Flag = {
  name: 'file',
  short: 'f',
  metavar: '<file>',
  summary: 'Commands as JSON or YAML: a list, {"commands": […]}, or one YAML document each; - reads standard input.',
};

export const aboutCommands =
  'Each command is {"command": "key.put", "id": "config/color", "body": {"value": "blue"}}; `idBase64` instead of ' +
  '`id` for bytes that are no text.';

export const apply: Verb = {
  words: ['apply'],
  summary: 'Make many commands at one position, all or nothing. They are tried first, and what they do is shown.',
  about: aboutCommands,
  arguments: [],
  flags: [
    commandsFile,
    { name: 'dry-run', summary: 'Only show it; exit code 3 when something would change.' },
    { name: 'expect', metavar: '<position>', summary: 'Refuse them if what they rest on changed since this position.' },
    {
      name: 'idempotency-key',
      metavar: '<key>',
      summary: 'Makes repeated commands count once; a new one unless given.',
    },
  ],
  examples: [
    { title: 'What would it do?', line: 'ultracloud apply -f changes.yaml --dry-run' },
    { title: 'Do it.', line: 'ultracloud apply -f changes.yaml' },
  ],
  run: async (call) => {
    const { session, words } = call;
    const commands = await commandsGiven(call);
    if (words.on('dry-run')) return showDecided(call, await submit(call, '/v1/apply', { commands }), undefined);
    const client = await session.client();
    const trial = await client.ask({ method: 'POST', path: '/v1/apply', body: { commands }, query: { dryRun: true } });
    const events = listAt(trial.json, 'events');
    const position = numberAt(trial.json, 'position');
    session.note(`Tried: ${counted(commands.length, 'command')} would come to ${counted(events.length, 'event')}.`);
    // Refused rather than done otherwise than shown.
    const decided = await submit(
      call,
      '/v1/apply',
      { commands },
      position === undefined ? undefined : String(position),
    );
    return showDecided(call, decided, undefined);
  },
};

export const whatif: Verb = {
  words: ['whatif'],
  summary: 'Try commands one after another on the present or the past, and show what each would come to.',
  about: `Nothing is recorded. ${aboutCommands}`,
  arguments: [],
  flags: [
    commandsFile,
    { name: 'at', metavar: '<position|time>', summary: 'On the state at a past position or time.' },
  ],
  examples: [
    { title: 'What would it come to now?', line: 'ultracloud whatif -f changes.yaml' },
    { title: 'And then?', line: 'ultracloud whatif -f changes.yaml --at 1000' },
  ],
  run: async (call) => {
    const { session, words } = call;
    const commands = await commandsGiven(call);
    const given = words.text('at');
    const at = given === undefined ? {} : { at: /^\d{1,16}$/.test(given) ? Number(given) : given };
    const client = await session.client();
    const { json } = await client.ask({ method: 'POST', path: '/v1/whatif', body: { commands, ...at } });
    const outcomes = listAt(json, 'outcomes');
    session.show({
      json,
      table: () =>
        [
          `On position ${numberAt(json, 'position') ?? '?'}; nothing was made:`,
          ...outcomes.flatMap((outcome) => [
            commandText(outcome),
            ...resultLines(outcome).map((line) => `    ${line}`),
          ]),
        ].join('\n'),
      names: () => outcomes.map((outcome) => textAt(outcome, 'outcome') ?? ''),
    });
    const refused = outcomes.find((outcome) => textAt(outcome, 'outcome') === 'rejected');
    return refused === undefined ? exitCodes.done : exitCodeOf(textAt(refused, 'category'));
  },
};

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const exitCodeOf = (category: string | undefined): number =>
  category !== undefined && Object.hasOwn(categories, category)
    ? categories[category as Category].exitCode
    : exitCodes.failed;

export const commandsGiven = async ({ session, words }: Call): Promise<readonly unknown[]> => {
  const name = words.text('file');
  if (name === undefined)
    throw usage('--file: expected a file of commands, got nothing.', 'Give -f FILE, or -f - to read standard input.');
  const documents = await readDocuments(session.terminal, name);
  const commands = documents
    .filter((document) => document !== null && document !== undefined)
    .flatMap((document) => {
      if (Array.isArray(document)) return document as readonly unknown[];
      return isObject(document) && Array.isArray(document['commands'])
        ? (document['commands'] as readonly unknown[])
        : [document];
    });
  if (commands.length > 0) return commands;
  throw usage(`${name}: expected at least one command, got none.`);
};
