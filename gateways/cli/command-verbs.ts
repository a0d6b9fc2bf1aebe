import { isUtf8 } from 'node:buffer';
import { buffer } from 'node:stream/consumers';
import { isLeft } from 'fp-ts/lib/Either';
import type { AnyCodec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { idFromPath, idToPath } from '#commands/codec/id-path';
import { bodyFromFlags, flagsOf, type Flag as FieldFlag, kebab } from '#commands/codec/usage';
import type { Problem } from '#commands/codec/problem';
import type { AnyCommandSpec, CommandExample } from '#commands/command';
import { showDecided, submit } from '#gateways/cli/decided';
import { readDocument } from '#gateways/cli/document-file';
import { malformed, usage } from '#gateways/cli/failure';
import { isObject } from '#gateways/cli/json';
import { idOfWord, wordOfBytes } from '#gateways/cli/key-text';
import type { Argument, Call, Example, Flag, Verb } from '#gateways/cli/verb';

/** Flags that every command takes, whatever it is about. */
const submitFlags: readonly Flag[] = [
  {
    name: 'file',
    short: 'f',
    metavar: '<file>',
    summary: 'The body as JSON or YAML instead of flags; - reads standard input.',
  },
  { name: 'at', metavar: '<position|time>', summary: 'With --dry-run: decide it as of a past position or time.' },
  { name: 'dry-run', summary: 'Decide it without making it; exit code 3 when it would change something.' },
  {
    name: 'expect',
    metavar: '<position>',
    summary: 'Refuse it if what it rests on changed since; or version:N of the object.',
  },
  {
    name: 'idempotency-key',
    metavar: '<key>',
    summary: 'Makes a repeated command count once; a new one unless given.',
  },
  { name: 'wait', summary: 'While the server is unavailable, try again until --timeout.' },
];

/** One verb for each command that operators may send. */
export const commandVerbs = (specs: readonly AnyCommandSpec[]): readonly Verb[] =>
  specs.filter((spec) => !spec.internal && !spec.stamped).map(commandVerb);

const commandVerb = (spec: AnyCommandSpec): Verb => {
  const fields = flagsOf(spec.body);
  const idBase64 = base64Switch(spec);
  return {
    words: spec.cli.words,
    summary: spec.summary,
    arguments: [...idArgument(spec), ...spec.cli.positional.map((field) => fieldArgument(spec, fields, field))],
    flags: distinct([...fieldFlags(spec, fields), ...(idBase64 === undefined ? [] : [idBase64]), ...submitFlags]),
    examples: (spec.examples.length > 0 ? spec.examples : [plainest(spec)]).map((example) => exampleOf(spec, example)),
    run: async (call) => {
      const id = idGiven(spec, call);
      const body = await bodyGiven(spec, fields, call);
      const path = spec.id === undefined ? spec.route : spec.route.replace('{id}', idToPath(spec.id, id as never));
      const decided = await submit(call, path, body);
      return showDecided(call, decided, spec.id === undefined ? undefined : { noun: spec.noun, id });
    },
  };
};

/** A field of the contract hides the CLI's own flag of that name. */
const distinct = (flags: readonly Flag[]): readonly Flag[] =>
  flags.filter((flag, i) => flags.findIndex(({ name }) => name === flag.name) === i);

const idArgument = (spec: AnyCommandSpec): readonly Argument[] =>
  spec.id === undefined
    ? []
    : [{ name: idName(spec), summary: spec.id.shape.summary, required: true, noun: spec.noun }];

/** `level raise` has a level of a level. */
const idName = (spec: AnyCommandSpec): string =>
  spec.cli.positional.some((field) => kebab(field) === spec.noun) ? 'id' : spec.noun;

const base64Switch = (spec: AnyCommandSpec): Flag | undefined =>
  spec.id?.shape.kind === 'bytes'
    ? { name: `${spec.noun}-base64`, summary: `The ${spec.noun} is given in base64.` }
    : undefined;

const fieldArgument = (spec: AnyCommandSpec, fields: readonly FieldFlag[], field: string): Argument => {
  const flag = fields.find((known) => known.field === field);
  const bytes = spec.body.shape.props[field]?.shape.kind === 'bytes';
  return {
    name: kebab(field),
    summary: [flag?.summary, bytes ? '- reads standard input.' : '', flag?.required === true ? 'Required.' : '']
      .filter((part) => part !== undefined && part !== '')
      .join(' '),
    // A flag of the same name or a file may give it instead; what is missing is told by the contract.
    required: false,
    ...(flag?.noun === undefined ? {} : { noun: flag.noun }),
    ...(flag === undefined || flag.values.length === 0 ? {} : { values: flag.values }),
  };
};

const fieldFlags = (spec: AnyCommandSpec, fields: readonly FieldFlag[]): readonly Flag[] =>
  fields.flatMap((field): readonly Flag[] => {
    const about = {
      name: field.name,
      summary: `${field.summary}${field.required ? ' Required.' : ''}${field.repeatable ? ' May be repeated.' : ''}`,
      repeatable: field.repeatable,
      hidden: spec.cli.positional.includes(field.field),
      ...(field.noun === undefined ? {} : { noun: field.noun }),
    };
    if (field.metavar !== '') return [{ ...about, metavar: field.metavar, values: field.values }];
    return [about, { name: `no-${field.name}`, summary: `Not --${field.name}.`, hidden: true }];
  });

/** The id in the form of the contract, checked here so that a slip costs no request. */
const idGiven = (spec: AnyCommandSpec, { words }: Call): string => {
  if (spec.id === undefined) return '';
  const word = words.argument(idName(spec)) ?? '';
  const id = idOfWord(spec.id, spec.noun, word, words.on(`${spec.noun}-base64`));
  const checked = idFromPath(spec.id, idToPath(spec.id, id as never));
  if (!isLeft(checked)) return id;
  throw malformed(
    `${spec.cli.words.join(' ')}: the ${spec.noun} is not valid.`,
    checked.left.map((problem) => ({ ...problem, path: `<${idName(spec)}>` })),
  );
};

const bodyGiven = async (spec: AnyCommandSpec, fields: readonly FieldFlag[], call: Call): Promise<unknown> => {
  const { words, session } = call;
  const given = new Map<string, readonly string[]>();
  const add = (field: string, values: readonly string[]): void => {
    given.set(field, [...(given.get(field) ?? []), ...values]);
  };
  for (const field of fields) {
    if (field.metavar === '' && words.on(field.name)) add(field.field, ['true']);
    else if (field.metavar === '' && words.on(`no-${field.name}`)) add(field.field, ['false']);
    else if (words.on(field.name)) add(field.field, words.all(field.name));
  }
  for (const field of spec.cli.positional) {
    const word = words.argument(kebab(field));
    if (word === undefined) continue;
    const [name, value] = positionalForm(spec, field, word);
    add(name, [value]);
  }
  const file = words.text('file');
  if (file !== undefined) {
    if (given.size > 0) throw usage('Give the body by --file or by its fields, not by both.');
    const document = await readDocument(session.terminal, file);
    if (isObject(document)) return document;
    throw usage(`${file}: expected an object, the body of ${spec.kind}.`);
  }
  if (spec.id === undefined && given.size === 0 && fields.length > 0) {
    throw usage(`${spec.cli.words.join(' ')}: expected what to do, got nothing.`, 'Give it by flags, or with --file.');
  }
  await fillFromStdin(spec, given, call);
  const form = bodyFromFlags(spec.body, given);
  const checked = isLeft(form) ? form : decode(spec.body, form.right);
  if (!isLeft(checked) && !isLeft(form)) return form.right;
  const problems = isLeft(checked) ? checked.left : [];
  throw malformed(
    `${spec.cli.words.join(' ')}: the command is not valid.`,
    problems.map((problem) => inWordsOfFlags(spec, problem)),
  );
};

/** Ids of bytes may be marked as base64; values are taken as they are. */
const positionalForm = (spec: AnyCommandSpec, field: string, word: string): readonly [string, string] => {
  const codec = spec.body.shape.props[field];
  if (codec?.shape.kind !== 'bytes' || !codec.shape.binaryString || word === '-') return [field, word];
  const bytes = Buffer.from(idOfWord(codec, kebab(field), word), 'latin1');
  return isUtf8(bytes) ? [field, bytes.toString('utf8')] : [`${field}Base64`, bytes.toString('base64')];
};

/** A field of bytes that is given as `-` holds what standard input has. */
const fillFromStdin = async (
  spec: AnyCommandSpec,
  given: Map<string, readonly string[]>,
  { session }: Call,
): Promise<void> => {
  const fromStdin = Object.entries(spec.body.shape.props)
    .filter(([field, { shape }]) => shape.kind === 'bytes' && given.get(field)?.join() === '-')
    .map(([field]) => field);
  const [field, second] = fromStdin;
  if (field === undefined) return;
  if (second !== undefined) throw usage('Only one field can be read from standard input.');
  if (session.terminal.stdin.isTTY === true) session.note('Reading standard input; end it with Ctrl-D.');
  const bytes = await buffer(session.terminal.stdin);
  given.delete(field);
  if (isUtf8(bytes)) given.set(field, [bytes.toString('utf8')]);
  else given.set(`${field}Base64`, [bytes.toString('base64')]);
};

const inWordsOfFlags = (spec: AnyCommandSpec, problem: Problem): Problem => {
  if (problem.path === '') return problem;
  const [field = '', ...below] = problem.path.replace(/^--/, '').split(/(?=[.[])/);
  const positional = spec.cli.positional.some((each) => kebab(each) === kebab(field));
  const word = positional ? `<${kebab(field)}>` : `--${kebab(field)}`;
  return { ...problem, path: `${word}${below.join('')}` };
};

/** A use with nothing but what is required, for a contract that shows none. */
const plainest = (spec: AnyCommandSpec): CommandExample => {
  const { props, optional } = spec.body.shape;
  const required = Object.entries(props).filter(([field]) => !optional.includes(field));
  return {
    title: 'With what it needs.',
    ...(spec.id === undefined ? {} : { id: String(exampleValue(spec.id)) }),
    body: Object.fromEntries(required.map(([field, codec]) => [field, exampleValue(codec)])),
  };
};

const exampleValue = ({ shape }: AnyCodec): unknown => {
  switch (shape.kind) {
    case 'text':
    case 'bytes':
      return (shape.kind === 'text' ? shape.example : undefined) ?? `my-${shape.noun ?? kebab(shape.name)}`;
    case 'integer':
      return shape.unit === 'position' ? 1000 : shape.min;
    case 'choice':
      return shape.values[0];
    case 'boolean':
      return true;
    case 'time':
    case 'list':
    case 'map':
    case 'object':
    case 'oneOf':
    case 'json':
      return undefined;
  }
};

/** A word as a shell would read it. */
const quoted = (word: string): string =>
  /^[A-Za-z0-9_./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

const exampleOf = (spec: AnyCommandSpec, { title, id, body }: CommandExample): Example => {
  const fields = isObject(body) ? Object.entries(body) : [];
  const words = ['ultracloud', ...spec.cli.words, ...(id === undefined ? [] : [quoted(wordOfBytes(Buffer.from(id)))])];
  if (fields.some(([, value]) => Array.isArray(value) && value.some((item) => typeof item === 'object'))) {
    return { title, line: [`echo ${quoted(JSON.stringify(body))} |`, ...words, '-f -'].join(' ') };
  }
  const valueWord = (value: unknown): string => quoted(typeof value === 'string' ? value : JSON.stringify(value));
  const positional = spec.cli.positional.flatMap((field) =>
    fields.filter(([name]) => name === field).map(([, value]) => valueWord(value)),
  );
  const flags = fields
    .filter(([name]) => !spec.cli.positional.includes(name))
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((each) => [name, each] as const))
    .map(([name, value]) => (value === true ? `--${kebab(name)}` : `--${kebab(name)} ${valueWord(value)}`));
  return { title, line: [...words, ...positional, ...flags].join(' ') };
};
