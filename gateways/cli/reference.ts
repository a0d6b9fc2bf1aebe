import { globalFlags } from '#gateways/cli/global-flags';
import type { Argument, Flag, Verb } from '#gateways/cli/verb';
import { exitCodes } from '#gateways/cli/exit-code';

/** The page about every verb, in Markdown. */
export const cliReference = (verbs: readonly Verb[]): string =>
  [
    '# Command line',
    '',
    'Derived from the contract and the verbs in `gateways/cli`. `ultracloud <verb> --help` says the same; `uc` is the',
    'short name.',
    '',
    '## Flags of every verb',
    '',
    ...flagTable(globalFlags),
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...Object.entries(exitCodes).map(([name, code]) => `| ${code} | ${meanings[name as keyof typeof exitCodes]} |`),
    '',
    ...verbs.filter(({ hidden = false }) => !hidden).flatMap(section),
  ].join('\n');

const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: 'done',
  failed: 'failed, or the server is unavailable',
  usage: 'the command line or the input is invalid',
  dryRunHasChanges: 'a dry run that would change something',
  absent: 'the thing does not exist',
  conflict: 'conflict, or the log moved past `--expect`',
  denied: 'denied',
  exhausted: 'a limit or the disk is exhausted',
  timedOut: 'timed out while waiting; what was asked may still be done',
};

const section = (verb: Verb): readonly string[] => [
  `## ${verb.words.join(' ')}`,
  '',
  ...[verb.summary, ...(verb.about === undefined ? [] : [verb.about])].flatMap((text) => [escaped(text), '']),
  '```',
  [
    'ultracloud',
    ...verb.words,
    ...verb.arguments.map(argumentText),
    ...(verb.flags.length > 0 ? ['[flags]'] : []),
  ].join(' '),
  '```',
  '',
  ...verb.arguments.map(({ name, summary }) => `- \`${name}\`: ${escaped(summary)}`),
  ...(verb.arguments.length > 0 ? [''] : []),
  ...(verb.flags.length > 0 ? [...flagTable(verb.flags), ''] : []),
  ...verb.examples.flatMap(({ title, line }) => [escaped(title), '', '```', line, '```', '']),
];

const argumentText = ({ name, required, rest = false }: Argument): string => {
  const shown = rest ? `${name}...` : name;
  return required ? `<${shown}>` : `[${shown}]`;
};

const flagTable = (flags: readonly Flag[]): readonly string[] => [
  '| flag | meaning |',
  '| --- | --- |',
  ...flags
    .filter(({ hidden = false }) => !hidden)
    .map(({ name, short, metavar, summary }) => {
      const value = metavar === undefined ? '' : ` ${metavar}`;
      const dashes = short === undefined ? `--${name}` : `-${short}, --${name}`;
      return `| \`${`${dashes}${value}`.replaceAll('|', '\\|')}\` | ${escaped(summary)} |`;
    }),
];

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
