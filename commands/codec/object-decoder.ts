import { type Decoder, refused } from '#commands/codec/decoder';

/** One property of an object, as the decoder reads it. */
export interface DecodedField {
  /** Of letters and digits (see `object`), so it can stand in source text as it is. */
  readonly name: string;
  readonly required: boolean;
  readonly decode: Decoder;
  /** For bytes: what reads `<name>Base64`. */
  readonly decodeBase64: Decoder | undefined;
}

/**
 * Source text made into a function: the engine then sees named properties and one object literal instead of
 * computed keys in a loop, which is four times faster (docs/decisions/0002). Nothing of the input gets into the
 * text, and of the contract only property names.
 *
 * Reading and counting are two steps. An object has no unknown field exactly when it has as many fields as were
 * read, and `__proto__`, which is never the name of one, is then counted and not read.
 */
export const objectDecoder = (fields: readonly DecodedField[]): Decoder => {
  const firstOptional = fields.findIndex((field) => !field.required);
  const literal = firstOptional === -1 ? fields.length : firstOptional;
  const source = [
    ...fields.map(
      (_, at) => `const decode${at} = fields[${at}].decode, decodeBase64${at} = fields[${at}].decodeBase64;`,
    ),
    'return (u) => {',
    '  if (typeof u !== "object" || u === null || Array.isArray(u)) return refused;',
    '  let unread = 0;',
    '  for (const key in u) if (u[key] !== undefined) unread++;',
    ...fields.flatMap(readField),
    '  if (unread !== 0) return refused;',
    `  const value = { ${fields
      .slice(0, literal)
      .map((field, at) => `${field.name}: v${at}`)
      .join(', ')} };`,
    ...fields
      .slice(literal)
      .map(({ name }, at) => `  if (v${literal + at} !== undefined) value.${name} = v${literal + at};`),
    '  return value;',
    '};',
  ];
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- The one place; decision 0002 says why it is safe.
  const make = new Function('fields', 'refused', source.join('\n')) as (
    fields: readonly DecodedField[],
    refused: symbol,
  ) => Decoder;
  return make(fields, refused);
};

const readField = ({ name, required, decodeBase64 }: DecodedField, at: number): readonly string[] => {
  const decoded = (decode: string, input: string): string =>
    `{ v${at} = ${decode}${at}(${input}); if (v${at} === refused) return refused; unread--; }`;
  const read = [`  let v${at} = u.${name};`];
  if (decodeBase64 !== undefined) {
    read.push(
      `  const base64${at} = u.${name}Base64;`,
      `  if (base64${at} !== undefined) {`,
      `    if (v${at} !== undefined) return refused;`,
      `    ${decoded('decodeBase64', `base64${at}`)}`,
      '  } else',
    );
  }
  read.push(`  if (v${at} !== undefined) ${decoded('decode', `v${at}`)}`);
  if (required) read.push('  else return refused;');
  return read;
};
