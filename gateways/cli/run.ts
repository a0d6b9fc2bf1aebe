import { CommanderError } from 'commander';
import { type Failure, failureOf, usage } from '#gateways/cli/failure';
import { exitCodes } from '#gateways/cli/exit-code';
import { guessedFormat, settingsOf } from '#gateways/cli/global-flags';
import { programOf } from '#gateways/cli/program';
import { loadYaml, ownVersion, sessionOf, showFailure, type Surroundings } from '#gateways/cli/session';
import type { Verb } from '#gateways/cli/verb';
import { groupsOf } from '#gateways/cli/verbs';

/** Runs one command line and gives its exit code; nothing is thrown. */
export const run = async (verbs: readonly Verb[], surroundings: Surroundings): Promise<number> => {
  const { terminal } = surroundings;
  let format = guessedFormat(terminal.words);
  let color = (terminal.environment['NO_COLOR'] ?? '') === '';
  let help = '';
  try {
    const { recognise } = programOf(verbs, groupsOf(verbs), (text) => (help += text));
    const recognised = await recognise(terminal.words);
    if (recognised === undefined) return exitCodes.usage;
    const settings = settingsOf(recognised.words, terminal);
    format = settings.format ?? format;
    color = settings.color;
    const session = sessionOf(surroundings, settings, await loadYaml(format));
    return await recognised.verb.run({ session, ...recognised });
  } catch (error) {
    const stopped = error instanceof CommanderError ? stop(error, verbs, terminal.words) : failureOf(error);
    switch (stopped) {
      case 'help':
        terminal.stdout.write(help);
        return exitCodes.done;
      case 'incomplete':
        terminal.stderr.write(help);
        return exitCodes.usage;
      case 'version':
        terminal.stdout.write(`${ownVersion()}\n`);
        return exitCodes.done;
      default:
        await showFailure(terminal, format, color, stopped);
        return stopped.exitCode;
    }
  }
};

/** Why commander did not run a verb. */
const stop = (
  error: CommanderError,
  verbs: readonly Verb[],
  words: readonly string[],
): 'help' | 'incomplete' | 'version' | Failure => {
  if (error.code === 'commander.version') return 'version';
  if (error.code === 'commander.helpDisplayed') return 'help';
  if (error.code === 'commander.help') return error.exitCode === 0 ? 'help' : 'incomplete';
  const [message = '', hint] = error.message
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .split('\n');
  const meant = hint === undefined ? '' : `${hint.replace(/^\((.*)\)$/, '$1')} `;
  const help = `\`${['ultracloud', ...knownWords(verbs, words), '--help'].join(' ')}\` shows how it is used.`;
  return usage(`${message.charAt(0).toUpperCase()}${message.slice(1)}.`, `${meant}${help}`);
};

/** The words at the start that name a verb or a group of verbs. */
const knownWords = (verbs: readonly Verb[], words: readonly string[]): readonly string[] => {
  const plain = words.filter((word) => !word.startsWith('-'));
  const longest = Math.max(0, ...verbs.map((verb) => sharedLength(verb.words, plain)));
  return plain.slice(0, longest);
};

const sharedLength = (a: readonly string[], b: readonly string[]): number => {
  const different = a.findIndex((word, i) => word !== b[i]);
  return different === -1 ? a.length : different;
};
