import { placeOf, shellWords } from '#gateways/cli/completion';
import { exitCodes } from '#gateways/cli/exit-code';
import { meantInstead, usage } from '#gateways/cli/failure';
import { visible } from '#gateways/cli/visible';
import { settingsOf } from '#gateways/cli/global-flags';
import { type Listing, liveNames } from '#gateways/cli/live-names';
import { sessionOf } from '#gateways/cli/session';
import type { Verb } from '#gateways/cli/verb';
import { wordsOf } from '#gateways/cli/words';

/** Stands for "complete a file here", which shells do best. */
const files = ':files';

const bash = `# bash completion of ultracloud and uc: source <(ultracloud completion bash)
_ultracloud() {
  local line="\${COMP_LINE:0:COMP_POINT}" current="\${COMP_WORDS[COMP_CWORD]}"
  local typed="\${line##*[[:space:]]}" cut='' mark word about quoted
  COMPREPLY=()
  # Bash starts a new word at these; what comes before is not replaced.
  for mark in : =; do
    if [[ $COMP_WORDBREAKS == *"$mark"* && $typed == *"$mark"* ]]; then
      local head="\${typed%"\${typed##*"$mark"}"}"
      if ((\${#head} > \${#cut})); then cut="$head"; fi
    fi
  done
  while IFS=$'\\t' read -r word about; do
    if [[ $word == '${files}' ]]; then
      compopt -o default
      COMPREPLY=()
      return
    fi
    word="\${word#"$cut"}"
    if [[ $current == [\\"\\']* ]]; then quoted="$word"; else printf -v quoted '%q' "$word"; fi
    COMPREPLY+=("$quoted")
  done < <("\${COMP_WORDS[0]}" __complete line -- "$line" 2>/dev/null)
  if ((\${#COMPREPLY[@]} == 1)) && [[ \${COMPREPLY[0]} == *[/=] ]]; then compopt -o nospace; fi
}
complete -F _ultracloud ultracloud uc
`;

const zsh = `#compdef ultracloud uc
# zsh completion of ultracloud and uc: source <(ultracloud completion zsh), after compinit
_ultracloud() {
  local word about
  local -a open open_about closed closed_about
  while IFS=$'\\t' read -r word about; do
    if [[ $word == '${files}' ]]; then
      _files
      return
    fi
    if [[ $word == *[/=] ]]; then
      open+=("$word")
      open_about+=("$word\${about:+  -- $about}")
    else
      closed+=("$word")
      closed_about+=("$word\${about:+  -- $about}")
    fi
  done < <("\${(Q)words[1]}" __complete words -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)
  (( \${#open} )) && compadd -l -S '' -d open_about -a open
  (( \${#closed} )) && compadd -l -d closed_about -a closed
  return 0
}
if [[ $funcstack[1] == _ultracloud ]]; then
  _ultracloud "$@"
elif (( $+functions[compdef] )); then
  compdef _ultracloud ultracloud uc
fi
`;

const fish = `# fish completion of ultracloud and uc: ultracloud completion fish | source
function __ultracloud_complete
  set -l before (commandline -opc)
  set -l typed (commandline -ct | string unescape)
  set -l found (command $before[1] __complete words -- $before[2..-1] "$typed" 2>/dev/null)
  if test "$found[1]" = '${files}'
    __fish_complete_path "$typed"
  else
    string join \\n -- $found
  end
end
for program in ultracloud uc
  complete -c $program -e
  complete -c $program -f -a '(__ultracloud_complete)'
end
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

const shells = Object.keys(scripts);

export const completion: Verb = {
  words: ['completion'],
  summary: 'Print a script that completes verbs, flags and live names in a shell.',
  arguments: [{ name: 'shell', summary: 'bash, zsh or fish.', required: true, values: shells }],
  flags: [],
  examples: [
    { title: 'bash, in ~/.bashrc:', line: 'source <(ultracloud completion bash)' },
    { title: 'zsh, in ~/.zshrc after compinit:', line: 'source <(ultracloud completion zsh)' },
    { title: 'fish:', line: 'ultracloud completion fish > ~/.config/fish/completions/ultracloud.fish' },
  ],
  run: async ({ session, words }) => {
    const shell = words.argument('shell') ?? '';
    const script = scripts[shell];
    if (script === undefined)
      throw usage(`SHELL: expected ${shells.join(', ')}, got ${shell}.`, meantInstead(shell, shells));
    session.terminal.stdout.write(script);
    return exitCodes.done;
  },
};

/** What the scripts ask: the words that may stand at the end of a line, each with what it is. Never fails. */
export const complete = (verbs: () => readonly Verb[], listings: readonly Listing[]): Verb => ({
  words: ['__complete'],
  summary: 'Complete a command line, for the scripts of shells.',
  arguments: [
    { name: 'form', summary: 'line or words.', required: true },
    { name: 'typed', summary: 'The line, or its words after the program.', required: false, rest: true },
  ],
  flags: [],
  examples: [],
  hidden: true,
  run: async (call) => {
    const { session, words } = call;
    const given = words.rest();
    const typed = words.argument('form') === 'line' ? shellWords(given[0] ?? '').slice(1) : given;
    const aliases = new Map(listings.map(({ noun, word }) => [noun, word]));
    const place = placeOf(verbs(), aliases, typed.length === 0 ? [''] : typed);
    const candidates = place.known.filter(({ word }) => word.startsWith(place.typed));
    if (place.live !== undefined) {
      try {
        const settings = settingsOf(wordsOf(new Map(), [], place.flags), session.terminal);
        const names = await liveNames(
          sessionOf(session, { ...settings, quiet: true }, JSON.stringify),
          listings,
          place.live,
          place.typed,
        );
        candidates.push(...names.map((word) => ({ word, about: '' })));
      } catch {
        // A key was pressed, nothing was asked for: without a server there are no names.
      }
    }
    // A line each: what would break one cannot be offered.
    const offered = candidates.filter(({ word }) => visible(word) === word);
    for (const { word, about } of offered) session.line(`${place.prefix}${word}${about === '' ? '' : `\t${about}`}`);
    if (offered.length === 0 && place.files) session.line(files);
    return exitCodes.done;
  },
});
