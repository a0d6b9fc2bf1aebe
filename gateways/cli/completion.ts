import { globalFlags } from '#gateways/cli/global-flags';
import type { Completes, Flag, Verb } from '#gateways/cli/verb';

export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** What may stand at a place of a command line: known words, what has live names, or a file. */
export interface Place {
  readonly known: readonly Candidate[];
  readonly live: Completes | undefined;
  readonly files: boolean;
  /** What stands before the part that is completed, as `--flag=`. */
  readonly prefix: string;
  /** The part that is completed. */
  readonly typed: string;
  /** Flags that every verb takes, as given so far. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
}

/** Where the last of these words stands. It may be empty, and is what is being typed. */
export const placeOf = (
  verbs: readonly Verb[],
  aliases: ReadonlyMap<string, string>,
  words: readonly string[],
): Place => {
  const typed = words.at(-1) ?? '';
  const state: State = { path: [], verb: undefined, position: 0, waiting: undefined, flags: new Map(), plain: false };
  for (const word of words.slice(0, -1)) advance(verbs, aliases, state, word);
  const nothing = { known: [], live: undefined, files: false, prefix: '', typed, flags: state.flags };
  if (state.waiting !== undefined) return { ...nothing, ...valuesOf(state.waiting) };
  if (!state.plain && typed.startsWith('-')) {
    const cut = typed.indexOf('=');
    const flags = [...(state.verb?.flags ?? []), ...globalFlags];
    if (cut > 0) {
      const flag = flags.find(({ name }) => `--${name}` === typed.slice(0, cut));
      const prefix = typed.slice(0, cut + 1);
      return { ...nothing, ...(flag === undefined ? {} : valuesOf(flag)), prefix, typed: typed.slice(cut + 1) };
    }
    const shown = flags.filter(({ hidden = false }) => !hidden);
    return { ...nothing, known: shown.map(({ name, summary }) => ({ word: `--${name}`, about: summary })) };
  }
  if (state.verb === undefined) return { ...nothing, known: nextWords(verbs, state.path) };
  const argument = state.verb.arguments[state.position] ?? state.verb.arguments.find(({ rest }) => rest);
  if (argument === undefined) return nothing;
  return {
    ...nothing,
    ...valuesOf(argument),
    files: argument.rest === true || argument.name === 'file' || argument.name === 'backup',
  };
};

interface State {
  path: readonly string[];
  verb: Verb | undefined;
  /** Arguments of the verb so far. */
  position: number;
  /** A flag whose value comes next. */
  waiting: Flag | undefined;
  readonly flags: Map<string, readonly string[]>;
  /** Nothing is a flag any more. */
  plain: boolean;
}

const advance = (verbs: readonly Verb[], aliases: ReadonlyMap<string, string>, state: State, word: string): void => {
  if (state.waiting !== undefined) {
    give(state, state.waiting, word);
    state.waiting = undefined;
    return;
  }
  if (!state.plain && word === '--') {
    state.plain = true;
    return;
  }
  if (!state.plain && word.startsWith('-') && word !== '-') {
    const [name = '', ...value] = word.split('=');
    const flags = [...(state.verb?.flags ?? []), ...globalFlags];
    const flag = flags.find((each) => `--${each.name}` === name || `-${each.short ?? ''}` === name);
    if (flag?.metavar === undefined) return;
    if (value.length > 0) give(state, flag, value.join('='));
    else state.waiting = flag;
    return;
  }
  if (state.verb !== undefined) {
    state.position++;
    return;
  }
  state.path = [...state.path, state.path.length === 0 ? (aliases.get(word) ?? word) : word];
  state.verb = verbs.find(({ words }) => words.join(' ') === state.path.join(' '));
};

const give = (state: State, flag: Flag, value: string): void => {
  if (globalFlags.includes(flag)) state.flags.set(flag.name, [value]);
};

const nextWords = (verbs: readonly Verb[], path: readonly string[]): readonly Candidate[] => {
  const below = verbs.filter(({ words, hidden = false }) => !hidden && path.every((word, i) => word === words[i]));
  const words = new Map<string, string>();
  for (const verb of below) {
    const word = verb.words[path.length];
    if (word === undefined) continue;
    const last = verb.words.length === path.length + 1;
    if (!words.has(word)) words.set(word, last ? verb.summary : '');
  }
  return [...words].map(([word, about]) => ({ word, about }));
};

const valuesOf = (completes: Completes & { readonly metavar?: string }): Partial<Place> => ({
  known: (completes.values ?? []).map((word) => ({ word, about: '' })),
  live: completes,
  files: completes.metavar === '<file>' || completes.metavar === '<directory>',
});

/** The words of a line as a shell would split it, the last one perhaps unfinished. Substitutions are left as text. */
export const shellWords = (line: string): readonly string[] => {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const char = line[i] ?? '';
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && /["\\$`]/.test(line[i + 1] ?? ''))
        word = (word ?? '') + (line[++i] ?? '');
      else word = (word ?? '') + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= '';
    } else if (char === '\\') {
      word = (word ?? '') + (line[++i] ?? '');
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  return [...words, word ?? ''];
};
