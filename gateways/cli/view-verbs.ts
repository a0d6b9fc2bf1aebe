import { isLeft } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { idToPath } from '#commands/codec/id-path';
import type { Props } from '#commands/codec/codec';
import { flagsOf, kebab, parseFlag } from '#commands/codec/usage';
import { object } from '#commands/codec/object';
import { watchedFilters, type AnyViewSpec } from '#commands/view';
import type { Answer, Query } from '#gateways/cli/exchange';
import { malformed, usage } from '#gateways/cli/failure';
import { cellText } from '#gateways/cli/format';
import { isObject, listAt, textAt } from '#gateways/cli/json';
import { cellAt, idOfWord, idWordOf } from '#gateways/cli/key-text';
import { followView } from '#gateways/cli/follow';
import type { Call, Flag, Verb } from '#gateways/cli/verb';
import { waitFor } from '#gateways/cli/waiting';

const readFlags: readonly Flag[] = [
  {
    name: 'at',
    metavar: '<position|time>',
    summary: 'As it was at a past position, or at a time such as 2026-01-31T12:00:00Z.',
  },
  { name: 'at-least', metavar: '<position>', summary: 'Wait until the server has reached this position.' },
  {
    name: 'consistency',
    metavar: '<consistency>',
    summary: 'linearizable (unless given) or local.',
    values: ['linearizable', 'local'],
  },
];

const listFlags: readonly Flag[] = [
  ...readFlags,
  { name: 'limit', metavar: '<count>', summary: 'At most so many rows in one answer; 100 unless given.' },
  { name: 'cursor', metavar: '<cursor>', summary: 'Go on where an answer ended.' },
  { name: 'all', summary: 'All rows, however many answers they take.' },
  { name: 'watch', summary: 'Then go on with each change.' },
];

const watchFlags: readonly Flag[] = [
  { name: 'from', metavar: '<position>', summary: 'Changes after this position; from now on unless given.' },
  { name: 'max', metavar: '<count>', summary: 'End after so many changes.' },
];

/** How the rows of a noun are shown when something better than its fields is wanted. */
export interface Presentation {
  /** Prints one row for people; the fields otherwise. */
  one?(call: Call, row: unknown): void;
}

/** `list`, `get` and `watch` of one view, below the word that its commands have. */
export const viewVerbs = (spec: AnyViewSpec, word: string, presentation: Presentation = {}): readonly Verb[] => [
  listVerb(spec, word),
  getVerb(spec, word, presentation),
  watchVerb(spec, word),
];

const listVerb = (spec: AnyViewSpec, word: string): Verb => ({
  words: [word, 'list'],
  summary: spec.summary,
  arguments: [],
  flags: [...filterFlags(spec.filters, listFlags), ...listFlags],
  examples: [
    { title: 'All of them, for a script.', line: `ultracloud ${word} list --all -o json` },
    { title: 'As they were at a position.', line: `ultracloud ${word} list --at 1000` },
  ],
  run: async (call) => {
    const { session, words } = call;
    const first = await fetchList(call, spec, words.text('cursor'));
    const answers = [first];
    const items = [...listAt(first.json, 'items')];
    const progress = session.progress(`listing ${nounsOf(spec)}`);
    let cursor = textAt(first.json, 'cursor');
    while (words.on('all') && cursor !== undefined) {
      const next = await fetchList(call, spec, cursor);
      items.push(...listAt(next.json, 'items'));
      progress.update(`listing ${nounsOf(spec)}: ${items.length}`);
      answers.push(next);
      cursor = textAt(next.json, 'cursor');
    }
    progress.done();
    session.show({
      json: answers.length === 1 ? first.json : { items, ...(cursor === undefined ? {} : { cursor }) },
      table: () => (items.length === 0 ? emptyText(spec, word, call) : rowsText(call, spec, items)),
      names: () => items.map((row) => nameOf(spec, row)),
    });
    if (cursor !== undefined) {
      session.note(`${items.length} shown, and there are more: --all shows all, --cursor ${cursor} goes on from here.`);
    }
    if (!words.on('watch')) return 0;
    return followView(call, spec, filtersOf(spec, call), first.position ?? 0, session.format);
  },
});

const getVerb = (spec: AnyViewSpec, word: string, presentation: Presentation): Verb => ({
  words: [word, 'get'],
  summary: `Show one ${spec.noun}.`,
  arguments: [{ name: spec.noun, summary: spec.id.shape.summary, required: true, noun: spec.noun }],
  flags: [
    ...readFlags,
    ...(spec.id.shape.kind === 'bytes'
      ? [{ name: `${spec.noun}-base64`, summary: `The ${spec.noun} is given in base64.` }]
      : []),
    { name: 'wait', summary: 'Wait until it exists, up to --timeout (exit code 8).' },
  ],
  examples: [
    { title: 'One, with all its fields.', line: `ultracloud ${word} get ${exampleId(spec)} -o json` },
    { title: 'As it was at a position.', line: `ultracloud ${word} get ${exampleId(spec)} --at 1000` },
  ],
  run: async (call) => {
    const { session, words } = call;
    const id = idOfWord(spec.id, spec.noun, words.argument(spec.noun) ?? '', words.on(`${spec.noun}-base64`));
    if (id === '') throw usage(`${spec.noun}: expected an id, got nothing.`);
    const client = await session.client();
    const path = `${spec.route}/${idToPath(spec.id, id as never)}`;
    const ask = (): Promise<Answer> => client.ask({ method: 'GET', path, query: readQuery(call) });
    const { json } = await (words.on('wait') ? waitFor(call, `the ${spec.noun} to exist`, ask) : ask());
    if (session.settings.format === undefined && presentation.one !== undefined) {
      presentation.one(call, json);
      return 0;
    }
    session.show({
      json,
      table: () => (session.format === 'wide' ? session.fields(json) : rowsText(call, spec, [json])),
      names: () => [nameOf(spec, json)],
    });
    return 0;
  },
});

