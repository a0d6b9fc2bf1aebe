import type { AnyCodec, Props, Shape } from '#commands/codec/codec';
import { digits, expectation } from '#commands/codec/expectation';

/** One line of a reference page: a field, however deep. */
export interface FieldLine {
  /** As in `compare[].key`; `<key>` stands for the keys of a map. */
  readonly path: string;
  readonly type: string;
  readonly presence: 'required' | 'optional' | 'one of';
  readonly summary: string;
}

/** All fields of a shape, a parent before its children, in the order of the contract. */
const fieldLines = (shape: Shape, path = ''): readonly FieldLine[] => {
  switch (shape.kind) {
    case 'object': {
      const { props, optional } = shape;
      return propLines(props, path, (name) => (optional.includes(name) ? 'optional' : 'required'));
    }
    case 'oneOf':
      return propLines(shape.props, path, () => 'one of');
    case 'list':
      return fieldLines(shape.item.shape, `${path}[]`);
    case 'map':
      return fieldLines(shape.value.shape, path === '' ? '<key>' : `${path}.<key>`);
    case 'text':
    case 'integer':
    case 'boolean':
    case 'choice':
    case 'bytes':
    case 'time':
    case 'json':
      return [];
  }
};

/** A Markdown table of the fields, or a sentence if there are none. */
export const describe = (codec: AnyCodec): string => {
  const lines = fieldLines(codec.shape);
  if (lines.length === 0) return 'No fields.\n';
  const rows = lines.map((line) => [`\`${line.path}\``, cell(line.type), line.presence, cell(line.summary)]);
  return [['field', 'type', 'presence', 'meaning'], ['---', '---', '---', '---'], ...rows]
    .map((row) => `| ${row.join(' | ')} |\n`)
    .join('');
};

const propLines = (
  props: Props,
  path: string,
  presence: (name: string) => FieldLine['presence'],
): readonly FieldLine[] =>
  Object.entries(props).flatMap(([name, { shape }]) => {
    const here = path === '' ? name : `${path}.${name}`;
    const line = { path: here, type: typeName(name, shape), presence: presence(name), summary: shape.summary };
    return [line, ...fieldLines(shape, here)];
  });

const typeName = (name: string, shape: Shape): string => {
  switch (shape.kind) {
    case 'text':
      return shape.pattern === undefined
        ? `text, at most ${digits(shape.maxLength)} characters`
        : `text \`${shape.pattern}\``;
    case 'choice':
      return shape.values.map((value) => `\`${value}\``).join(', ');
    case 'bytes':
      return `${withoutName(shape.name, expectation(shape))}; text, or base64 as \`${name}Base64\``;
    case 'time':
      return 'RFC 3339 time';
    case 'integer':
    case 'boolean':
    case 'json':
      return withoutName(shape.name, expectation(shape));
    case 'list':
    case 'map':
    case 'object':
    case 'oneOf':
      return expectation(shape);
  }
};

const withoutName = (name: string, sentence: string): string => sentence.slice(`${name}: `.length);

/** A pipe would end the cell, also inside code. */
const cell = (content: string): string => content.replaceAll('|', '\\|').replaceAll('\n', ' ');
