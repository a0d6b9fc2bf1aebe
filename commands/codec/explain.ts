import { bytesFromBase64, bytesFromText } from '#commands/codec/bytes';
import type { BytesShape, JsonShape, MapShape, ObjectShape, OneOfShape, Props, Shape } from '#commands/codec/codec';
import { compile, isRecord } from '#commands/codec/compile';
import { refused } from '#commands/codec/decoder';
import { isPlain, isPrototypeName } from '#commands/codec/document';
import { below, digits, expectation, sight } from '#commands/codec/expectation';
import type { Problem } from '#commands/codec/problem';
import { didYouMean } from '#commands/codec/suggest';

/** More would not be read, and an input of a million wrong fields must not cost a million answers. */
const problemLimit = 20;

interface Report {
  readonly found: Problem[];
}

const full = (report: Report): boolean => report.found.length >= problemLimit;

/** Everything that is wrong with an input, found slowly. Empty exactly when the compiled decoder accepts it. */
export const explain = (shape: Shape, input: unknown): readonly Problem[] => {
  const report: Report = { found: [] };
  look(shape, input, '', report);
  return report.found;
};

const look = (shape: Shape, input: unknown, path: string, report: Report): void => {
  if (full(report)) return;
  switch (shape.kind) {
    case 'text':
    case 'integer':
    case 'boolean':
    case 'choice':
    case 'time':
      if (compile(shape)(input) === refused)
        tell(report, path, expectation(shape), sight(input), scalarHint(shape, input));
      return;
    case 'list': {
      if (!Array.isArray(input) || input.length < shape.minItems || input.length > shape.maxItems) {
        return tell(report, path, expectation(shape), sight(input));
      }
      for (let at = 0; at < input.length && !full(report); at++)
        look(shape.item.shape, input[at], below(path, at), report);
      return;
    }
    case 'map':
      return lookAtMap(shape, input, path, report);
    case 'object':
      return lookAtObject(shape, input, path, report);
    case 'oneOf':
      return lookAtOneOf(shape, input, path, report);
    case 'bytes':
      return lookAtBareBytes(shape, input, path, report);
    case 'json':
      return lookAtDocument(shape, input, path, report);
  }
};

const tell = (report: Report, path: string, expected: string, got: string, hint?: string): void => {
  if (full(report)) return;
  report.found.push(hint === undefined ? { path, expected, got } : { path, expected, got, hint });
};

const scalarHint = (shape: Shape, input: unknown): string | undefined => {
  if (input === null) return 'leave a field out instead of writing null';
  if (typeof input === 'string') {
    if (shape.kind === 'choice') return didYouMean(input, shape.values);
    const bare =
      shape.kind === 'integer' ? /^-?[0-9]{1,16}$/ : shape.kind === 'boolean' ? /^(?:true|false)$/ : undefined;
    return bare?.test(input) === true ? 'write it without quotes' : undefined;
  }
  return shape.kind === 'text' && typeof input === 'number' ? 'write it in quotes' : undefined;
};

const lookAtObject = (shape: ObjectShape, input: unknown, path: string, report: Report): void => {
  if (!isRecord(input)) return tell(report, path, expectation(shape), sight(input));
  for (const [name, codec] of Object.entries(shape.props)) {
    const value = input[name];
    const base64 = codec.shape.kind === 'bytes' ? input[`${name}Base64`] : undefined;
    if (value === undefined && base64 === undefined) {
      if (!shape.optional.includes(name))
        tell(report, below(path, name), fieldExpectation(name, codec.shape), 'nothing');
    } else if (codec.shape.kind === 'bytes') {
      lookAtBytesField(codec.shape, name, value, base64, path, report);
    } else {
      look(codec.shape, value, below(path, name), report);
    }
  }
  for (const key of Object.keys(input)) {
    if (full(report)) return;
    if (input[key] !== undefined && !isField(shape.props, key)) tellUnknown(report, shape.props, key, path);
  }
};

const isField = (props: Props, key: string): boolean => {
  if (Object.hasOwn(props, key)) return true;
  const name = key.slice(0, -6);
  return key.endsWith('Base64') && Object.hasOwn(props, name) && props[name]?.shape.kind === 'bytes';
};

const fieldNames = (props: Props): readonly string[] =>
  Object.entries(props).flatMap(([name, { shape }]) => (shape.kind === 'bytes' ? [name, `${name}Base64`] : [name]));

const tellUnknown = (report: Report, props: Props, key: string, path: string): void => {
  const names = fieldNames(props);
  const expected = names.length === 0 ? 'no fields here' : `a field of ${names.join(', ')}`;
  tell(report, below(path, key), expected, 'an unknown field', didYouMean(key, names));
};

const fieldExpectation = (name: string, shape: Shape): string =>
  shape.kind === 'bytes' ? `${expectation(shape)}, as text or as base64 in ${name}Base64` : expectation(shape);

const lookAtBytesField = (
  shape: BytesShape,
  name: string,
  value: unknown,
  base64: unknown,
  path: string,
  report: Report,
): void => {
  if (value !== undefined && base64 !== undefined) {
    tell(report, below(path, name), `either ${name} or ${name}Base64`, 'both');
  } else if (base64 === undefined) {
    lookAtText(shape, value, below(path, name), report, `write bytes that are not text as ${name}Base64`);
  } else {
    lookAtBase64(shape, base64, below(path, `${name}Base64`), report);
  }
};

