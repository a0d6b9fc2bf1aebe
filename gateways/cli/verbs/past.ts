import { idToPath } from '#commands/codec/id-path';
import type { AnyCodec } from '#commands/codec/codec';
import { exitCodes } from '#gateways/cli/exit-code';
import { meantInstead, usage } from '#gateways/cli/failure';
import { listAt, numberAt, at, textAt } from '#gateways/cli/json';
import { idOfWord, refOfWord } from '#gateways/cli/key-text';
import { outcomeBlock } from '#gateways/cli/outcome-text';
import type { Argument, Call, Verb } from '#gateways/cli/verb';

/** A kind of thing that references name. */
export interface Noun {
  readonly noun: string;
  /** The word that its verbs have, which names it too. */
  readonly word: string;
  readonly id: AnyCodec;
}

const ref: Argument = {
  name: 'ref',
  summary: 'A thing as <noun>/<id>, such as key/config/color.',
  required: true,
  ref: true,
};

/** `timeline` and `why`, for references to these nouns; `unseen` are nouns of the log that no view shows. */
export const pastVerbs = (nouns: readonly Noun[], unseen: ReadonlySet<string>): readonly Verb[] => [
  {
    words: ['timeline'],
    summary: 'Show everything that happened to a thing: when, by whom, through what, and what was refused.',
    arguments: [ref],
    flags: [
      { name: 'limit', metavar: '<count>', summary: 'At most so many entries; 100 unless given.' },
      { name: 'cursor', metavar: '<cursor>', summary: 'Go on where an answer ended.' },
    ],
    examples: [{ title: 'The life of a key.', line: 'ultracloud timeline key/config/color' }],
    run: async (call) => {
      const { session, words } = call;
      const client = await session.client();
      const query = { limit: words.integer('limit'), cursor: words.text('cursor') };
      const { json } = await client.ask({ method: 'GET', path: `/v1/timeline/${pathOf(nouns, unseen, call)}`, query });
      const items = listAt(json, 'items');
      session.show({
        json,
        table: () =>
          items.length === 0
            ? 'Nothing is recorded of it. Check the reference; `ultracloud kv list` shows what there is.'
            : items.map((item) => outcomeBlock(session, item)).join('\n'),
        names: () => items.map((item) => String(numberAt(item, 'position') ?? '')),
      });
      tellOldest(call, json);
      const cursor = textAt(json, 'cursor');
      if (cursor !== undefined) session.note(`There is more: --cursor ${cursor} goes on from here.`);
      return exitCodes.done;
    },
  },
  {
    words: ['why'],
    summary: 'Explain why a thing is as it is, or why commands on it were refused, down to the entry of the log.',
    arguments: [ref],
    flags: [],
    examples: [{ title: 'Why is it blue?', line: 'ultracloud why key/config/color' }],
    run: async (call) => {
      const { session } = call;
      const client = await session.client();
      const { json } = await client.ask({ method: 'GET', path: `/v1/why/${pathOf(nouns, unseen, call)}` });
      session.show({ json, table: () => whyText(call, json), names: () => [call.words.argument('ref') ?? ''] });
      tellOldest(call, json);
      return exitCodes.done;
    },
  },
];

const tellOldest = ({ session }: Call, json: unknown): void => {
  const oldest = numberAt(json, 'oldestPosition');
  if (oldest === undefined) return;
  session.note(`Changes before position ${oldest} were compacted, and are left out; \`ultracloud log show\` has them.`);
};

const pathOf = (nouns: readonly Noun[], unseen: ReadonlySet<string>, { words }: Call): string => {
  const { noun: word, id } = refOfWord(words.argument('ref') ?? '');
  const found = nouns.find(({ noun, word: alias }) => noun === word || alias === word);
  if (found === undefined) {
    const known = nouns.map(({ noun }) => noun);
    if (unseen.has(word)) {
      throw usage(`REF: ${word} is internal; expected one of ${known.join(', ')}.`);
    }
    throw usage(`REF: expected one of ${known.join(', ')} before the slash, got ${word}.`, meantInstead(word, known));
  }
  return `${found.noun}/${idToPath(found.id, idOfWord(found.id, 'ref', id) as never)}`;
};

const whyText = ({ session, words }: Call, json: unknown): string => {
  const name = words.argument('ref') ?? '';
  const lines: string[] = [];
  const because = at(json, 'because');
  const refusals = listAt(json, 'refusals');
  if (at(json, 'exists') === true) {
    lines.push(
      `${session.style.bold(name)} exists, in version ${numberAt(json, 'version') ?? '?'}:`,
      session.fields(at(json, 'state') ?? {}),
    );
  } else {
    lines.push(`${session.style.bold(name)} does not exist.`);
  }
  if (because !== undefined) lines.push('', 'It is so because of', outcomeBlock(session, because));
  else lines.push('', 'Nothing that made or ended it is recorded.');
  if (refusals.length > 0) {
    lines.push('', 'Refused, the newest first:', ...refusals.map((refusal) => outcomeBlock(session, refusal)));
  }
  return lines.join('\n');
};
