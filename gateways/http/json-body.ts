import { isUtf8 } from 'node:buffer';
import { left, right, type Either } from 'fp-ts/lib/Either';
import { digits } from '#commands/codec/expectation';
import type { Problem } from '#commands/codec/problem';

/** The contract nests about ten levels, and a JSON document in it 64. */
const maxDepth = 100;

/**
 * Reads the body of a request; one of no bytes is `undefined`. Beyond what `JSON.parse` refuses, it refuses bytes that
 * are not UTF-8, which would be replaced silently, and a field that is written twice, of which the last would win
 * silently (RFC 7493 2.3).
 */
export const jsonBody = (bytes: Buffer): Either<readonly Problem[], unknown> => {
  if (bytes.length === 0) return right(undefined);
  if (!isUtf8(bytes)) return refuse('JSON in UTF-8', 'bytes that are not UTF-8');
  const text = bytes.toString('utf8');
  const outline = outlineOf(text);
  if (outline.depth > maxDepth) return refuse(`JSON of at most ${maxDepth} levels`, 'deeper nesting');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse('JSON', place(error instanceof Error ? error.message : '', text));
  }
  if (outline.fields === fieldsOf(value)) return right(value);
  return refuse('each field once', `the field ${JSON.stringify(repeatedField(text).slice(0, 64))} more than once`);
};

const refuse = (expected: string, got: string): Either<readonly Problem[], never> =>
  left([{ path: '', expected, got }]);

/** Where V8 stopped reading, without quoting what it read. */
const place = (message: string, text: string): string => {
  const at = /at position (\d+)/.exec(message);
  if (at !== null) return `something else at character ${digits(Number(at[1]) + 1)}`;
  return message.includes('end of JSON') ? `an end after character ${digits(text.length)}` : 'something else';
};

/** How deep a text nests, and how many fields it writes, found without reading the insides of strings. */
const outlineOf = (text: string): { readonly depth: number; readonly fields: number } => {
  let depth = 0;
  let deepest = 0;
  let fields = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x3a: // :
        fields++;
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > deepest) deepest = depth;
        if (deepest > maxDepth) return { depth: deepest, fields };
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
    }
  }
  return { depth: deepest, fields };
};

/** The closing quote of the string that opens at `at`; the end of the text if there is none. */
const endOfString = (text: string, at: number): number => {
  for (let end = text.indexOf('"', at + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === 0x5c) first--;
    // An even number of backslashes escape each other.
    if ((end - first) % 2 === 0) return end;
  }
  return text.length;
};

const fieldsOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += fieldsOf(item);
    return count;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  for (const key in fields) {
    count++;
    const field = fields[key];
    if (typeof field === 'object') count += fieldsOf(field);
  }
  return count;
};

/** The first field of well-formed JSON that its object has already; found slowly. */
const repeatedField = (text: string): string => {
  const open: (Set<string> | undefined)[] = [];
  let string = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      const end = endOfString(text, at);
      string = JSON.parse(text.slice(at, end + 1)) as string; // Well-formed, so a string.
      at = end;
    } else if (char === '{') open.push(new Set());
    else if (char === '[') open.push(undefined);
    else if (char === '}' || char === ']') open.pop();
    else if (char === ':') {
      const names = open.at(-1);
      if (names?.has(string) === true) return string;
      names?.add(string);
    }
  }
  return '';
};
