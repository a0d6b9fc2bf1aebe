import { createReadStream } from 'node:fs';
import { usage } from '#gateways/cli/failure';
import { isObject } from '#gateways/cli/json';
import type { Terminal } from '#gateways/cli/terminal';

/** Lines of a file that go into one request. */
export interface Batch {
  readonly documents: readonly unknown[];
  readonly firstLine: number;
  readonly lastLine: number;
}

/** As many as one position takes, and well below the size of a request. */
const MOST_DOCUMENTS = 1_000;
const MOST_CHARACTERS = 1_000_000;

/** The documents of a file with one on each line, in parts that one request can hold; `-` reads standard input. */
export async function* documentBatches(terminal: Terminal, file: string): AsyncGenerator<Batch> {
  let documents: unknown[] = [];
  let characters = 0;
  let firstLine = 1;
  let number = 0;
  for await (const line of linesOf(file === '-' ? terminal.stdin : createReadStream(file))) {
    number++;
    if (line.trim() === '') continue;
    if (documents.length >= MOST_DOCUMENTS || (documents.length > 0 && characters + line.length > MOST_CHARACTERS)) {
      yield { documents, firstLine, lastLine: number - 1 };
      documents = [];
      characters = 0;
    }
    if (documents.length === 0) firstLine = number;
    documents.push(documentOf(file, number, line));
    characters += line.length;
  }
  if (documents.length > 0) yield { documents, firstLine, lastLine: number };
}

/** Node's own reader of lines does not hand on that a file cannot be read. */
async function* linesOf(source: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    const parts = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  yield rest;
}

const documentOf = (file: string, line: number, text: string): unknown => {
  const expected = `${file}, line ${line}: expected JSON such as {"key": "ada", "document": {"name": "Ada"}}.`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw usage(expected);
  }
  if (!isObject(value)) throw usage(expected);
  return value;
};