const watchVerb = (spec: AnyViewSpec, word: string): Verb => ({
  words: [word, 'watch'],
  summary: `Follow each change of ${nounsOf(spec)} as it happens, until interrupted.`,
  about:
    'To a terminal a line for each change, otherwise JSON, one frame a line, as the server sends it. When the ' +
    'connection is lost it goes on where it was.',
  arguments: [],
  flags: [...filterFlags(watchedFilters(spec), watchFlags), ...watchFlags],
  examples: [{ title: 'All that happened, and what happens.', line: `ultracloud ${word} watch --from 0` }],
  run: async (call) => {
    const filters = filtersOf(spec, call);
    const from = call.words.integer('from') ?? (await headPosition(call, spec));
    return followView(call, spec, filters, from, call.session.streamFormat);
  },
});

/** The noun in the plural, as its route has it. */
const nounsOf = (spec: AnyViewSpec): string => spec.route.slice(spec.route.lastIndexOf('/') + 1);

const headPosition = async (call: Call, spec: AnyViewSpec): Promise<number> => {
  const client = await call.session.client();
  const { position } = await client.ask({ method: 'GET', path: spec.route, query: { limit: 1 } });
  return position ?? 0;
};

const fetchList = async (call: Call, spec: AnyViewSpec, cursor: string | undefined): Promise<Answer> => {
  const { words, session } = call;
  const client = await session.client();
  const limit = words.integer('limit') ?? (words.on('all') ? 1000 : undefined);
  const query = { ...filtersOf(spec, call), ...readQuery(call), limit, cursor };
  return client.ask({ method: 'GET', path: spec.route, query });
};

const readQuery = ({ words }: Call): Query => ({
  at: words.text('at'),
  'at-least': words.integer('at-least'),
  consistency: words.text('consistency'),
});

/** A filter that a flag of the verb hides is left to `raw`. */
const filterFlags = (filters: Props, taken: readonly Flag[]): readonly Flag[] =>
  flagsOf(object(filters))
    .filter(({ name }) => !taken.some((flag) => flag.name === name))
    .map((flag) => ({
      name: flag.name,
      metavar: flag.metavar === '' ? '<true|false>' : flag.metavar,
      summary: flag.summary,
      values: flag.values,
      ...(flag.noun === undefined ? {} : { noun: flag.noun }),
    }));

const filtersOf = (spec: AnyViewSpec, { words, verb }: Call): Query => {
  const query: Record<string, Query[string]> = {};
  for (const [field, codec] of Object.entries(spec.filters)) {
    const name = kebab(field);
    const hidden = [...listFlags, ...watchFlags].some((flag) => flag.name === name && verb.flags.includes(flag));
    if (hidden) continue;
    const given = words.text(name);
    const inBase64 = codec.shape.kind === 'bytes' ? words.text(`${name}-base64`) : undefined;
    const word = inBase64 ?? given;
    // An empty prefix is no filter, and no id may be empty.
    if (word === undefined || word === '') continue;
    if (codec.shape.kind === 'bytes') {
      query[field] = { encoded: idToPath(codec, idOfWord(codec, name, word, inBase64 !== undefined) as never) };
      continue;
    }
    const parsed = parseFlag(codec, word);
    const checked = isLeft(parsed) ? parsed : decode(codec, parsed.right);
    if (isLeft(checked)) {
      throw malformed(
        `--${name} is not valid.`,
        checked.left.map((problem) => ({ ...problem, path: `--${name}` })),
      );
    }
    query[field] = word;
  }
  return query;
};

const rowsText = ({ session }: Call, spec: AnyViewSpec, rows: readonly unknown[]): string => {
  const columns = spec.columns.filter(({ wide = false }) => !wide || session.format === 'wide');
  const props = spec.row.shape.props;
  return session.table(
    columns.map(({ title, path }) => ({ title, right: props[path]?.shape.kind === 'integer' })),
    rows.map((row) => columns.map(({ path }) => cellText(cellAt(row, path)))),
  );
};

const nameOf = (spec: AnyViewSpec, row: unknown): string =>
  `${spec.noun}/${idWordOf(row, spec.noun) ?? (isObject(row) ? cellText(Object.values(row)[0]) : '')}`;

const exampleId = (spec: AnyViewSpec): string => {
  const { shape } = spec.id;
  return (shape.kind === 'text' ? shape.example : undefined) ?? `my-${spec.noun}`;
};

const emptyText = (spec: AnyViewSpec, word: string, { words }: Call): string => {
  const filtered = Object.keys(spec.filters).some((field) => words.text(kebab(field)) !== undefined);
  if (filtered) return `No ${spec.noun} matches. \`ultracloud ${word} list\` shows all.`;
  const past = words.text('at') === undefined ? 'yet' : `at ${words.text('at') ?? ''}`;
  return `No ${spec.noun} ${past}. \`ultracloud ${word} --help\` says what can be done.`;
};