const lookAtText = (shape: BytesShape, input: unknown, path: string, report: Report, otherForm: string): void => {
  if (bytesFromText(shape, input) !== undefined) return;
  const length = typeof input === 'string' && input.isWellFormed() ? Buffer.byteLength(input) : undefined;
  const got = length === undefined ? sight(input) : `${digits(length)} bytes of text`;
  tell(report, path, `${expectation(shape)}, as text`, got, length === undefined ? otherForm : undefined);
};

const lookAtBase64 = (shape: BytesShape, input: unknown, path: string, report: Report): void => {
  if (bytesFromBase64(shape, input) !== undefined) return;
  const length = typeof input === 'string' ? base64Bytes(input) : undefined;
  const got = length === undefined ? sight(input) : `${digits(length)} bytes`;
  const hint =
    length === undefined ? 'the alphabet is A-Z a-z 0-9 + / and = fills up to a multiple of four' : undefined;
  tell(report, path, `${expectation(shape)}, as base64`, got, hint);
};

const base64Bytes = (input: string): number | undefined => {
  const raw = Buffer.from(input, 'base64');
  return raw.toString('base64') === input ? raw.length : undefined;
};

const lookAtBareBytes = (shape: BytesShape, input: unknown, path: string, report: Report): void => {
  const keys = isRecord(input) ? Object.keys(input) : [];
  const [only] = keys;
  if (!isRecord(input) || keys.length !== 1 || (only !== 'text' && only !== 'base64')) {
    const hint = typeof input === 'string' ? 'write { "text": … }' : undefined;
    return tell(report, path, `${expectation(shape)}, as { "text": … } or { "base64": … }`, sight(input), hint);
  }
  if (only === 'text')
    lookAtText(shape, input['text'], below(path, 'text'), report, 'write other bytes as { "base64": … }');
  else lookAtBase64(shape, input['base64'], below(path, 'base64'), report);
};

const lookAtOneOf = (shape: OneOfShape, input: unknown, path: string, report: Report): void => {
  const keys = isRecord(input) ? Object.keys(input) : [];
  const [only] = keys;
  if (!isRecord(input) || only === undefined) return tell(report, path, expectation(shape), sight(input));
  if (keys.length > 1) {
    const unknown = keys.find((key) => !isField(shape.props, key));
    if (unknown !== undefined) return tellUnknown(report, shape.props, unknown, path);
    return tell(report, path, expectation(shape), `${digits(keys.length)} of them`);
  }
  if (!isField(shape.props, only)) return tellUnknown(report, shape.props, only, path);
  const name = Object.hasOwn(shape.props, only) ? only : only.slice(0, -6);
  const of = shape.props[name]?.shape;
  if (of === undefined) return;
  if (of.kind !== 'bytes') look(of, input[only], below(path, only), report);
  else if (only === name) lookAtText(of, input[only], below(path, only), report, `write other bytes as ${name}Base64`);
  else lookAtBase64(of, input[only], below(path, only), report);
};

const lookAtMap = (shape: MapShape, input: unknown, path: string, report: Report): void => {
  if (!isRecord(input)) return tell(report, path, expectation(shape), sight(input));
  const keys = Object.keys(input);
  if (keys.length > shape.maxEntries) return tell(report, path, expectation(shape), `${digits(keys.length)} entries`);
  for (const key of keys) {
    if (full(report)) return;
    if (isPrototypeName(key))
      tell(report, below(path, key), 'another key', 'a key that reaches the prototype of objects');
    else if (compile(shape.key.shape)(key) === refused) {
      tell(report, below(path, key), `a key that is ${expectation(shape.key.shape)}`, sight(key));
    } else look(shape.value.shape, input[key], below(path, key), report);
  }
};

const lookAtDocument = (shape: JsonShape, input: unknown, path: string, report: Report): void => {
  if (compile(shape)(input) !== refused) return;
  const before = report.found.length;
  lookInside(input, path, shape.maxDepth, report);
  if (report.found.length > before) return;
  tell(report, path, expectation(shape), `${digits(Buffer.byteLength(JSON.stringify(input)))} bytes`);
};

const lookInside = (input: unknown, path: string, depthLeft: number, report: Report): void => {
  if (full(report) || input === null || typeof input === 'boolean') return;
  if (typeof input === 'string' && input.isWellFormed()) return;
  if (typeof input === 'number' && Number.isFinite(input)) return;
  if (typeof input !== 'object') return tell(report, path, 'JSON', sight(input));
  if (depthLeft === 0) return tell(report, path, 'less nesting of the document', 'more than its maximum depth');
  if (Array.isArray(input)) {
    for (let at = 0; at < input.length && !full(report); at++)
      lookInside(input[at], below(path, at), depthLeft - 1, report);
    return;
  }
  if (!isPlain(input)) return tell(report, path, 'JSON', 'an object of a class');
  for (const key of Object.keys(input)) {
    if (full(report)) return;
    if (isPrototypeName(key))
      tell(report, below(path, key), 'another key', 'a key that reaches the prototype of objects');
    else if (!key.isWellFormed()) tell(report, below(path, key), 'a key of valid Unicode', sight(key));
    else lookInside(input[key], below(path, key), depthLeft - 1, report);
  }
};
