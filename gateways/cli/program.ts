import { Argument, Command, Option } from 'commander';
import { globalFlags } from '#gateways/cli/global-flags';
import type { Flag, Verb, Words } from '#gateways/cli/verb';
import { wordsOf } from '#gateways/cli/words';

/** A verb that was recognised, with the words that it was given. */
export interface Recognised {
  readonly verb: Verb;
  readonly words: Words;
}

/** What a group of verbs is about, by its first word. */
export interface Group {
  readonly word: string;
  readonly summary: string;
  /** Under which help lists it. */
  readonly heading: string;
  /** Another word for it. */
  readonly alias?: string;
}

/**
 * The verbs as a commander program. `recognise` throws commander's own error for words that are not understood, or
 * after printing help.
 */
export const programOf = (verbs: readonly Verb[], groups: readonly Group[], out: (text: string) => void) => {
  let recognised: Recognised | undefined;
  const program = new Command('ultracloud')
    .description('The operators’ command of UltraCloud. `uc` is its short name.')
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: out, outputError: () => undefined })
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .enablePositionalOptions()
    .helpCommand('help [verb]', 'Show how a verb is used.')
    .helpOption('-h, --help', 'Show this.')
    .version('', '-V, --version', 'Print the version.');
  addFlags(program, globalFlags);
  program.addHelpText('after', rootHelp);

  const aboutOf = (word: string): Group | undefined => groups.find((group) => group.word === word);
  const grouped = new Map<string, Command>();
  const groupOf = (word: string): Command => {
    const known = grouped.get(word);
    if (known !== undefined) return known;
    const about = aboutOf(word);
    const group = program.command(word).description(about?.summary ?? '');
    if (about !== undefined) group.helpGroup(about.heading);
    if (about?.alias !== undefined) group.alias(about.alias);
    addFlags(group, globalFlags, 'hidden');
    grouped.set(word, group);
    return group;
  };

  /** By first word, what the commands behind it take: told to commander only where it is asked for. */
  const details = new Map<string, (() => void)[]>();
  const inOrder = groups.flatMap(({ word }) => verbs.filter(({ words }) => words[0] === word));
  for (const verb of inOrder) {
    const [first = '', ...more] = verb.words;
    const parent = more.length === 0 ? program : groupOf(first);
    const command = parent.command(more.length === 0 ? first : more.join(' '), { hidden: verb.hidden ?? false });
    const heading = aboutOf(first)?.heading;
    if (more.length === 0 && heading !== undefined) command.helpGroup(heading);
    command
      .summary(verb.summary)
      .description(verb.about === undefined ? verb.summary : `${verb.summary}\n\n${verb.about}`);
    const detail = (): void => {
      for (const argument of verb.arguments) {
        const dots = argument.rest === true ? '...' : '';
        const named = argument.required ? `<${argument.name}${dots}>` : `[${argument.name}${dots}]`;
        command.addArgument(new Argument(named, argument.summary));
      }
      addFlags(command, verb.flags);
      const own = new Set(verb.flags.flatMap(({ name, short }) => (short === undefined ? [name] : [name, short])));
      addFlags(
        command,
        globalFlags.filter(({ name, short }) => !own.has(name) && (short === undefined || !own.has(short))),
        'Global options:',
      );
      if (verb.examples.length > 0) command.addHelpText('after', examplesText(verb));
    };
    details.set(first, [...(details.get(first) ?? []), detail]);
    command.action(() => {
      recognised = { verb, words: wordsGiven(verb, command) };
    });
  }

  return {
    recognise: async (words: readonly string[]): Promise<Recognised | undefined> => {
      recognised = undefined;
      for (const word of new Set(words)) {
        const group = groups.find(({ alias }) => alias === word)?.word ?? word;
        for (const detail of details.get(group) ?? []) detail();
        details.delete(group);
      }
      await program.parseAsync(words, { from: 'user' });
      return recognised;
    },
  };
};

const rootHelp = `
Examples:
  Start a server in a directory of its own:
    ultracloud serve --data ./data
  Set a key and read it:
    ultracloud --data ./data kv put config/color blue
    ultracloud --data ./data kv get config/color
  Try a command without making it:
    ultracloud --data ./data kv put config/color red --dry-run
  Why is a thing as it is?
    ultracloud --data ./data why key/config/color
`;

const addFlags = (command: Command, flags: readonly Flag[], heading?: string): void => {
  for (const flag of flags) {
    const dashes = flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;
    const option = new Option(flag.metavar === undefined ? dashes : `${dashes} ${flag.metavar}`, flag.summary);
    if (flag.metavar !== undefined) option.argParser(append);
    if (heading === 'hidden' || flag.hidden === true) option.hideHelp();
    else if (heading !== undefined) option.helpGroup(heading);
    command.addOption(option);
  }
};

const append = (value: string, before: unknown): readonly string[] =>
  Array.isArray(before) ? [...(before as readonly string[]), value] : [value];

const examplesText = ({ examples }: Verb): string =>
  `\nExamples:\n${examples.map(({ title, line }) => `  ${title}\n    ${line}`).join('\n')}\n`;

/** Flags of the verb beat the same flags before it. */
const wordsGiven = (verb: Verb, command: Command): Words => {
  const flags = new Map<string, readonly string[]>();
  for (let level: Command | null = command; level !== null; level = level.parent) {
    const given = level.opts<Record<string, unknown>>();
    for (const option of level.options) {
      const name = (option.long ?? '').slice(2);
      const attribute = option.attributeName();
      if (flags.has(name) || level.getOptionValueSource(attribute) !== 'cli') continue;
      // The verb's own flag of this name means something else.
      if (level !== command && verb.flags.some((flag) => flag.name === name)) continue;
      const value = given[attribute];
      if (Array.isArray(value)) flags.set(name, value as readonly string[]);
      else if (value === !option.negate) flags.set(name, []);
    }
  }
  const last = verb.arguments.at(-1);
  const single = last?.rest === true ? verb.arguments.slice(0, -1) : verb.arguments;
  const positional = new Map<string, string>();
  for (const [i, { name }] of single.entries()) {
    const word = command.args[i];
    if (word !== undefined) positional.set(name, word);
  }
  return wordsOf(positional, last?.rest === true ? command.args.slice(single.length) : [], flags);
};
